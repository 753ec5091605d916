//! Checked resolver of one server for an HTTP client: every new connection goes to permitted
//! addresses only.

use super::{Policy, Purpose, Refused, Resolved};
use eaf_core::id::TenantId;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Route to one server: a resolver for `reqwest::ClientBuilder::dns_resolver`, with redirects and
/// proxies switched off. Cheap to clone.
#[derive(Clone)]
pub struct Route {
    policy: Arc<Policy>,
    purpose: &'static Purpose,
    tenant: TenantId,
    host: String,
    port: u16,
    named: Arc<AtomicBool>,
    pinned: Arc<Mutex<Option<SocketAddr>>>,
}

/// Guard that limits a route's new connections to one address until it is dropped.
pub struct Pin(Arc<Mutex<Option<SocketAddr>>>);

impl Drop for Pin {
    fn drop(&mut self) {
        *locked(&self.0) = None;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the address has no host or no port")]
    Incomplete,
}

impl Route {
    pub fn new(
        policy: Arc<Policy>,
        purpose: &'static Purpose,
        tenant: TenantId,
        url: &reqwest::Url,
    ) -> Result<Self, Error> {
        let host = url.host_str().ok_or(Error::Incomplete)?.to_owned();
        let port = url.port_or_known_default().ok_or(Error::Incomplete)?;
        Ok(Route { policy, purpose, tenant, host, port, named: Arc::default(), pinned: Arc::default() })
    }

    pub async fn resolve(&self) -> Result<Resolved, Refused> {
        let resolved = self.policy.resolve(self.purpose, self.tenant, &self.host, self.port).await;
        self.named.store(resolved.as_ref().is_ok_and(|resolved| resolved.named), Ordering::Relaxed);
        resolved
    }

    /// Limits new connections to one address until the result is dropped, so that a host name that
    /// resolves to another address meanwhile has no effect. The caller has checked `address` with
    /// the policy.
    pub fn pin(&self, address: SocketAddr) -> Pin {
        *locked(&self.pinned) = Some(address);
        Pin(self.pinned.clone())
    }

    /// Whether the last look-up found a rule for exactly this server.
    pub fn is_named(&self) -> bool {
        self.named.load(Ordering::Relaxed)
    }

    /// Checks a host that is an IP address, since HTTP clients call no resolver for an IP address.
    pub async fn check_literal(&self) -> Result<(), Refused> {
        match self.host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
            Ok(_) => self.resolve().await.map(drop),
            Err(_) => Ok(()),
        }
    }
}

fn locked(pinned: &Mutex<Option<SocketAddr>>) -> MutexGuard<'_, Option<SocketAddr>> {
    pinned.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Resolve for Route {
    fn resolve(&self, name: Name) -> Resolving {
        let route = self.clone();
        Box::pin(async move {
            // Only a redirect can lead to another host than the route's.
            if !name.as_str().eq_ignore_ascii_case(&route.host) {
                let (purpose, host) = (route.purpose.name, name.as_str().to_owned());
                return Err(Refused::NotListed { purpose, host, port: route.port }.into());
            }
            let resolved = Route::resolve(&route).await?;
            if let Some(pinned) = *locked(&route.pinned) {
                // The answer is empty if the host name no longer resolves to the pinned address.
                let still = resolved.addresses.into_iter().filter(|address| *address == pinned);
                return Ok(Box::new(still.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            Ok(Box::new(resolved.addresses.into_iter()) as Addrs)
        })
    }
}

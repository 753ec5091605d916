//! Resolver for an HTTP client that connects to one server of a tenant. It returns only addresses
//! that the egress policy permits, for every new connection.

use super::{Policy, Purpose, Refused, Resolved};
use eaf_core::id::TenantId;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Route of an HTTP client to one server: a resolver for `reqwest::ClientBuilder::dns_resolver`.
/// The client must not follow redirects or use proxies. Clones share their state.
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

/// Limits the new connections of a route to one address until the `Pin` is dropped.
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

    /// Limits new connections to `address` until the result is dropped, so that they go to the same
    /// server even if the host name resolves to another address meanwhile. The caller has checked
    /// `address` with the egress policy.
    pub fn pin(&self, address: SocketAddr) -> Pin {
        *locked(&self.pinned) = Some(address);
        Pin(self.pinned.clone())
    }

    /// Whether the last resolution found a rule of the egress policy that names exactly this
    /// server.
    pub fn is_named(&self) -> bool {
        self.named.load(Ordering::Relaxed)
    }

    /// Checks the host with the egress policy if it is an IP address, because HTTP clients call no
    /// resolver for an IP address.
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
            // The client asks for another host than the route's only because of a redirect.
            if !name.as_str().eq_ignore_ascii_case(&route.host) {
                let (purpose, host) = (route.purpose.name, name.as_str().to_owned());
                return Err(Refused::NotListed { purpose, host, port: route.port }.into());
            }
            let resolved = Route::resolve(&route).await?;
            if let Some(pinned) = *locked(&route.pinned) {
                // If the host name no longer resolves to the pinned address, the result is empty
                // and the connection fails.
                let still = resolved.addresses.into_iter().filter(|address| *address == pinned);
                return Ok(Box::new(still.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            Ok(Box::new(resolved.addresses.into_iter()) as Addrs)
        })
    }
}

//! The egress policy: which addresses the host connects to on behalf of a tenant.
//!
//! A tenant admin names servers, and the host that connects to them stands where its own database and the neighbours'
//! vCenters stand. The policy is the deployment's, so that no tenant aims the host at what is not theirs.
//!
//! A name is looked up here and the connection is made to the addresses that were checked, so that a name server that
//! answers differently the second time changes nothing.
//!
//! | file | what |
//! |---|---|
//! | `rule.rs` | one line of the deployment's list |
//! | `guarded.rs` | networks that are refused unless a rule names them |
//! | `own.rs` | services and addresses of this host, which are refused in the same way |
//! | `route.rs` | a checked way to one server, for HTTP clients too |
//!
//! To connect to what a tenant named: 1. a [`Purpose`] with `inventory::submit!`; 2. [`Policy::resolve`] with the host
//! and port; 3. a connection to the answer's addresses and to nothing else, with the name kept for TLS. An HTTP client
//! takes a [`Route`] as its resolver and calls [`Route::check_literal`] before each request.

mod guarded;
mod own_services;
mod route;
mod rule;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use own_services::Service;
pub use route::Route;
pub use rule::{Invalid, Rule};

use async_trait::async_trait;
use eaf_core::id::TenantId;
use guarded::Guard;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A name has a few addresses; a longer answer is somebody's attempt to be asked much.
const MOST_ADDRESSES: usize = 16;
const LOOKUP: Duration = Duration::from_secs(5);

/// What connections are made for.
pub struct Purpose {
    /// Such as `vsphere`; the first word of a rule.
    pub name: &'static str,
    /// Where such servers usually listen: what a rule without a port means, and all that is allowed without rules.
    pub ports: &'static [u16],
}

inventory::collect!(&'static Purpose);

/// All purposes, by name.
pub fn purposes() -> Vec<&'static Purpose> {
    let mut purposes: Vec<_> = inventory::iter::<&'static Purpose>.into_iter().copied().collect();
    purposes.sort_by_key(|purpose| purpose.name);
    purposes
}

/// Why there is no connection. For the operator's log: the tenant is told none of it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("no rule of the egress policy lists {host}:{port} for {purpose} of this tenant")]
    NotListed { purpose: &'static str, host: String, port: u16 },
    #[error("port {port} is none of the usual ones of {purpose}, and no rule of the egress policy names another")]
    Port { purpose: &'static str, port: u16 },
    #[error("{address} ({what}) is refused by the egress policy unless a rule names it")]
    Guarded { address: SocketAddr, what: String },
    #[error("the name {host:?} could not be looked up")]
    Lookup {
        host: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("the name {0:?} has no address")]
    NoAddress(String),
    #[error("the name {0:?} was not looked up in time")]
    LookupTooSlow(String),
    #[error(
        "where the installation's {what} is ({host}) could not be looked up, so that it cannot be told from others"
    )]
    OwnUnknown { what: &'static str, host: String },
    #[error("the addresses of this machine could not be read")]
    Interfaces(#[source] std::io::Error),
}

/// Addresses that were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Never empty.
    pub addresses: Vec<SocketAddr>,
    /// The operator listed this very server, by its name or single address, so that its admin may be told what is wrong
    /// with it. What a wide rule or no rule lets pass could be anybody's.
    pub named: bool,
}

/// Name service. A seam, so that the policy is tested with names that change their addresses.
#[async_trait]
pub trait Lookup: Send + Sync {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).take(MOST_ADDRESSES).collect())
    }
}

pub struct Policy {
    rules: Vec<Rule>,
    own: own_services::OwnServices,
    lookup: Arc<dyn Lookup>,
}

impl Policy {
    /// `own` are the services that the host itself uses or offers.
    pub fn new(rules: Vec<Rule>, own: Vec<Service>, lookup: Arc<dyn Lookup>) -> Self {
        Policy { rules, own: own_services::OwnServices::new(own), lookup }
    }

    /// The addresses of a server that a tenant named, if the host may connect to it on the tenant's behalf.
    pub async fn resolve(
        &self,
        purpose: &Purpose,
        tenant: TenantId,
        host: &str,
        port: u16,
    ) -> Result<Resolved, Refused> {
        let resolved = self.decide(purpose, tenant, host, port).await;
        if let Err(refused) = &resolved {
            let cause = refused as &dyn std::error::Error;
            tracing::warn!(%tenant, purpose = purpose.name, host = ?host, port, error = cause, "no way out for a tenant");
        }
        resolved
    }

    /// Whose connections may be shared: those of all tenants, or of this one alone, where rules tell tenants apart.
    pub fn shared_by(&self, purpose: &Purpose, tenant: TenantId) -> Option<TenantId> {
        self.of(purpose).any(|rule| rule.tenant.is_some()).then_some(tenant)
    }

    async fn decide(&self, purpose: &Purpose, tenant: TenantId, host: &str, port: u16) -> Result<Resolved, Refused> {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let listed = self.of(purpose).next().is_some();
        let rules: Vec<&Rule> = self.of(purpose).filter(|rule| rule.is_for(tenant, port, purpose)).collect();
        let not_listed = || Refused::NotListed { purpose: purpose.name, host: host.clone(), port };
        if listed && !rules.iter().any(|rule| rule.may_mean(&host)) {
            return Err(not_listed());
        }
        if !listed && !purpose.ports.contains(&port) {
            return Err(Refused::Port { purpose: purpose.name, port });
        }
        let (mut addresses, mut named, mut refused) = (Vec::new(), true, None);
        for address in self.look_up(&host).await? {
            let guards = self.guards(address, port).await?;
            let allowing = |rule: &&&Rule| match guards.as_slice() {
                [] => rule.means(&host, address),
                guards => rule.opens(address, guards),
            };
            let rule = rules.iter().find(allowing);
            match (rule, guards.first()) {
                (Some(rule), _) => named &= rule.is_of_one_server(),
                (None, None) if !listed => named = false,
                (None, Some(guard)) => {
                    let (address, what) = (SocketAddr::new(address, port), guard.what.clone());
                    refused = Some(Refused::Guarded { address, what });
                    continue;
                }
                (None, None) => continue,
            }
            addresses.push(SocketAddr::new(address, port));
        }
        match (addresses.is_empty(), refused) {
            (false, _) => Ok(Resolved { addresses, named }),
            (true, Some(refused)) => Err(refused),
            (true, None) => Err(not_listed()),
        }
    }

    fn of(&self, purpose: &Purpose) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.purpose == purpose.name)
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Refused> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address.to_canonical()]);
        }
        let found = tokio::time::timeout(LOOKUP, self.lookup.addresses(host)).await;
        let found = found.map_err(|_| Refused::LookupTooSlow(host.to_owned()))?;
        let found = found.map_err(|cause| Refused::Lookup { host: host.to_owned(), cause })?;
        if found.is_empty() {
            return Err(Refused::NoAddress(host.to_owned()));
        }
        Ok(found.into_iter().take(MOST_ADDRESSES).map(|address| address.to_canonical()).collect())
    }

    async fn guards(&self, address: IpAddr, port: u16) -> Result<Vec<Guard>, Refused> {
        let mut guards = guarded::of(address);
        guards.extend(self.own.guards(address, port, self.lookup.as_ref()).await?);
        Ok(guards)
    }
}

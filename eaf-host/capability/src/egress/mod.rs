//! Egress policy: decides to which addresses the host may connect on behalf of a tenant.
//!
//! A tenant admin names servers in connections, and the host's network reaches the host's own
//! database and the servers of other tenants. The policy, which the deployment sets, prevents that
//! a tenant reaches these systems through the host.
//!
//! The policy resolves a host name and returns the addresses that it has checked. The host connects
//! only to these addresses, so that a second resolution with another result (DNS rebinding) has no
//! effect.
//!
//! | file | content |
//! |---|---|
//! | `rule.rs` | one line of the deployment's list |
//! | `guarded.rs` | networks that are refused unless a rule names exactly them |
//! | `own_services.rs` | services and addresses of this host, which are guarded too |
//! | `route.rs` | checked resolver for HTTP clients |
//!
//! To connect to a server of a tenant:
//! 1. register a [`Purpose`] with `inventory::submit!`;
//! 2. call [`Policy::resolve`] with host and port;
//! 3. connect only to the addresses that it returns, and use the host name for TLS.
//!
//! An HTTP client uses a [`Route`] as its resolver and calls [`Route::check_literal`] before each
//! request.

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
pub use rule::{InvalidRule, Rule};

use async_trait::async_trait;
use eaf_core::id::TenantId;
use guarded::Guard;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of addresses that are used per host name. Further addresses are ignored, to limit
/// the work.
const ADDRESSES_MAX: usize = 16;
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Purpose for which the host connects to servers, such as mail. Each purpose has its own rules in
/// the egress policy and its own usual ports.
pub struct Purpose {
    /// Name of the purpose, which is the first word of its rules, such as `vsphere`.
    pub name: &'static str,
    /// Usual ports of servers for this purpose. A rule without a port permits these ports. If the
    /// purpose has no rule at all, only these ports are permitted.
    pub ports: &'static [u16],
}

inventory::collect!(&'static Purpose);

/// Lists the purposes of all linked capabilities, ordered by name.
pub fn purposes() -> Vec<&'static Purpose> {
    let mut purposes: Vec<_> = inventory::iter::<&'static Purpose>.into_iter().copied().collect();
    purposes.sort_by_key(|purpose| purpose.name);
    purposes
}

/// Reason why the egress policy refuses a server. It is logged for the operator; tenants must not
/// learn it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("no rule of the egress policy lists {host}:{port} for {purpose} of this tenant")]
    NotListed { purpose: &'static str, host: String, port: u16 },
    #[error("port {port} is not a usual port of {purpose}, and no rule of the egress policy lists it")]
    Port { purpose: &'static str, port: u16 },
    #[error("{address} ({what}) is guarded: the egress policy permits it only by a rule for exactly this address")]
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
    #[error("the address of the installation's {what} ({host}) is unknown, so that it cannot be guarded")]
    OwnUnknown { what: &'static str, host: String },
    #[error("the addresses of this machine could not be read")]
    Interfaces(#[source] std::io::Error),
}

/// Addresses of a server to which the egress policy permits a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Permitted addresses with the port; never empty.
    pub addresses: Vec<SocketAddr>,
    /// Whether a rule of the egress policy names exactly this server, by host name or single
    /// address. If so, the admin may see the cause of a failure. If only a wider rule permits the
    /// server, it may belong to others.
    pub named: bool,
}

/// Name service that resolves host names. It is a trait, so that tests can choose the addresses of
/// a host name.
#[async_trait]
pub trait Lookup: Send + Sync {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).take(ADDRESSES_MAX).collect())
    }
}

pub struct Policy {
    rules: Vec<Rule>,
    own: own_services::OwnServices,
    lookup: Arc<dyn Lookup>,
}

impl Policy {
    /// Creates an egress policy. `own` lists the services that the host uses or offers; their
    /// addresses are guarded.
    pub fn new(rules: Vec<Rule>, own: Vec<Service>, lookup: Arc<dyn Lookup>) -> Self {
        Policy { rules, own: own_services::OwnServices::new(own), lookup }
    }

    /// Resolves the host name of a server that a tenant named, and returns the addresses that the
    /// policy permits.
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
            tracing::warn!(%tenant, purpose = purpose.name, host = ?host, port, error = cause, "the egress policy refused a tenant's connection");
        }
        resolved
    }

    /// Tenant to which connections for this purpose belong: `tenant` if any rule of the purpose
    /// names a tenant. `None`: tenants may share connections, because no rule distinguishes
    /// tenants.
    pub fn shared_by(&self, purpose: &Purpose, tenant: TenantId) -> Option<TenantId> {
        self.of(purpose).any(|rule| rule.tenant.is_some()).then_some(tenant)
    }

    async fn decide(&self, purpose: &Purpose, tenant: TenantId, host: &str, port: u16) -> Result<Resolved, Refused> {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let listed = self.of(purpose).next().is_some();
        let rules: Vec<&Rule> = self.of(purpose).filter(|rule| rule.is_for(tenant, port, purpose)).collect();
        let not_listed = || Refused::NotListed { purpose: purpose.name, host: host.clone(), port };
        if listed && !rules.iter().any(|rule| rule.may_match(&host)) {
            return Err(not_listed());
        }
        if !listed && !purpose.ports.contains(&port) {
            return Err(Refused::Port { purpose: purpose.name, port });
        }
        let (mut addresses, mut named, mut refused) = (Vec::new(), true, None);
        for address in self.look_up(&host).await? {
            let guards = self.guards(address, port).await?;
            let allowing = |rule: &&&Rule| match guards.as_slice() {
                [] => rule.matches(&host, address),
                guards => rule.opens(address, guards),
            };
            let rule = rules.iter().find(allowing);
            match (rule, guards.first()) {
                (Some(rule), _) => named &= rule.names_one_server(),
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
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, self.lookup.addresses(host)).await;
        let found = found.map_err(|_| Refused::LookupTooSlow(host.to_owned()))?;
        let found = found.map_err(|cause| Refused::Lookup { host: host.to_owned(), cause })?;
        if found.is_empty() {
            return Err(Refused::NoAddress(host.to_owned()));
        }
        Ok(found.into_iter().take(ADDRESSES_MAX).map(|address| address.to_canonical()).collect())
    }

    async fn guards(&self, address: IpAddr, port: u16) -> Result<Vec<Guard>, Refused> {
        let mut guards = guarded::of(address);
        guards.extend(self.own.guards(address, port, self.lookup.as_ref()).await?);
        Ok(guards)
    }
}

//! Guarded addresses of the installation: those of its services, and those of the machine on which
//! the host runs. A tenant's connection reaches such an address only if a rule of the egress policy
//! names exactly this address.

use super::guarded::{Guard, embedded};
use super::{Lookup, Refused};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Service that the host uses or offers, such as the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Kind of the service, as the log names it, such as `database`.
    pub what: &'static str,
    /// Host name or IP address of the service.
    pub host: String,
    pub port: u16,
}

/// Services that the host uses or offers, with their addresses.
pub struct OwnServices {
    services: Vec<CachedService>,
}

/// Service of the installation with its last known addresses. These stay guarded while the name
/// service fails.
struct CachedService {
    service: Service,
    last: Mutex<LastLookup>,
}

#[derive(Default)]
struct LastLookup {
    addresses: Vec<IpAddr>,
    /// Time until which the last result of the name service is used; `None` before the first
    /// look-up.
    until: Option<Instant>,
}

/// Time for which the addresses of a service are used before its host name is resolved again.
const LOOKUP_TTL: Duration = Duration::from_secs(30);
/// Time after a failed resolution before the host name of a service is resolved again.
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// Time-out for resolving the host name of a service.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

impl OwnServices {
    pub fn new(services: Vec<Service>) -> Self {
        let cached = |service| CachedService { service, last: Mutex::default() };
        OwnServices { services: services.into_iter().map(cached).collect() }
    }

    /// Guards for an address of the installation. Each covers only `address` itself, so that only a
    /// rule for this single address permits it. Empty if the address does not belong to the
    /// installation.
    pub async fn guards(&self, address: IpAddr, port: u16, lookup: &dyn Lookup) -> Result<Vec<Guard>, Refused> {
        let embedded_address = embedded(address).map(IpAddr::V4);
        let matches = |own: &IpAddr| *own == address || Some(*own) == embedded_address;
        let guard = |what: String| Guard { network: IpNet::from(address), what };
        let mut guards = Vec::new();
        if addresses_of_this_machine()?.iter().any(matches) {
            guards.push(guard("an address of this machine".into()));
        }
        for own in self.services.iter().filter(|own| own.service.port == port) {
            if own.addresses(lookup).await?.iter().any(matches) {
                guards.push(guard(format!("the installation's {}", own.service.what)));
            }
        }
        Ok(guards)
    }
}

impl CachedService {
    /// Addresses of the service, from the cache or the name service. Fails while no address is
    /// known, because an unknown address cannot be guarded.
    async fn addresses(&self, lookup: &dyn Lookup) -> Result<Vec<IpAddr>, Refused> {
        let host = self.service.host.trim_matches(['[', ']']);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address.to_canonical()]);
        }
        if let Some(cached) = self.cached() {
            return cached;
        }
        let late = |_| Err(std::io::ErrorKind::TimedOut.into());
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, lookup.addresses(host)).await.unwrap_or_else(late);
        let mut last = self.last.lock().expect("no panic happens under this lock");
        let is_found = found.as_ref().is_ok_and(|found| !found.is_empty());
        last.until = Some(Instant::now() + if is_found { LOOKUP_TTL } else { RETRY_DELAY });
        match found {
            Ok(found) if !found.is_empty() => {
                last.addresses = found.into_iter().map(|address| address.to_canonical()).collect();
            }
            Ok(_) => {}
            Err(cause) => {
                tracing::warn!(
                    service = self.service.what,
                    host,
                    error = &cause as &dyn std::error::Error,
                    "the address of a service of the installation could not be looked up; its last known ones stay guarded"
                );
            }
        }
        self.known_addresses(&last)
    }

    /// Result of the last look-up from the cache; `None` if the host name must be resolved again.
    fn cached(&self) -> Option<Result<Vec<IpAddr>, Refused>> {
        let last = self.last.lock().expect("no panic happens under this lock");
        last.until.is_some_and(|until| until > Instant::now()).then(|| self.known_addresses(&last))
    }

    fn known_addresses(&self, last: &LastLookup) -> Result<Vec<IpAddr>, Refused> {
        if last.addresses.is_empty() {
            return Err(Refused::OwnUnknown { what: self.service.what, host: self.service.host.clone() });
        }
        Ok(last.addresses.clone())
    }
}

fn addresses_of_this_machine() -> Result<Vec<IpAddr>, Refused> {
    let interfaces = if_addrs::get_if_addrs().map_err(Refused::Interfaces)?;
    Ok(interfaces.into_iter().map(|interface| interface.ip().to_canonical()).collect())
}

//! Addresses of the installation: its services, and the addresses of the host's machine. A tenant's
//! connection reaches such an address only if the operator names exactly it in a rule.

use super::guarded::{Guard, embedded};
use super::{Lookup, Refused};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Service of the installation, such as the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Kind of service for the log, such as `database`.
    pub what: &'static str,
    /// Host name or IP address of the service.
    pub host: String,
    pub port: u16,
}

/// Services of the installation, with their addresses.
pub struct OwnServices {
    services: Vec<CachedService>,
}

/// Service with its last known addresses. They stay guarded while the name service fails.
struct CachedService {
    service: Service,
    last: Mutex<LastLookup>,
}

#[derive(Default)]
struct LastLookup {
    addresses: Vec<IpAddr>,
    /// Time of the next look-up; none before the first one.
    until: Option<Instant>,
}

/// Time after which a successful look-up is repeated.
const LOOKUP_TTL: Duration = Duration::from_secs(30);
/// Delay before a failed look-up is repeated.
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// Time-out of a look-up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

impl OwnServices {
    pub fn new(services: Vec<Service>) -> Self {
        let cached = |service| CachedService { service, last: Mutex::default() };
        OwnServices { services: services.into_iter().map(cached).collect() }
    }

    /// Guards for `address` alone, so that only a rule for this single address permits it; empty if
    /// the address is none of the installation.
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
    /// Looks up the addresses of the service. Fails while none are known, because an unknown
    /// address cannot be guarded.
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

    /// Cached result of the last look-up; none: a look-up is due.
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

//! What is the host's own: the services that it uses or offers, and every address of its machine. A tenant's connection
//! has no business there, unless the operator names it.

use super::guarded::{Guard, embedded};
use super::{Lookup, Refused};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A service of the installation, such as its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// For the log, such as `database`.
    pub what: &'static str,
    /// A name or an address.
    pub host: String,
    pub port: u16,
}

pub struct Own {
    services: Vec<Kept>,
}

/// A service with the addresses that it had last: a name service that fails just now must not open the way to it.
struct Kept {
    service: Service,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    addresses: Vec<IpAddr>,
    /// Until then they are not looked up again.
    until: Option<Instant>,
}

/// So long a look-up is good, and a failure is not repeated.
const FRESH: Duration = Duration::from_secs(30);
const FAILED: Duration = Duration::from_secs(5);
const LOOKUP: Duration = Duration::from_secs(2);

impl Own {
    pub fn new(services: Vec<Service>) -> Self {
        let kept = |service| Kept { service, last: Mutex::default() };
        Own { services: services.into_iter().map(kept).collect() }
    }

    /// Guards of exactly this address: only a rule that names it alone lies inside.
    pub async fn guards(&self, address: IpAddr, port: u16, lookup: &dyn Lookup) -> Result<Vec<Guard>, Refused> {
        let inside = embedded(address).map(IpAddr::V4);
        let meant = |own: &IpAddr| *own == address || Some(*own) == inside;
        let guard = |what: String| Guard { network: IpNet::from(address), what };
        let mut guards = Vec::new();
        if addresses_of_this_machine()?.iter().any(meant) {
            guards.push(guard("an address of this machine".into()));
        }
        for kept in self.services.iter().filter(|kept| kept.service.port == port) {
            if kept.addresses(lookup).await?.iter().any(meant) {
                guards.push(guard(format!("the installation's {}", kept.service.what)));
            }
        }
        Ok(guards)
    }
}

impl Kept {
    /// Fails while none is known: the way to a service must not be open until its name can be looked up.
    async fn addresses(&self, lookup: &dyn Lookup) -> Result<Vec<IpAddr>, Refused> {
        let host = self.service.host.trim_matches(['[', ']']);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address.to_canonical()]);
        }
        if let Some(known) = self.known() {
            return known;
        }
        let late = |_| Err(std::io::ErrorKind::TimedOut.into());
        let found = tokio::time::timeout(LOOKUP, lookup.addresses(host)).await.unwrap_or_else(late);
        let mut last = self.last.lock().expect("no panic happens under this lock");
        let is_found = found.as_ref().is_ok_and(|found| !found.is_empty());
        last.until = Some(Instant::now() + if is_found { FRESH } else { FAILED });
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
                    "an own service could not be looked up; its last known addresses are refused to tenants"
                );
            }
        }
        self.those(&last)
    }

    /// None: they are to be looked up.
    fn known(&self) -> Option<Result<Vec<IpAddr>, Refused>> {
        let last = self.last.lock().expect("no panic happens under this lock");
        last.until.is_some_and(|until| until > Instant::now()).then(|| self.those(&last))
    }

    fn those(&self, last: &Last) -> Result<Vec<IpAddr>, Refused> {
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

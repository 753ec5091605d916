//! Limits of the SMTP sessions that this host has open at once.
//!
//! A mail server may delay each step of a session for minutes, and each session occupies one of the
//! runs that the host executes at once. Without a limit, one tenant's slow server would stop the
//! runs of all tenants.

use eaf_core::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Maximum number of SMTP sessions of this host: half of the runs that the host executes at once.
const MAX_SESSIONS: usize = 8;
/// Number of SMTP sessions beyond [`MAX_SESSIONS`] for tenants that have no open session. They
/// prevent that slow servers of two tenants block all other tenants.
const EXTRA_SESSIONS: usize = 4;
const TENANT: usize = 4;
/// Maximum number of mail connections that are tested at once. Connection tests do not count as
/// sessions of mails.
const MAX_TESTS: usize = 8;

#[derive(Clone, Default)]
pub struct Limits {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    tenants: HashMap<TenantId, usize>,
    connections: HashMap<(TenantId, String), usize>,
    tests: HashSet<TenantId>,
}

/// Right to one SMTP session or connection test. Dropping the permit gives the right back.
pub struct Permit {
    open: Arc<Mutex<Open>>,
    tenant: TenantId,
    /// Name of the connection for which an SMTP session is open; `None` for a connection test.
    connection: Option<String>,
}

impl Limits {
    /// Permits an SMTP session; returns `None` if the limit of the host, the tenant or the
    /// connection is reached. `most` is the connection's limit.
    pub fn session(&self, tenant: TenantId, connection: &str, most: usize) -> Option<Permit> {
        let mut open = locked(&self.open);
        let key = (tenant, connection.to_owned());
        let of_tenant = open.tenants.get(&tenant).copied().unwrap_or_default();
        let of_connection = open.connections.get(&key).copied().unwrap_or_default();
        let places = if of_tenant == 0 { MAX_SESSIONS + EXTRA_SESSIONS } else { MAX_SESSIONS };
        if open.all >= places || of_tenant >= TENANT || of_connection >= most {
            return None;
        }
        open.all += 1;
        open.tenants.insert(tenant, of_tenant + 1);
        open.connections.insert(key, of_connection + 1);
        Some(Permit { open: self.open.clone(), tenant, connection: Some(connection.to_owned()) })
    }

    /// Whether [`MAX_SESSIONS`] or more sessions are open, so that mails of other tenants wait
    /// while a slow server occupies a session.
    pub fn is_crowded(&self) -> bool {
        locked(&self.open).all >= MAX_SESSIONS
    }

    /// Permits the test of a mail connection. Returns `None` while another connection of the tenant
    /// is tested, or while [`MAX_TESTS`] tests run.
    pub fn test(&self, tenant: TenantId) -> Option<Permit> {
        let mut open = locked(&self.open);
        if open.tests.len() >= MAX_TESTS || !open.tests.insert(tenant) {
            return None;
        }
        Some(Permit { open: self.open.clone(), tenant, connection: None })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = locked(&self.open);
        let Some(connection) = self.connection.take() else {
            open.tests.remove(&self.tenant);
            return;
        };
        open.all -= 1;
        decrement(&mut open.tenants, self.tenant);
        decrement(&mut open.connections, (self.tenant, connection));
    }
}

fn decrement<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    match counts.get_mut(&key) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(counts.remove(&key)),
    }
}

fn locked(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tenant_or_connection_exceeds_its_share() {
        let limits = Limits::default();
        let (acme, globex) = (TenantId::derive("acme"), TenantId::derive("globex"));
        let first = limits.session(acme, "main", 1).unwrap();
        assert!(limits.session(acme, "main", 1).is_none(), "one for this connection");
        let others: Vec<_> = (0..TENANT).filter_map(|n| limits.session(acme, &format!("c{n}"), 9)).collect();
        assert_eq!(others.len(), TENANT - 1);
        assert!(limits.test(acme).is_some(), "a test takes no place from mails");
        let theirs = limits.session(globex, "main", 1).unwrap();
        drop((first, others, theirs));
        let test = limits.test(acme).unwrap();
        assert!(limits.test(acme).is_none() && limits.test(globex).is_some(), "one test in each tenant");
        drop(test);
        assert!(
            locked(&limits.open).connections.is_empty() && locked(&limits.open).all == 0,
            "ended sessions leave nothing in memory"
        );
    }

    #[test]
    fn a_host_reserves_places_for_other_work() {
        let limits = Limits::default();
        let tenants = (0..100).map(|n| TenantId::derive(&format!("t{n}")));
        let open: Vec<_> = tenants.filter_map(|tenant| limits.session(tenant, "main", 2)).collect();
        assert_eq!(open.len(), MAX_SESSIONS + EXTRA_SESSIONS);
    }

    #[test]
    fn two_tenants_with_slow_servers_do_not_block_the_others() {
        let limits = Limits::default();
        let tenant = |name: &str| TenantId::derive(name);
        let slow = ["acme", "globex"].into_iter().flat_map(|name| (0..9).map(move |_| name));
        let slow: Vec<_> = slow.filter_map(|name| limits.session(tenant(name), "main", 9)).collect();
        assert_eq!(slow.len(), MAX_SESSIONS);
        assert!(limits.is_crowded(), "and no step is waited for as long as usual");
        let first = limits.session(tenant("initech"), "main", 9);
        assert!(first.is_some() && limits.session(tenant("initech"), "main", 9).is_none());
    }
}

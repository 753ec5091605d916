//! How many conversations with mail servers this host holds at once.
//!
//! A server may let each step wait for minutes, and every conversation keeps one of the places in
//! which runs are worked on: without a limit a slow server of one tenant would stop all work.

use eaf_core::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Half of the runs that are executed at one time.
const HOST: usize = 8;
/// Beyond them, each for a tenant that has none: slow servers of two tenants do not stop the others' mails.
const FIRST: usize = 4;
const TENANT: usize = 4;
/// Tests take no place from mails that are due.
const TESTS: usize = 8;

#[derive(Clone, Default)]
pub struct Limits {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    tenants: HashMap<TenantId, usize>,
    lines: HashMap<(TenantId, String), usize>,
    tests: HashSet<TenantId>,
}

/// Ends when dropped.
pub struct Permit {
    open: Arc<Mutex<Open>>,
    tenant: TenantId,
    /// None: a test.
    line: Option<String>,
}

impl Limits {
    /// None: there are as many as there may be, of the host, the tenant or the connection.
    pub fn conversation(&self, tenant: TenantId, connection: &str, most: usize) -> Option<Permit> {
        let mut open = locked(&self.open);
        let line = (tenant, connection.to_owned());
        let of_tenant = open.tenants.get(&tenant).copied().unwrap_or_default();
        let of_line = open.lines.get(&line).copied().unwrap_or_default();
        let places = if of_tenant == 0 { HOST + FIRST } else { HOST };
        if open.all >= places || of_tenant >= TENANT || of_line >= most {
            return None;
        }
        open.all += 1;
        open.tenants.insert(tenant, of_tenant + 1);
        open.lines.insert(line, of_line + 1);
        Some(Permit { open: self.open.clone(), tenant, line: Some(connection.to_owned()) })
    }

    /// Are so many open that a slow server keeps others waiting?
    pub fn is_crowded(&self) -> bool {
        locked(&self.open).all >= HOST
    }

    /// One at a time in each tenant.
    pub fn test(&self, tenant: TenantId) -> Option<Permit> {
        let mut open = locked(&self.open);
        if open.tests.len() >= TESTS || !open.tests.insert(tenant) {
            return None;
        }
        Some(Permit { open: self.open.clone(), tenant, line: None })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = locked(&self.open);
        let Some(line) = self.line.take() else {
            open.tests.remove(&self.tenant);
            return;
        };
        open.all -= 1;
        less(&mut open.tenants, self.tenant);
        less(&mut open.lines, (self.tenant, line));
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
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
    fn no_tenant_and_no_connection_takes_more_than_its_part() {
        let limits = Limits::default();
        let (acme, globex) = (TenantId::derive("acme"), TenantId::derive("globex"));
        let first = limits.conversation(acme, "main", 1).unwrap();
        assert!(limits.conversation(acme, "main", 1).is_none(), "one for this connection");
        let others: Vec<_> = (0..TENANT).filter_map(|n| limits.conversation(acme, &format!("c{n}"), 9)).collect();
        assert_eq!(others.len(), TENANT - 1);
        assert!(limits.test(acme).is_some(), "a test takes no place from mails");
        let theirs = limits.conversation(globex, "main", 1).unwrap();
        drop((first, others, theirs));
        let test = limits.test(acme).unwrap();
        assert!(limits.test(acme).is_none() && limits.test(globex).is_some(), "one test in each tenant");
        drop(test);
        assert!(
            locked(&limits.open).lines.is_empty() && locked(&limits.open).all == 0,
            "nothing is kept of what is over"
        );
    }

    #[test]
    fn a_host_keeps_places_for_other_work() {
        let limits = Limits::default();
        let tenants = (0..100).map(|n| TenantId::derive(&format!("t{n}")));
        let open: Vec<_> = tenants.filter_map(|tenant| limits.conversation(tenant, "main", 2)).collect();
        assert_eq!(open.len(), HOST + FIRST);
    }

    #[test]
    fn two_tenants_with_slow_servers_leave_the_others_a_place() {
        let limits = Limits::default();
        let tenant = |name: &str| TenantId::derive(name);
        let slow = ["acme", "globex"].into_iter().flat_map(|name| (0..9).map(move |_| name));
        let slow: Vec<_> = slow.filter_map(|name| limits.conversation(tenant(name), "main", 9)).collect();
        assert_eq!(slow.len(), HOST);
        assert!(limits.is_crowded(), "and no step is waited for as long as usual");
        let first = limits.conversation(tenant("initech"), "main", 9);
        assert!(first.is_some() && limits.conversation(tenant("initech"), "main", 9).is_none());
    }
}

//! Egress policies for tests that connect to servers on this machine.

use super::{Lookup, Policy, Rule, SystemLookup, purposes};
use std::sync::Arc;

/// Creates an egress policy that permits all ports of `127.0.0.1` and `0.0.0.0`, for all purposes
/// and tenants. Its rules name single addresses, so it also permits them although they are guarded.
pub fn this_machine() -> Arc<Policy> {
    let purposes = purposes();
    let rule = |name: &str, address: &str| format!("{name} {address}:1-65535");
    let rules = purposes.iter().flat_map(|purpose| ["127.0.0.1", "0.0.0.0"].map(|address| rule(purpose.name, address)));
    policy(&rules.collect::<Vec<_>>(), Arc::new(SystemLookup))
}

pub fn policy<R: AsRef<str>>(rules: &[R], lookup: Arc<dyn Lookup>) -> Arc<Policy> {
    let purposes = purposes();
    let rules = rules.iter().map(|rule| Rule::parse(rule.as_ref(), &purposes).expect("a rule")).collect();
    Arc::new(Policy::new(rules, Vec::new(), lookup))
}

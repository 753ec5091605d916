//! A policy for tests whose servers are on this machine.

use super::{Policy, Rule, SystemLookup, purposes};
use std::sync::Arc;

/// Every port of this machine's IPv4 address, for all purposes and tenants.
pub fn this_machine() -> Arc<Policy> {
    let purposes = purposes();
    let rule = |name: &str| Rule::parse(&format!("{name} 127.0.0.1:1-65535"), &purposes).expect("a rule");
    let rules = purposes.iter().map(|purpose| rule(purpose.name)).collect();
    Arc::new(Policy::new(rules, Vec::new(), Arc::new(SystemLookup)))
}

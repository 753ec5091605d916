//! Servers for tests: a mail server, a simulated vCenter, a proxy in front of them that injects
//! faults, and a collector of traces.

pub mod collector;
pub mod fault_proxy;
pub mod govc;
pub mod maildev;
pub mod vcsim;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Path of a program that `make setup` installed in the checkout.
pub fn tool(name: &str) -> PathBuf {
    checkout().join("bin").join(name)
}

/// Names of the members of a JSON document in the folder `documents` of a capability.
pub fn document_members(capability: &str, name: &str) -> BTreeSet<String> {
    let folder = checkout().join("eaf-host/capabilities").join(capability).join("documents");
    let path = folder.join(name).with_extension("json");
    let text = std::fs::read_to_string(&path).expect("the document is there");
    let document: BTreeMap<String, serde::de::IgnoredAny> = serde_json::from_str(&text).expect("it is an object");
    document.into_keys().collect()
}

/// Root of the checkout, from the variable `EAF_ROOT`, which `eaf dev exec` sets.
fn checkout() -> PathBuf {
    std::env::var_os("EAF_ROOT").expect("EAF_ROOT names the checkout; run the tests by `make test`").into()
}

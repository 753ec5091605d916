//! Servers for tests: a mail server, a simulated vCenter, and a proxy that loses what is said on the way to them.

pub mod fault_proxy;
pub mod govc;
pub mod maildev;
pub mod vcsim;

use std::path::{Path, PathBuf};

/// What `make setup` brought; `eaf dev exec` says where.
pub fn tool(name: &str) -> PathBuf {
    let root = std::env::var_os("EAF_ROOT").expect("EAF_ROOT names the checkout; run the tests by `make test`");
    Path::new(&root).join("bin").join(name)
}

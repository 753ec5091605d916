//! Binaries under test: `eaf`, and `eaf-dev` in the same directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Output directory of cargo for the profile of this test.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    test.ancestors().nth(2).expect("it lies in `deps/`").to_owned()
}

/// Path of `eaf`, built once per process with the features of production.
///
/// `EAF_TEST_BINARY` names a binary that is built already.
pub fn eaf() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("EAF_TEST_BINARY") {
        Some(binary) => std::path::absolute(binary).expect("EAF_TEST_BINARY is a path"),
        None => build(),
    })
}

fn build() -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--workspace", "--bin", "eaf", "--bin", "eaf-dev"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Variables that cargo sets for the test's own crate would make dependencies look changed.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_CRATE_NAME" {
            cargo.env_remove(&*name);
        }
    }
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target().join("eaf")
}

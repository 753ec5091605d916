//! Tests of DCM on the host's libraries, without the host's process: its texts, mails, package and
//! workflows.

mod deadlines;
mod digests;
mod inspect;
mod journey;
mod mail_conditions;
mod mails;
mod texts;
mod workflow;

use eaf_mail as _;
use eaf_vsphere as _;

use eaf_capability::text::Locales;
use std::path::{Path, PathBuf};

fn dcm() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dcm")
}

fn locales() -> Locales {
    let read = |name: &str| std::fs::read_to_string(dcm().join("locales").join(name)).expect("the file is there");
    Locales::load(&read("de.toml"), &read("en.toml")).expect("both languages are whole")
}

/// DCM's package, built from its crate once per test process.
async fn package() -> Vec<u8> {
    static PACKAGE: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
    let build = || async {
        let out = std::env::temp_dir().join(format!("eaf-dcm-{}.eafpkg", std::process::id()));
        eaf_plugin::build::build(&dcm(), Some(&out)).await.unwrap();
        let bytes = std::fs::read(&out).unwrap();
        std::fs::remove_file(&out).unwrap();
        bytes
    };
    PACKAGE.get_or_init(build).await.clone()
}

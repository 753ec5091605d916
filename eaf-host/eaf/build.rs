//! Links the crates of the capabilities: each folder in `eaf-host/capabilities` is the crate
//! `eaf-<folder>`.
//!
//! Without a reference a crate is not linked, and the registration of its capability would be
//! missing.

use std::path::Path;
use std::{env, fs, io};

const FOLDER: &str = "../capabilities";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={FOLDER}");
    let mut names = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().replace('-', "_"));
        }
    }
    names.sort();
    let lines: String = names.iter().map(|name| format!("use eaf_{name} as _;\n")).collect();
    let names = format!("#[cfg(test)]\nconst FOLDERS: &[&str] = &{names:?};\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("capabilities.rs"), lines + &names)
}

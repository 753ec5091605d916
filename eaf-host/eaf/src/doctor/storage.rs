//! Checks of the files that a host needs: packages, and the cache of compiled plugins.

use super::Check;
use crate::config::Config;
use std::io::Write;
use std::path::Path;

/// Space that a compiled package with its former versions takes.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

pub fn check(config: &Config) -> Vec<Check> {
    let mut checks: Vec<Check> = config.plugins.packages.iter().map(|path| package(path)).collect();
    checks.push(match &config.plugins.compiled_cache {
        None => Check::warning(
            "compiled-cache",
            "none: each start compiles the plugins, which takes seconds",
            "set EAF_COMPILED_CACHE to a directory that only the host may write",
        ),
        Some(path) => cache(path),
    });
    checks
}

fn package(path: &Path) -> Check {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() => Check::ok("package", path.display().to_string()),
        Ok(_) => Check::failed("package", format!("{} is not a file", path.display()), "correct EAF_PACKAGES"),
        Err(cause) => Check::failed("package", format!("{}: {cause}", path.display()), "correct EAF_PACKAGES"),
    }
}

/// Writes a file as large as a compiled package and removes it: missing permissions, a read-only
/// file system, a quota and a full disk all show at a write.
fn cache(path: &Path) -> Check {
    if !path.exists() {
        let finding = format!("{} does not exist", path.display());
        return Check::warning("compiled-cache", finding, "nothing, if the host may create it at its start");
    }
    let file = path.join(format!(".eaf-doctor-{}", std::process::id()));
    let written = std::fs::File::create(&file).and_then(|mut file| {
        file.write_all(&vec![0; CACHE_BYTES])?;
        file.sync_all()
    });
    // A leftover would be a file of zeros that no host reads.
    let _ = std::fs::remove_file(&file);
    match written {
        Ok(()) => Check::ok("compiled-cache", format!("{} is writable", path.display())),
        Err(cause) => Check::failed(
            "compiled-cache",
            format!("{}: {cause}", path.display()),
            "free space, or make the directory writable for the host's user",
        ),
    }
}

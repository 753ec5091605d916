//! Environment variables of `eaf dev` that begin with `EAF_`, as the host's settings do. The host
//! rejects unknown variables with this prefix unless `EAF_IGNORE` lists them.

use std::ffi::OsString;

/// Name of the host's setting that lists variables to ignore.
pub const IGNORE: &str = eaf::config::key::IGNORE;

/// Names of the variables that `eaf dev` reads, prints for a shell, or sets for the command of `eaf
/// dev exec`.
const OURS: &[&str] = &[
    "EAF_ROOT",
    "EAF_STATE_DIR",
    "EAF_URL",
    "EAF_ADMIN_DATABASE_URL",
    "EAF_INBOX_URL",
    "EAF_IDP_URL",
    "EAF_PORT",
    "EAF_PG_PORT",
    "EAF_VCENTER_ACME_PORT",
    "EAF_VCENTER_GLOBEX_PORT",
    "EAF_VCENTER_CONTROL_PORT",
    "EAF_SMTP_PORT",
    "EAF_INBOX_PORT",
    "EAF_IDP_PORT",
    "EAF_MANAGEMENT_PORT",
    "EAF_VCSIM",
    "EAF_MAILDEV",
    "EAF_PG_BIN",
    "EAF_PG_DATA",
    "EAF_PG_UID",
    "EAF_PG_GID",
];

/// Value of `EAF_IGNORE` that lists all variables of `eaf dev`.
pub fn ignored() -> String {
    OURS.join(",")
}

/// Value of `EAF_IGNORE` that lists all variables of `eaf dev`, and the variables in `given`.
pub fn ignored_with(given: &[(&str, OsString)]) -> String {
    let given = given.iter().map(|(name, _)| *name).filter(|name| !OURS.contains(name));
    OURS.iter().copied().chain(given).collect::<Vec<_>>().join(",")
}

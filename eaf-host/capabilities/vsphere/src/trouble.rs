//! Conclusions from a failure about the connection: whether vCenter is reachable and accepts the
//! account.

use eaf_capability::{Failure, Trouble};

/// Failure codes of the way to vCenter.
const REACH: [&str; 9] = [
    "vcenter-unreachable",
    "vcenter-address",
    "vcenter-certificate",
    "vcenter-starting",
    "vcenter-answer",
    "vcenter-login-pause",
    "connection-settings",
    "vcenter-login",
    "vcenter-password-expired",
];
/// Those of them with which vCenter refuses the account.
const LOGIN: [&str; 2] = ["vcenter-login", "vcenter-password-expired"];

/// Codes that a successful call refutes.
pub const CODES: [&str; 9] = REACH;

/// True if the failure is new information; a paused login only repeats the refusal before it.
pub fn is_news(failure: &Failure) -> bool {
    of(failure) != Trouble::None && failure.code != "vcenter-login-pause"
}

pub fn of(failure: &Failure) -> Trouble {
    let code = failure.code.as_str();
    match (LOGIN.contains(&code), REACH.contains(&code)) {
        (true, _) => Trouble::Login,
        (_, true) => Trouble::Reach,
        _ => Trouble::None,
    }
}

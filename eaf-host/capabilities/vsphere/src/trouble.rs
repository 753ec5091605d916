//! What a failure says of the connection: is vCenter reached as it should be, and does it know the account?

use eaf_capability::{Failure, Trouble};

/// Codes of failures to reach vCenter.
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
/// Those of them by which vCenter refuses the account.
const LOGIN: [&str; 2] = ["vcenter-login", "vcenter-password-expired"];

/// What a call that went through refutes.
pub const CODES: [&str; 9] = REACH;

/// A login that waits for its turn says nothing beyond the refusal before it.
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

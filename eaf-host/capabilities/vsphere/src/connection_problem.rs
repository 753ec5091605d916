//! Conclusions from a failure about the connection: whether vCenter is reachable and accepts the
//! account.

use eaf_capability::{ConnectionProblem, Failure};

/// Failure codes that concern the connection to vCenter.
const PROBLEMS: [&str; 9] = [
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
/// Codes of [`PROBLEMS`] with which vCenter refuses the account.
const LOGIN_REFUSALS: [&str; 2] = ["vcenter-login", "vcenter-password-expired"];

/// Failure codes that a successful call over the connection clears.
pub const CODES: [&str; 9] = PROBLEMS;

/// Whether the failure says something new about the connection. The failure of a paused login only
/// repeats the refusal before it.
pub fn is_news(failure: &Failure) -> bool {
    of(failure) != ConnectionProblem::None && failure.code != "vcenter-login-pause"
}

pub fn of(failure: &Failure) -> ConnectionProblem {
    let code = failure.code.as_str();
    match (LOGIN_REFUSALS.contains(&code), PROBLEMS.contains(&code)) {
        (true, _) => ConnectionProblem::LoginRefused,
        (_, true) => ConnectionProblem::Unreachable,
        _ => ConnectionProblem::None,
    }
}

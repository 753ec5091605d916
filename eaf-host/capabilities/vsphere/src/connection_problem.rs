//! Connection problems of vCenter: the failure codes that mean that vCenter is unreachable or
//! refuses the login.

use eaf_capability::{ConnectionProblem, Failure};

/// Failure codes that mean a problem of the connection to vCenter, not of the call.
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
/// Those codes of [`PROBLEMS`] that mean that vCenter refused the login.
const LOGIN_REFUSALS: [&str; 2] = ["vcenter-login", "vcenter-password-expired"];

/// Failure codes that are cleared from the connection's recorded state by a successful call.
pub const CODES: [&str; 9] = PROBLEMS;

/// Whether the failure tells something new about the connection. The failure of a paused login does
/// not: it follows from an earlier refusal, which is already recorded.
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

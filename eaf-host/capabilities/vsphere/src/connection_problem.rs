//! Connection problems of vCenter: the failure codes that mean that vCenter is unreachable or
//! refuses the login.

use crate::failure::Code;
use eaf_capability::HostCode;
use eaf_capability::{ConnectionProblem, Failure};

/// Failure codes that mean a problem of the connection to vCenter, not of the call.
const PROBLEMS: [&str; 9] = [
    Code::VcenterUnreachable.as_str(),
    Code::VcenterAddress.as_str(),
    Code::VcenterCertificate.as_str(),
    Code::VcenterStarting.as_str(),
    Code::VcenterAnswer.as_str(),
    Code::VcenterLoginPause.as_str(),
    HostCode::ConnectionSettings.as_str(),
    Code::VcenterLogin.as_str(),
    Code::VcenterPasswordExpired.as_str(),
];
/// Those codes of [`PROBLEMS`] that mean that vCenter refused the login.
const LOGIN_REFUSALS: [&str; 2] = [Code::VcenterLogin.as_str(), Code::VcenterPasswordExpired.as_str()];

/// Failure codes that are cleared from the connection's recorded state by a successful call.
pub const CODES: [&str; 9] = PROBLEMS;

/// Whether the failure tells something new about the connection. The failure of a paused login does
/// not: it follows from an earlier refusal, which is already recorded.
pub fn is_news(failure: &Failure) -> bool {
    of(failure) != ConnectionProblem::None && !failure.has_code(Code::VcenterLoginPause)
}

pub fn of(failure: &Failure) -> ConnectionProblem {
    let code = failure.code.as_str();
    match (LOGIN_REFUSALS.contains(&code), PROBLEMS.contains(&code)) {
        (true, _) => ConnectionProblem::LoginRefused,
        (_, true) => ConnectionProblem::Unreachable,
        _ => ConnectionProblem::None,
    }
}

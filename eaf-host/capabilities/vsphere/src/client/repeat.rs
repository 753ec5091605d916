//! Repetition of vCenter reads whose answer was lost, as happens at some proxies in front of a
//! vCenter. Without it, each lost answer would make a function start again with up to thirty calls.

use super::Error;
use super::soap::Request;
use super::transport;
use std::time::Duration;

/// Pauses before the second and the third attempt of a read. After a longer outage, the workflow
/// engine repeats the whole function.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Names of vCenter methods that change nothing, neither in vCenter nor in the session, so that
/// they can be repeated.
const READS: [&str; 4] =
    ["RetrievePropertiesEx", "FindByInventoryPath", "FindAllByUuid", "FetchUserPrivilegeOnEntities"];

/// Pauses before further attempts of a request; empty for a request that may change something,
/// which is not repeated.
pub fn pauses(request: &Request) -> &'static [Duration] {
    if READS.contains(&request.method) { &PAUSES } else { &[] }
}

/// Whether the error means that the answer to a request was lost. A time-out does not count,
/// because the answer to a repetition would also be too late.
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Transport(transport::Error::Status(status)) => matches!(status, 502..=504),
        Error::Transport(transport::Error::NoAnswer(cause)) => !cause.is_timeout(),
        _ => false,
    }
}

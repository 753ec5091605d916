//! Repetition of reads whose answer was lost, which happens at some proxies in front of a vCenter.
//! A function makes up to thirty calls, and would otherwise start again for each lost answer.

use super::Error;
use super::soap::Request;
use super::transport;
use std::time::Duration;

/// Pauses before the second and the third attempt of a read; the engine repeats the function after
/// a longer outage.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Methods without an effect, neither in vCenter nor in the session.
const READS: [&str; 4] =
    ["RetrievePropertiesEx", "FindByInventoryPath", "FindAllByUuid", "FetchUserPrivilegeOnEntities"];

/// Pauses before further attempts of a request; empty for a request that may have an effect.
pub fn pauses(request: &Request) -> &'static [Duration] {
    if READS.contains(&request.method) { &PAUSES } else { &[] }
}

/// Whether the answer was lost. An answer that timed out does not count, since the next one would
/// be late as well.
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Transport(transport::Error::Status(status)) => matches!(status, 502..=504),
        Error::Transport(transport::Error::NoAnswer(cause)) => !cause.is_timeout(),
        _ => false,
    }
}

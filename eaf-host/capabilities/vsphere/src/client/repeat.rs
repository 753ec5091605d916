//! Repetition of reads whose answer was lost, as some proxies before a vCenter lose them. A
//! function makes up to thirty calls and would otherwise start again for each loss.

use super::Error;
use super::soap::Request;
use super::transport;
use std::time::Duration;

/// Pauses before further attempts; a longer outage is left to the engine.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Methods without an effect in vCenter or in the session.
const READS: [&str; 4] =
    ["RetrievePropertiesEx", "FindByInventoryPath", "FindAllByUuid", "FetchUserPrivilegeOnEntities"];

/// Pauses before further attempts of a request; none for one with a possible effect.
pub fn pauses(request: &Request) -> &'static [Duration] {
    if READS.contains(&request.method) { &PAUSES } else { &[] }
}

/// True for a lost answer. A late one does not count, since the next would be late as well.
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Transport(transport::Error::Status(status)) => matches!(status, 502..=504),
        Error::Transport(transport::Error::NoAnswer(cause)) => !cause.is_timeout(),
        _ => false,
    }
}

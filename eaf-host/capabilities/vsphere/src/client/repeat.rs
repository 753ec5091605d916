//! When a read is repeated: its answer was lost on the way, as a proxy in front of a vCenter loses
//! some. A function asks up to thirty questions, and would begin again with the first one for each.

use super::Error;
use super::soap::Request;
use super::transport;
use std::time::Duration;

/// Before each further attempt. A vCenter that is down for longer is the engine's to wait for.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Methods without an effect, in vCenter or in the session.
const READS: [&str; 4] =
    ["RetrievePropertiesEx", "FindByInventoryPath", "FindAllByUuid", "FetchUserPrivilegeOnEntities"];

/// The pause before each further attempt of `request`; none for what may have had an effect.
pub fn pauses(request: &Request) -> &'static [Duration] {
    if READS.contains(&request.method) { &PAUSES } else { &[] }
}

/// An answer that came too late is not lost: the next one would be late as well.
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Transport(transport::Error::Status(status)) => matches!(status, 502..=504),
        Error::Transport(transport::Error::NoAnswer(cause)) => !cause.is_timeout(),
        _ => false,
    }
}

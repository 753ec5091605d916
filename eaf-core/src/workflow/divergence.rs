//! Divergence: a call of a replay is not the journal's. The run is stopped, so that an operator can
//! examine it.

use super::Entry;

/// Both sides of a divergence. The calls are only named, because their arguments may be personal
/// data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub sequence: i32,
    /// Name of the journal's call, such as `vsphere.clone by vcenter`.
    pub recorded: String,
    /// Name of the code's call. `None`: the code returned.
    pub replayed: Option<String>,
}

impl Divergence {
    pub fn between(recorded: &Entry, replayed: &Entry) -> Self {
        let (recorded_call, mut call) = (described(recorded), described(replayed));
        if call == recorded_call {
            call.push_str(", with other arguments");
        }
        Divergence { sequence: recorded.sequence, recorded: recorded_call, replayed: Some(call) }
    }

    /// Divergence of code that returned where the journal has this call.
    pub fn returned_before(recorded: &Entry) -> Self {
        Divergence { sequence: recorded.sequence, recorded: described(recorded), replayed: None }
    }
}

fn described(entry: &Entry) -> String {
    let grant = entry.grant.as_deref().map(|grant| format!(" by {grant}")).unwrap_or_default();
    format!("{}.{}{grant}", entry.capability, entry.function)
}

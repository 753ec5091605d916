//! Divergence: in a replay, the code made another call than the one in the journal. The run is
//! stopped, so that an operator can examine it.

use super::Entry;

/// Divergence at one sequence number: the call in the journal, and the call of the code. Only the
/// names of the calls are given, because their arguments may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub sequence: i32,
    /// Name of the call in the journal, such as `vsphere.clone by vcenter`.
    pub recorded: String,
    /// Name of the call that the code made instead. `None`: the code returned instead.
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

    /// Creates the divergence of code that returned although the journal has this call.
    pub fn returned_before(recorded: &Entry) -> Self {
        Divergence { sequence: recorded.sequence, recorded: described(recorded), replayed: None }
    }
}

fn described(entry: &Entry) -> String {
    let grant = entry.grant.as_deref().map(|grant| format!(" by {grant}")).unwrap_or_default();
    format!("{}.{}{grant}", entry.capability, entry.function)
}

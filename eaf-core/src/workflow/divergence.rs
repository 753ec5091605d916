//! A replay whose call is not the journal's: it stops the run, for an operator to look at.

use super::Entry;

/// Both sides of a divergence. Arguments may be personal data: the calls are only named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub sequence: i32,
    /// The call of the journal, such as `vsphere.clone by vcenter`.
    pub recorded: String,
    /// The call of the code; none: the code returned.
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

    /// The code returned where the journal has this call.
    pub fn returned_before(recorded: &Entry) -> Self {
        Divergence { sequence: recorded.sequence, recorded: described(recorded), replayed: None }
    }
}

fn described(entry: &Entry) -> String {
    let grant = entry.grant.as_deref().map(|grant| format!(" by {grant}")).unwrap_or_default();
    format!("{}.{}{grant}", entry.capability, entry.function)
}

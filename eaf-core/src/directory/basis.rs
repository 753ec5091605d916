//! Basis of a change: the state of an entry of the directory on which a person made the change. A
//! change of another admin meanwhile is refused instead of overwritten.

use super::Error;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Number of hexadecimal digits of a tag.
pub const TAG_DIGITS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Any state: the change overwrites it, as one on the command line does.
    Any,
    /// No entry: the change adds one.
    Absent,
    /// The state with this tag, such as that of [`Group::tag`](super::Group::tag).
    Tag(String),
}

impl Basis {
    /// Fails with [`Error::ChangedMeanwhile`] if the stored state is another one. `stored` is its
    /// tag, read under the lock of the change; `None`: there is no entry.
    pub(super) fn check(&self, stored: Option<&str>) -> Result<(), Error> {
        let holds = match self {
            Basis::Any => true,
            Basis::Absent => stored.is_none(),
            Basis::Tag(tag) => stored == Some(tag),
        };
        if holds { Ok(()) } else { Err(Error::ChangedMeanwhile) }
    }
}

/// Tag of a state: a digest of its values, so that equal states have equal tags.
pub(super) fn tag(state: &impl Serialize) -> String {
    let text = serde_json::json!(state).to_string();
    let digits: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    digits[..TAG_DIGITS].to_owned()
}

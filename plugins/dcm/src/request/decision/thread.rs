//! Thread of a request: questions and proposals of approvers, and answers of the requester, with
//! names.

use crate::Event;
use serde::{Deserialize, Serialize};

/// Entry of the thread. Name and text are absent if their person was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub kind: EntryKind,
    /// Revision of the request to which the entry belongs.
    pub revision: u32,
    pub by_id: String,
    pub by_name: Option<String>,
    /// Actor id of the person whose deputy wrote the entry.
    pub on_behalf_of_id: Option<String>,
    pub text: Option<String>,
    /// Time of the entry, in milliseconds since 1970.
    pub at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    Question,
    Answer,
    /// Proposed changes; the text is their reason.
    Proposal,
    /// Refusal of proposed changes.
    Decline,
}

impl Entry {
    /// Entry that an event adds to the thread; `None`: the event adds none.
    pub fn of(event: &Event) -> Option<Entry> {
        match event {
            Event::QuestionAsked(e) => Some(Entry {
                kind: EntryKind::Question,
                revision: e.revision,
                by_id: e.approver_id.clone(),
                by_name: e.approver_name.to_option(),
                on_behalf_of_id: e.on_behalf_of_id.clone(),
                text: e.question.to_option(),
                at: e.at,
            }),
            Event::QuestionAnswered(e) => Some(Entry {
                kind: EntryKind::Answer,
                revision: e.revision,
                by_id: e.requester_id.clone(),
                by_name: e.requester_name.to_option(),
                on_behalf_of_id: None,
                text: e.answer.to_option(),
                at: e.at,
            }),
            Event::ChangesProposed(e) => Some(Entry {
                kind: EntryKind::Proposal,
                revision: e.revision,
                by_id: e.approver_id.clone(),
                by_name: e.approver_name.to_option(),
                on_behalf_of_id: e.on_behalf_of_id.clone(),
                text: e.comment.to_option(),
                at: e.at,
            }),
            Event::ChangesDeclined(e) => Some(Entry {
                kind: EntryKind::Decline,
                revision: e.revision,
                by_id: e.requester_id.clone(),
                by_name: e.requester_name.to_option(),
                on_behalf_of_id: None,
                text: e.answer.as_ref().and_then(|answer| answer.to_option()),
                at: e.at,
            }),
            _ => None,
        }
    }
}

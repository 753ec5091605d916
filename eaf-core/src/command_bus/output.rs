//! Checks of a plugin's decision, because the host does not trust a plugin to respect the limits
//! and its own boundary.

use super::Error;
use crate::contract::{Accepted, Description, LoadedStream, Rejection, StreamMode};

const EVENTS: usize = 256;
const EVENT_BYTES: usize = 256 * 1024;
/// Maximum size, in bytes, of a rejection with all its params and fields. The ledger stores the
/// whole rejection, and the host renders a sentence for each field.
const REFUSAL_BYTES: usize = 64 * 1024;
const REFUSAL_FIELDS: usize = 256;

pub(super) fn check_refusal(rejection: &Rejection) -> Result<(), Error> {
    let size = serde_json::to_vec(rejection).map_or(usize::MAX, |bytes| bytes.len());
    if size > REFUSAL_BYTES || rejection.fields.len() > REFUSAL_FIELDS {
        return Err(Error::TooLarge { what: "a refusal", limit: REFUSAL_BYTES });
    }
    Ok(())
}

pub(super) fn check(description: &Description, boundary: &[LoadedStream], accepted: &Accepted) -> Result<(), Error> {
    if accepted.events.len() > EVENTS {
        return Err(Error::TooManyEvents { limit: EVENTS });
    }
    for event in &accepted.events {
        let guarded = boundary.iter().any(|entry| entry.stream == event.stream && entry.mode == StreamMode::Guard);
        if !guarded {
            return Err(Error::OutsideBoundary { stream: event.stream.clone() });
        }
        let declared =
            |known: &crate::contract::EventType| known.kind == event.kind && known.schema_version == event.schema;
        if !description.events.iter().any(declared) {
            return Err(Error::UndeclaredEvent { kind: event.kind.clone(), schema: event.schema });
        }
        if event.data.to_string().len() > EVENT_BYTES {
            return Err(Error::TooLarge { what: "an event", limit: EVENT_BYTES });
        }
    }
    let preview = accepted.preview.as_ref().and_then(|preview| serde_json::to_vec(preview).ok());
    if preview.is_some_and(|preview| preview.len() > EVENT_BYTES) {
        return Err(Error::TooLarge { what: "the preview", limit: EVENT_BYTES });
    }
    match &accepted.subject {
        Some(subject) if !description.views.iter().any(|view| view.name == subject.view) => {
            Err(Error::UndeclaredView { view: subject.view.clone() })
        }
        _ => Ok(()),
    }
}

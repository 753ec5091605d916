//! Why a call failed, and whether a repetition may succeed.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Bytes of a failure's message: it carries words and names of other systems, and stands in journal
/// and events.
const MESSAGE_MAX: usize = 4_000;

/// Why a call failed; becomes the guest's `failure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    pub class: Class,
    pub code: String,
    /// For people, in English; never a secret, never personal data.
    pub message: String,
    /// The call is not repeated sooner.
    pub retry_after_ms: Option<u64>,
    /// The retry budget of this code: a longer failure does not end by itself and is for people.
    #[serde(default)]
    pub give_up_after_ms: Option<u64>,
    /// In place of the host's own retry budget: a failure that a person repairs only after the
    /// weekend.
    #[serde(default)]
    pub keep_trying_ms: Option<u64>,
}

impl Failure {
    pub fn new(class: Class, code: &str, message: impl Into<String>) -> Self {
        let (code, mut message) = (code.to_owned(), message.into());
        message.truncate(message.floor_char_boundary(MESSAGE_MAX));
        Failure { class, code, message, retry_after_ms: None, give_up_after_ms: None, keep_trying_ms: None }
    }

    pub fn retry_after(self, pause: Duration) -> Self {
        Failure { retry_after_ms: Some(millis(pause)), ..self }
    }

    pub fn give_up_after(self, budget: Duration) -> Self {
        Failure { give_up_after_ms: Some(millis(budget)), ..self }
    }

    pub fn keep_trying(self, budget: Duration) -> Self {
        Failure { keep_trying_ms: Some(millis(budget)), ..self }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The engine repeats the call with backoff.
    Transient,
    /// The engine repeats the call with backoff.
    Capacity,
    /// The engine repeats the call: the provider probes what happened.
    UnknownOutcome,
    Configuration,
    Denied,
    NotFound,
    Conflict,
    Cancelled,
    Rejected,
    Permanent,
}

impl Class {
    /// May a repetition of the call succeed?
    pub fn is_retryable(self) -> bool {
        matches!(self, Class::Transient | Class::Capacity | Class::UnknownOutcome)
    }

    /// As in WIT, journal and metrics: the serde name.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Transient => "transient",
            Class::Capacity => "capacity",
            Class::UnknownOutcome => "unknown-outcome",
            Class::Configuration => "configuration",
            Class::Denied => "denied",
            Class::NotFound => "not-found",
            Class::Conflict => "conflict",
            Class::Cancelled => "cancelled",
            Class::Rejected => "rejected",
            Class::Permanent => "permanent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_class_has_one_name_wherever_it_is_written() {
        let classes = [
            Class::Transient,
            Class::Capacity,
            Class::UnknownOutcome,
            Class::Configuration,
            Class::Denied,
            Class::NotFound,
            Class::Conflict,
            Class::Cancelled,
            Class::Rejected,
            Class::Permanent,
        ];
        for class in classes {
            assert_eq!(json!(class), class.as_str());
        }
    }
}

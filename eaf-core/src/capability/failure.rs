//! Failures of workflows' calls. Each failure has a class, which says whether a repetition may
//! succeed.

use super::FailureCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Maximum length, in bytes, of a failure's message. The message may contain text of other systems,
/// and is stored in journal and events.
const MESSAGE_MAX: usize = 4_000;

/// Failure of a workflow's call. The guest component receives it as the WIT type `failure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
#[non_exhaustive]
pub struct Failure {
    pub class: Class,
    pub code: String,
    /// Message about the failure, in English, without secrets and personal data. People read it.
    pub message: String,
    /// Minimum time, in milliseconds, before the call is repeated. `None`: the engine's own delay
    /// applies.
    pub retry_after_ms: Option<u64>,
    /// Retry budget, in milliseconds, of failures with this code, besides the engine's own budget.
    /// A failure that lasts longer does not end by itself, and a person must act. `None`: the code
    /// has no budget of its own.
    #[serde(default)]
    pub give_up_after_ms: Option<u64>,
    /// Retry budget, in milliseconds, in place of the engine's own one, for a failure that a person
    /// may repair only after the weekend. `None`: the engine's own budget applies.
    #[serde(default)]
    pub keep_trying_ms: Option<u64>,
}

impl Failure {
    pub fn new(class: Class, code: impl FailureCode, message: impl Into<String>) -> Self {
        Failure::from_parts(class, code.as_str(), message)
    }

    /// Creates a failure with a code that this host did not choose: from a component, from a
    /// rejection of a domain, or from a record.
    pub fn from_parts(class: Class, code: &str, message: impl Into<String>) -> Self {
        let (code, mut message) = (code.to_owned(), message.into());
        message.truncate(message.floor_char_boundary(MESSAGE_MAX));
        Failure { class, code, message, retry_after_ms: None, give_up_after_ms: None, keep_trying_ms: None }
    }

    pub fn has_code(&self, code: impl FailureCode) -> bool {
        self.code == code.as_str()
    }

    pub fn has_one_of(&self, codes: &[impl FailureCode]) -> bool {
        codes.iter().any(|code| self.has_code(*code))
    }

    pub fn with_class(self, class: Class) -> Self {
        Failure { class, ..self }
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
    /// The failure is temporary: the engine repeats the call with increasing delays.
    Transient,
    /// The other system lacks capacity: the engine repeats the call with increasing delays.
    Capacity,
    /// The call may have had its effect: the engine repeats the call, and the provider probes for
    /// the effect.
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
    /// Whether the class is retryable: a repetition of the call may succeed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Class::Transient | Class::Capacity | Class::UnknownOutcome)
    }

    /// Name of the class as in WIT, journal and metrics, equal to the serialized name.
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

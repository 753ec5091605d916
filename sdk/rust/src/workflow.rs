//! Durable functions: plain code whose host calls are journaled. After a crash it runs again from the start and is handed
//! the recorded answers, so it must do the same for the same answers: no clocks, no randomness, no state outside.

use crate::{EventSet, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a host call failed. The host has already repeated what is worth repeating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// transient, capacity, configuration, unknown-outcome, denied, not-found, conflict, cancelled, rejected,
    /// permanent; treat one that you do not know as permanent.
    pub class: String,
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Failure { class: "permanent".into(), code: code.into(), message: message.into(), retry_after_ms: None }
    }
}

/// Starts a run for each event of a type.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    pub event: &'static str,
    /// JSON pointer into the event's data: the id of the business thing.
    pub key: &'static str,
    /// JSON pointer into the event's data: the actor id under whose key the journal is encrypted.
    pub subject: &'static str,
}

pub trait Workflow {
    type Event: EventSet;

    const NAME: &'static str;
    const VERSION: u16 = 1;
    const TRIGGERS: &'static [Trigger];
    /// A command for `{key, stalled, code, message}` when a call has to be repeated for longer than a moment.
    const ON_STALL: Option<&'static str> = None;
    /// A command for `{key, event, code, message}` when a run ends without a result, also where its code cannot say so
    /// itself: it panicked, went over a limit, or does not fit its journal any more. `event` is the id of the one that
    /// started the run.
    const ON_FAILURE: Option<&'static str> = None;

    fn run(event: Self::Event, recorded: &Recorded) -> Result<Value, Failure>;
}

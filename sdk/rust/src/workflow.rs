//! Durable functions: plain code whose host calls are journaled. After a crash a run is replayed
//! from the start with the recorded answers, so equal answers must lead to equal calls: no clock,
//! no randomness, no outside state.

use crate::{EventSet, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Failure of a host call. The host has retried the call before, as far as its retry policy says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Class of the failure: transient, capacity, configuration, unknown-outcome, denied,
    /// not-found, conflict, cancelled, rejected or permanent; an unknown class counts as permanent.
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

/// Event type of which each event starts a run.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    pub event: &'static str,
    /// JSON pointer to the id of the thing that the run is about, such as a request, in the event's
    /// data.
    pub key: &'static str,
    /// JSON pointer to the actor id of the run's subject, in the event's data. The journal is
    /// encrypted under that person's key.
    pub subject: &'static str,
}

pub trait Workflow {
    type Event: EventSet;

    const NAME: &'static str;
    const VERSION: u16 = 1;
    const TRIGGERS: &'static [Trigger];
    /// Name of the command that the host gives when a host call stalls, and again when that call no
    /// longer stalls. Its body is `{key, stalled, code, message}`. `None`: the host gives no
    /// command.
    const ON_STALL: Option<&'static str> = None;
    /// Name of the command that the host gives when a run ends without a result, also after a
    /// panic, an exceeded limit or a divergence. Its body is `{key, event, code, message}`, where
    /// `event` is the id of the event that started the run. `None`: the host gives no command.
    const ON_FAILURE: Option<&'static str> = None;

    fn run(event: Self::Event, recorded: &Recorded) -> Result<Value, Failure>;
}

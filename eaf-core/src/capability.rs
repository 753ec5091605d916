//! The calls of workflows to capabilities: what the engine asks, and what may come back.
//!
//! A capability is a host API that workflows import; its provider, outside of this crate,
//! implements [`Capability`]. A provider never sees the journal: the engine writes the intent,
//! calls [`Capability::start`], writes the result. After a crash in between, `start` is called
//! again with an equal call, so **every effect must be repeatable**: probe before acting.

mod failure;
pub mod granted;

pub use failure::{Class, Failure};
pub use granted::{Granted, GrantedConnection};

use crate::actor::TraceId;
use crate::id::{EventId, RunId, TenantId};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One call of a workflow to a capability.
#[derive(Debug, Clone)]
pub struct Call {
    pub tenant: TenantId,
    /// The plugin's id, such as `counter`.
    pub plugin: String,
    pub run: RunId,
    /// The event that started the run.
    pub event: EventId,
    /// The number of the call's journal entry.
    pub sequence: i32,
    /// The same on every repetition of this call.
    pub idempotency_key: String,
    pub granted: Granted,
    /// `clone`, `send`, …: the WIT function's name.
    pub function: String,
    /// The WIT arguments as one JSON object, named as in WIT (kebab-case becomes snake_case).
    pub args: Value,
    pub trace: TraceId,
}

/// How a call began.
#[derive(Debug)]
pub enum Started {
    /// Over, with this answer.
    Done(Value),
    /// Running. The handle is stored; [`Capability::poll`] is called with it after `poll_after`, by
    /// any host.
    Pending { handle: Value, poll_after: Duration },
}

/// How an operation stands.
#[derive(Debug)]
pub enum Polled {
    Done(Value),
    Running {
        /// Percent.
        progress: Option<u8>,
        poll_after: Duration,
    },
    /// The operation itself failed, or its outcome is unknown: its handle is dead. With a retryable
    /// class the engine starts the call again, where `Err` makes it poll again.
    Ended(Failure),
}

/// The calls of one capability.
#[async_trait]
pub trait Capability: Send + Sync {
    /// Starts a call, or starts it again: after a lost result the engine repeats this with an equal
    /// call.
    async fn start(&self, call: &Call) -> Result<Started, Failure>;

    /// Asks for an operation that `start` left pending.
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure>;

    /// Cleans up what the provider stores of a call that has failed for good: its failure is not
    /// retryable, its budget is exhausted, or its grant was withdrawn. Repeated when the host dies
    /// before that is journaled.
    async fn abandon(&self, _call: &Call, _failure: &Failure) -> Result<(), Failure> {
        Ok(())
    }

    /// For how long retryable failures are repeated, in place of the engine's own budget.
    fn retry_budget(&self) -> Option<Duration> {
        None
    }

    /// For how long one call may take, where that is longer than the engine's own time-out.
    fn call_timeout(&self) -> Option<Duration> {
        None
    }
}

/// The capabilities that a host offers, by name.
pub type Capabilities = BTreeMap<String, Arc<dyn Capability>>;

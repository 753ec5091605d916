//! Calls of workflows to capabilities: the question of the engine, and the possible answers.
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
    /// Id of the plugin, such as `counter`.
    pub plugin: String,
    pub run: RunId,
    /// Event that started the run.
    pub event: EventId,
    /// Sequence number of the call's journal entry.
    pub sequence: i32,
    /// Key that is the same on every repetition of this call.
    pub idempotency_key: String,
    pub granted: Granted,
    /// Name of the WIT function, such as `clone` or `send`.
    pub function: String,
    /// Arguments of the WIT function as one JSON object, whose members are named as in WIT
    /// (kebab-case becomes snake_case).
    pub args: Value,
    pub trace: TraceId,
}

/// Answer of a provider to the start of a call.
#[derive(Debug)]
pub enum Started {
    /// The call is over, with this answer.
    Done(Value),
    /// The call continues as an operation of the other system. The engine stores `handle` and calls
    /// [`Capability::poll`] with it after `poll_after`, on any host.
    Pending { handle: Value, poll_after: Duration },
}

/// State of an operation that was started earlier.
#[derive(Debug)]
pub enum Polled {
    Done(Value),
    Running {
        /// Progress in percent. `None`: unknown.
        progress: Option<u8>,
        poll_after: Duration,
    },
    /// The operation failed, or its outcome is unknown, and its handle cannot be polled any more.
    /// If the class is retryable, the engine starts the call again. After an `Err` of
    /// [`Capability::poll`] it polls again instead.
    Ended(Failure),
}

/// Provider of one capability.
#[async_trait]
pub trait Capability: Send + Sync {
    /// Starts a call. After a lost result the engine calls this function again with an equal call.
    async fn start(&self, call: &Call) -> Result<Started, Failure>;

    /// Asks for the state of an operation that `start` left pending.
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure>;

    /// Cleans up what the provider stores of a call that has failed for good: its failure is not
    /// retryable, its budget is exhausted, or its grant was withdrawn. The engine repeats the
    /// cleanup if the host ends before the cleanup is journaled.
    async fn abandon(&self, _call: &Call, _failure: &Failure) -> Result<(), Failure> {
        Ok(())
    }

    /// Time for which retryable failures are repeated, in place of the engine's own budget. `None`:
    /// the engine's own budget applies.
    fn retry_budget(&self) -> Option<Duration> {
        None
    }

    /// Time that one call may take, if longer than the engine's own time-out. `None`: the engine's
    /// own time-out applies.
    fn call_timeout(&self) -> Option<Duration> {
        None
    }
}

/// Providers of the capabilities that a host offers, by the capability's name.
pub type Capabilities = BTreeMap<String, Arc<dyn Capability>>;

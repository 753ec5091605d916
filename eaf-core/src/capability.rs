//! Calls of workflows to capabilities: the request of the engine, and the possible answers.
//!
//! A capability is a host API that workflows import. Its provider, in another crate, implements
//! [`Capability`]. A provider never sees the journal: the engine writes the intent, calls
//! [`Capability::start`] and writes the result. If the host crashes between intent and result, the
//! engine calls `start` again with an equal call. So **every effect must be repeatable**: a
//! provider first probes whether the effect exists already.

mod code;
mod failure;
pub mod granted;

pub use code::{FailureCode, HostCode};
pub use failure::{Class, Failure};
pub use granted::{Granted, GrantedConnection};

use crate::actor::TraceId;
use crate::id::{EventId, RunId, TenantId};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Call of a workflow to a function of a capability.
#[derive(Debug, Clone)]
pub struct Call {
    pub tenant: TenantId,
    /// Id of the plugin whose workflow makes the call, such as `counter`.
    pub plugin: String,
    pub run: RunId,
    /// Id of the event that started the run.
    pub event: EventId,
    /// Sequence number of the call's journal entry.
    pub sequence: i32,
    /// Idempotency key, the same for every repetition of this call.
    pub idempotency_key: String,
    pub granted: Granted,
    /// Name of the called WIT function, such as `clone` or `send`.
    pub function: String,
    /// Arguments of the WIT function as one JSON object. Its members are named as in WIT, with
    /// snake_case in place of kebab-case.
    pub args: Value,
    pub trace: TraceId,
}

/// Answer of a provider to [`Capability::start`].
#[derive(Debug)]
pub enum Started {
    /// The call has ended, with this answer.
    Done(Value),
    /// The other system still works on the call. The engine stores `handle`, which identifies that
    /// work, and after `poll_after` calls [`Capability::poll`] with it. Another host may do so.
    Pending { handle: Value, poll_after: Duration },
}

/// State of a call for which `start` returned [`Started::Pending`].
#[derive(Debug)]
pub enum Polled {
    Done(Value),
    Running {
        /// Progress of the call in percent. `None`: unknown.
        progress: Option<u8>,
        poll_after: Duration,
    },
    /// The call failed, or its outcome is unknown, and its handle cannot be polled any more. If the
    /// failure is retryable, the engine starts the call again. If [`Capability::poll`] itself
    /// returns `Err`, the engine polls the handle again.
    Ended(Failure),
}

/// Provider of one capability: it carries out the calls of workflows.
#[async_trait]
pub trait Capability: Send + Sync {
    /// Starts a call. If the host crashed before the result was journaled, the engine calls this
    /// function again with an equal call.
    async fn start(&self, call: &Call) -> Result<Started, Failure>;

    /// Asks for the state of a call for which `start` returned [`Started::Pending`] with `handle`.
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure>;

    /// Cleans up the data that the provider stores about a call that has failed for good, because
    /// its failure is not retryable, its retry budget is exhausted, or its grant was withdrawn. If
    /// the host crashes before the cleanup is journaled, the engine repeats the cleanup.
    async fn abandon(&self, _call: &Call, _failure: &Failure) -> Result<(), Failure> {
        Ok(())
    }

    /// Retry budget of this capability's calls: the time during which retryable failures are
    /// repeated. `None`: the engine's own budget applies.
    fn retry_budget(&self) -> Option<Duration> {
        None
    }

    /// Time-out of one call, if it is longer than the engine's own. `None`: the engine's own
    /// time-out applies.
    fn call_timeout(&self) -> Option<Duration> {
        None
    }
}

/// Providers of the capabilities that a host offers, by the capability's name.
pub type Capabilities = BTreeMap<String, Arc<dyn Capability>>;

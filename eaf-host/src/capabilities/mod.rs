//! What plugins can reach. One folder per capability; each registers itself.
//!
//! To add a capability: 1. its WIT package in `sdk/wit/deps/<name>/`; 2. a folder here with a [`Provider`] and
//! `inventory::submit!`; 3. its imports in `plugin/imports/`. The host sorts the providers by name and refuses two of one name.
//!
//! A provider never sees the journal: the engine writes the intent, calls [`Provider::start`], writes the result. After
//! a crash in between, `start` is called again with the same call, so **every effect must be repeatable**: probe before acting.

use async_trait::async_trait;
use eaf_core::actor::TraceId;
use eaf_core::id::{EventId, RunId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// One call of a workflow to a capability.
#[derive(Debug, Clone)]
pub struct Call {
    pub tenant: TenantId,
    /// The plugin's id, such as `dcm`.
    pub plugin: String,
    pub run: RunId,
    /// The event that started the run.
    pub event: EventId,
    pub sequence: i32,
    /// The same on every repetition of this call.
    pub idempotency_key: String,
    /// The name by which the plugin opened the capability, and what an operator allowed under it (JSON).
    pub grant: String,
    pub scope: Value,
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
    /// Under way. The handle is stored; [`Provider::poll`] is called with it after `poll_after`, by any host.
    Pending { handle: Value, poll_after: Duration },
}

#[derive(Debug)]
pub enum Polled {
    Done(Value),
    Running { progress: Option<u8>, poll_after: Duration },
}

/// Why a call failed; becomes the guest's `failure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    pub class: Class,
    pub code: String,
    /// For people, in English; never a secret, never personal data.
    pub message: String,
    pub retry_after_ms: Option<u64>,
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

#[async_trait]
pub trait Provider: Send + Sync {
    /// Begin, or begin again: after a lost result the engine repeats this with an equal call.
    async fn start(&self, call: &Call) -> Result<Started, Failure>;
    /// Ask for an operation that `start` left pending.
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure>;
    /// Is this connection usable? For the tenant admin's test button: says what is wrong in one sentence.
    async fn check(&self, tenant: TenantId, connection: &str) -> Result<(), Failure>;
}

/// What a provider is made from, once, at start.
pub struct Parts {
    pub core: std::sync::Arc<eaf_core::Core>,
}

/// A provider's registration.
pub struct Registration {
    pub name: &'static str,
    pub make: fn(&Parts) -> std::sync::Arc<dyn Provider>,
}

inventory::collect!(Registration);

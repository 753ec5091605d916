//! What plugins can reach. One crate per capability in `eaf-host/capabilities/`; each registers itself.
//!
//! To add a capability: 1. its WIT package in `sdk/wit/deps/<name>/`; 2. a crate `eaf-host/capabilities/<name>` with a
//! [`Provider`], its [`ConnectionType`] with form and texts, and `inventory::submit!`; 3. a line for it in `eaf-host/eaf/src/capabilities.rs`, so that it is linked;
//! 4. its imports in `eaf-host/plugin/src/imports/`; 5. a sentence for each of its failures in `text/failures/{de,en}.toml`.
//! The host sorts the providers by name and refuses two of one name.
//!
//! A server that a tenant names is reached through [`egress::Policy`] and in no other way.
//!
//! A provider never sees the journal: the engine writes the intent, calls [`Provider::start`], writes the result. After
//! a crash in between, `start` is called again with the same call, so **every effect must be repeatable**: probe before acting.

pub mod choices;
pub mod connection_type;
pub mod contact;
pub mod egress;
pub mod logins;
mod observed;
mod report;
pub mod text;

pub use choices::{Asked, Choice, Choices, Wanted, is_like};
pub use connection_type::{ConnectionType, Field, Flaw, Input};
pub use logins::Logins;
pub use observed::{Observed, Seen, Trouble, Watch};
pub use report::{Finding, Kind, Report, Verdict};

use async_trait::async_trait;
use eaf_core::actor::TraceId;
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use text::mails::Templates;

/// What the name of a draft ends with where something stays open for it, such as a session. No stored connection has such
/// a name, so that what is open for that one stays.
pub const DRAFT: &str = "/draft";

/// One call of a workflow to a capability.
#[derive(Debug, Clone)]
pub struct Call {
    pub tenant: TenantId,
    /// The plugin's id, such as `counter`.
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
    Running {
        progress: Option<u8>,
        poll_after: Duration,
    },
    /// The operation itself ended in failure, or in an unknown way: its handle is dead. A class
    /// that may pass makes the engine begin again, where `Err` makes it ask again.
    Ended(Failure),
}

/// Bytes of a failure's message: other systems' words and names are in it, and it is kept in journal and events.
const MOST_TEXT: usize = 4_000;

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
    /// The retry budget of this code: what lasts longer does not end by itself and is for people.
    #[serde(default)]
    pub give_up_after_ms: Option<u64>,
    /// In place of the host's own retry budget: what a person repairs only after the weekend.
    #[serde(default)]
    pub keep_trying_ms: Option<u64>,
}

impl Failure {
    pub fn new(class: Class, code: &str, message: impl Into<String>) -> Self {
        let (code, mut message) = (code.to_owned(), message.into());
        message.truncate(message.floor_char_boundary(MOST_TEXT));
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
    /// Is the call repeated?
    pub fn may_pass(self) -> bool {
        matches!(self, Class::Transient | Class::Capacity | Class::UnknownOutcome)
    }
}

#[async_trait]
pub trait Provider: Send + Sync {
    /// Begin, or begin again: after a lost result the engine repeats this with an equal call.
    async fn start(&self, call: &Call) -> Result<Started, Failure>;
    /// Ask for an operation that `start` left pending.
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure>;
    /// The call has failed and is not begun again: its failure does not pass, lasted too long, or its grant was taken
    /// away. For what the provider itself keeps of a call; asked again when the host dies before it is on record.
    async fn gave_up(&self, _call: &Call, _failure: &Failure) -> Result<(), Failure> {
        Ok(())
    }
    /// One item of a call that is over, once more, because an admin wants it; of a mail its
    /// Message-ID.
    async fn again(&self, _call: &Call, _item: &str) -> Result<Value, Failure> {
        Err(Failure::new(Class::Permanent, "unknown-function", "nothing of this capability is done again"))
    }
    /// The host stops: what is open elsewhere, such as sessions, is closed. Takes seconds at most.
    async fn close(&self) {}
    /// Is this connection usable? For the tenant admin's test button: all that is needed, and what
    /// is wrong.
    async fn check(&self, tenant: TenantId, connection: &str) -> Report;
    /// A connection was deleted or has other settings: what is open for it is closed.
    async fn forget(&self, _tenant: TenantId, _connection: &str) {}
    /// The same, and something is really done over it for the person who asks, such as a mail to
    /// them.
    async fn trial(&self, tenant: TenantId, connection: &str, _actor: ActorId) -> Report {
        self.check(tenant, connection).await
    }
    /// The test of what is not stored, such as what an admin types. `trial`: for whom something is really done over it.
    async fn check_draft(&self, _tenant: TenantId, _draft: &Connection, _trial: Option<ActorId>) -> Report {
        Failure::new(Class::Permanent, "unknown-function", "connections of this capability cannot be tested").into()
    }
    /// What there is in the other system to choose from, with the connection's login and within the grant's scope.
    async fn choices(
        &self,
        _tenant: TenantId,
        _connection: &Connection,
        _asked: &Asked<'_>,
    ) -> Result<Choices, Failure> {
        Err(choices::nothing())
    }
    /// How long a call is repeated, whatever failure that may pass it meets, in place of the engine's own budget.
    fn keep_trying(&self) -> Option<Duration> {
        None
    }
    /// What the data of things has that can be read again; none: nothing is.
    fn observable(&self) -> Option<Value> {
        None
    }
    /// Reads what it manages for a plugin over one connection, in as few calls as there can be, one after the other. What
    /// nothing can be said of is left out.
    async fn observe(&self, _watch: &Watch) -> Observed {
        Observed { seen: Vec::new(), failure: None }
    }
    /// What a failure says of the connection over which it came.
    fn trouble(&self, _failure: &Failure) -> Trouble {
        Trouble::None
    }
    /// How long a call is waited for at most, where it is longer than the engine's patience.
    fn longest_call(&self) -> Option<Duration> {
        None
    }
    /// What may be stored as a connection of this capability.
    fn connections(&self) -> ConnectionType {
        ConnectionType::none()
    }
    /// JSON Schema of the scopes that a grant of this capability may have. What a scope does not name is denied.
    fn scope(&self) -> Value {
        serde_json::json!({ "type": "object", "additionalProperties": false })
    }
}

/// What a provider may ask about the packages whose runs call it. The plugin runtime answers, from the active packages.
pub trait Packages: Send + Sync {
    /// Roles that hold a permission of the plugin, named without its prefix. Empty: no such plugin or permission.
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String>;
    /// None: no such plugin.
    fn mails(&self, plugin: &str) -> Option<Arc<Templates>>;
    /// One of the plugin's views. None: no such plugin or view.
    fn view(&self, plugin: &str, name: &str) -> Option<ViewType>;
}

/// What a provider is made from, once, at start.
pub struct Parts {
    pub core: Arc<eaf_core::Core>,
    pub packages: Arc<dyn Packages>,
    /// Which servers a tenant's connection may name.
    pub egress: Arc<egress::Policy>,
    /// Refused logins at those servers.
    pub logins: Arc<Logins>,
    /// Where people reach this host, without a slash at the end: links in mails begin with it.
    pub public_url: String,
}

/// A provider's registration.
pub struct Registration {
    pub name: &'static str,
    pub make: fn(&Parts) -> Arc<dyn Provider>,
}

inventory::collect!(Registration);

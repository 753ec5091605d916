//! Contract with a plugin's domain component: the JSON documents, and the trait that calls it.
//!
//! `docs/guides/contract.md` describes the documents. Unknown members are ignored, so that a newer
//! version may add some. Names have no plugin prefix (`request-vm`, `request/…`); the host adds and
//! removes the prefix.

mod context;
mod description;
#[cfg(test)]
mod documents;
mod people;
pub mod person;

pub use context::{Context, ContextActor, Principal};
pub use description::{
    Column, ColumnType, CommandType, Description, EventType, Permission, ReadRule, Thing, Through, Trigger, ViewType,
    WorkflowType,
};
pub use people::{PeopleRef, ResolvedPeople};

use crate::actor::ActorKind;
use crate::id::{ActorId, EventId, TenantId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Command {
    pub name: String,
    pub version: u16,
    pub body: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// Guarded stream: its version must still hold at the append. A command may append events to
    /// guarded streams alone.
    Guard,
    /// Stream that is only read: its version may change before the append.
    Read,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRef {
    /// Name of the stream, `category/key`, without the plugin's prefix.
    pub stream: String,
    pub mode: StreamMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadedStream {
    pub stream: String,
    pub mode: StreamMode,
    /// Version of the stream: its number of events. 0: the stream does not exist.
    pub version: u64,
    /// State that this package folded from the events before `events`. `None`: the stream has no
    /// snapshot.
    pub snapshot: Option<Value>,
    /// Events after the snapshot. All events of the stream, if `snapshot` is `None`.
    pub events: Vec<Recorded>,
}

/// Event of the log as the plugin gets it, with its personal fields in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    pub id: EventId,
    pub stream: String,
    pub version: u64,
    pub position: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub schema: u16,
    pub data: Value,
    /// Time of the append, in milliseconds since 1970, by the database's clock.
    pub at: i64,
    pub actor: ActorId,
    pub actor_kind: ActorKind,
    pub trace_id: String,
    /// Span of the command in its trace; not for guests.
    #[serde(skip)]
    pub span_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BoundaryInput {
    pub command: Command,
    pub context: Context,
    pub loaded: Vec<LoadedStream>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BoundaryOutput {
    pub streams: Vec<StreamRef>,
    /// References to people whose actor ids the decision needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PeopleRef>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecideInput {
    pub command: Command,
    pub context: Context,
    pub streams: Vec<LoadedStream>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<ResolvedPeople>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Accepted(Accepted),
    Rejected(Rejection),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accepted {
    pub events: Vec<NewEvent>,
    /// View row of the command's thing, to which the answer's `Location` leads. `None`: no row.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// Expected result of a rehearsed command (`?dry-run`), never recorded. `None`: none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldInput {
    pub stream: String,
    /// State that this package folded from the events before `events`. `None`: `events` begin with
    /// the stream's first event.
    pub snapshot: Option<Value>,
    pub events: Vec<Recorded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldOutput {
    /// State folded from `snapshot` and `events`.
    pub state: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Subject {
    pub view: String,
    pub key: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewEvent {
    pub stream: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub schema: u16,
    pub data: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectionKind {
    /// The command's body has a wrong value; HTTP status 422.
    Invalid,
    /// The present state does not permit the command; HTTP status 409.
    Conflict,
    /// The caller may not give the command; HTTP status 403.
    Forbidden,
    /// The thing that the command is about does not exist; HTTP status 404.
    NotFound,
}

/// Refusal of a command by a rule of the domain. The host renders the package's text
/// `rejections.<code>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    pub kind: RejectionKind,
    pub code: String,
    #[serde(default)]
    pub params: Map<String, Value>,
    #[serde(default)]
    pub fields: Vec<FieldError>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer to the wrong value in the command's body.
    pub pointer: String,
    pub code: String,
    #[serde(default)]
    pub params: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeysInput {
    pub view: String,
    pub events: Vec<Recorded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeysOutput {
    pub keys: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectInput {
    pub view: String,
    pub events: Vec<Recorded>,
    /// Existing rows whose keys [`Domain::keys`] returned: the columns of each row, by the row's
    /// key.
    pub rows: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectOutput {
    pub changes: Vec<RowChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum RowChange {
    /// Writes a whole row. A column that `row` does not name becomes null.
    Upsert {
        key: String,
        row: Map<String, Value>,
    },
    /// Writes some columns of an existing row.
    Patch {
        key: String,
        set: Map<String, Value>,
    },
    Delete {
        key: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionsInput {
    pub view: String,
    /// Rows of one view: an object of columns each, with the row's key as `key`.
    pub rows: Vec<Map<String, Value>>,
    pub context: Context,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionsOutput {
    /// Actions of each row, in the order of the rows.
    pub items: Vec<RowActions>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowActions {
    /// Person or event for which the row's thing waits, from the package's text `waiting.<code>`.
    /// `None`: the thing waits for nothing.
    #[serde(default)]
    pub waiting_on: Option<Message>,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Action {
    pub command: String,
    pub allowed: bool,
    /// Reason why the action is not allowed, from the package's text `rejections.<code>`, like a
    /// command's rejection. `None` for an allowed action.
    #[serde(default)]
    pub why: Option<Message>,
    /// Members of the command's body whose values follow from the row.
    #[serde(default)]
    pub body: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub code: String,
    #[serde(default)]
    pub params: Map<String, Value>,
}

/// Failure of a call of a domain component: a bug or a limit, in contrast to a [`Rejection`].
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    #[error("the component trapped: {0}")]
    Trap(String),
    #[error("the component used up its time")]
    Deadline,
    #[error("the component's answer is not the agreed document: {0}")]
    Malformed(#[source] serde_json::Error),
    #[error("the host could not run the component: {0}")]
    Host(String),
    /// The host did not call the component: it is busy, or has failed several times in a row.
    #[error("the component is not called for now: {why}")]
    Unavailable { why: &'static str, retry_after: Duration },
}

/// Domain component of an active package. The host implements the trait over WebAssembly; tests may
/// implement it in Rust.
#[async_trait]
pub trait Domain: Send + Sync {
    /// Id of the plugin, such as `dcm`.
    fn plugin(&self) -> &str;
    /// SHA-256 of the package, in hex.
    fn digest(&self) -> &str;
    /// Number of the generation under which the package is active.
    fn generation(&self) -> i64;
    fn description(&self) -> &Description;

    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError>;
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError>;
    /// Folds events into a state. `None`: the component does not fold, so it always gets all events
    /// of a stream.
    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError>;
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError>;
    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError>;
    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError>;
    /// Says whether [`actions`](Self::actions) may be called for this row together with other rows.
    fn standing(&self, _tenant: TenantId, _view: &str, _key: &str) -> Standing {
        Standing::Good
    }
}

/// Whether [`Domain::actions`] may be called for a row. A row that makes the component trap would
/// make the whole call fail, so the component is called for that row alone or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// The row made the component trap some time ago: the component is called for this row alone.
    OnTrial,
    /// The row made the component trap recently: the component is not called for this row.
    SetAside,
}

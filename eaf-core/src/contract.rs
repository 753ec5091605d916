//! The seam to a plugin's domain component: the documents that cross it and the trait behind which it runs.
//!
//! Shapes are described in `docs/guides/contract.md`. Unknown members are ignored, so that documents may grow.
//! Names here are the plugin's own (`request-vm`, `request/…`); the host adds and removes the plugin's id.

use crate::actor::ActorKind;
use crate::id::{ActorId, CommandId, EventId, TenantId};
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

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Context {
    /// Milliseconds since 1970.
    pub now: i64,
    pub tenant: TenantId,
    pub actor: ContextActor,
    /// `de` or `en`.
    pub locale: String,
    pub settings: Map<String, Value>,
    /// 32 random bytes, hex.
    pub seed: String,
    /// Same on every retry with the same Idempotency-Key: the natural id for a thing that a command creates.
    pub command_id: CommandId,
    pub trace_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContextActor {
    pub id: ActorId,
    pub kind: ActorKind,
    pub name: String,
    pub roles: Vec<String>,
    /// Without the plugin's prefix.
    pub permissions: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// Its version must still hold at commit; events may be written to it.
    Guard,
    /// Reference data: read, not guarded.
    Read,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRef {
    /// `category/key`.
    pub stream: String,
    pub mode: StreamMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadedStream {
    pub stream: String,
    pub mode: StreamMode,
    /// Number of events; 0: does not exist.
    pub version: u64,
    /// What this package made of the events before the first of `events`.
    pub snapshot: Option<Value>,
    /// Those after the snapshot, or all.
    pub events: Vec<Recorded>,
}

/// An event as it was recorded, personal fields in clear.
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
    /// Milliseconds since 1970, the database's clock.
    pub at: i64,
    pub actor: ActorId,
    pub actor_kind: ActorKind,
    pub trace_id: String,
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
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecideInput {
    pub command: Command,
    pub context: Context,
    pub streams: Vec<LoadedStream>,
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
    /// The view row that shows what the command was about; becomes the answer's Location.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// What it would come to, for a rehearsal (`?dry-run`) alone; never recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldInput {
    pub stream: String,
    /// What this package made of the events before the first of `events`; none: there are none.
    pub snapshot: Option<Value>,
    pub events: Vec<Recorded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldOutput {
    /// What it makes of both together.
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
    /// 422
    Invalid,
    /// 409
    Conflict,
    /// 403
    Forbidden,
    /// 404
    NotFound,
}

/// In what a package says to people: stands for the names of the tenant's members who hold this permission of the package.
/// The host puts the names in when it answers; what is recorded keeps the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleRef {
    /// Without the plugin's prefix.
    pub permission: String,
    #[serde(default)]
    pub except: Vec<ActorId>,
}

impl PeopleRef {
    /// The only member of the object that is a reference.
    pub const MARK: &str = "x-eaf-people";
}

/// A domain "no": data, rendered by the host from the package's locales (`rejections.<code>`).
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
    /// JSON pointer into the command's body.
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
    /// The rows named by `keys`, those that exist: key to columns.
    pub rows: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectOutput {
    pub changes: Vec<RowChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum RowChange {
    /// The whole row; a column that is not named becomes null.
    Upsert {
        key: String,
        row: Map<String, Value>,
    },
    /// Some columns of a row that exists.
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
    /// Columns and `key` of each row.
    pub rows: Vec<Map<String, Value>>,
    pub context: Context,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionsOutput {
    /// One per row, in order.
    pub items: Vec<RowActions>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowActions {
    /// Rendered from `waiting.<code>`; none when nothing is awaited.
    #[serde(default)]
    pub waiting_on: Option<Message>,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Action {
    pub command: String,
    pub allowed: bool,
    /// Why not; rendered from `rejections.<code>`, the same text as the command's refusal.
    #[serde(default)]
    pub why: Option<Message>,
    /// Members of the command's body that follow from the row.
    #[serde(default)]
    pub body: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub code: String,
    #[serde(default)]
    pub params: Map<String, Value>,
}

/// What a package says of itself; made by its `describe` component when it is built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    pub commands: Vec<CommandType>,
    pub events: Vec<EventType>,
    pub views: Vec<ViewType>,
    pub permissions: Vec<Permission>,
    #[serde(default)]
    pub workflows: Vec<WorkflowType>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandType {
    pub name: String,
    pub version: u16,
    /// Without the plugin's prefix; none: only the system (a workflow) may give it.
    pub permission: Option<String>,
    /// JSON Schema of the body. `x-eaf-personal` marks personal members.
    pub schema: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventType {
    #[serde(rename = "type")]
    pub kind: String,
    pub schema_version: u16,
    /// `x-eaf-personal: {"subject": "<sibling member>"}` marks a member that is encrypted under the key of the
    /// person whose actor id stands in the sibling.
    pub schema: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewType {
    pub name: String,
    pub version: u16,
    pub columns: Vec<Column>,
    /// Who reads which rows; a caller needs one of these.
    pub read: Vec<ReadRule>,
    /// Event types that matter for this view.
    pub events: Vec<String>,
    /// What its rows stand for; none: nothing that one would look for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<Thing>,
}

/// A business thing: by this the audit names what an act was about, and finds its acts by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// The text column with its name.
    pub name: String,
    /// Categories of the streams whose key is the row's.
    pub streams: Vec<String>,
    /// Categories of the streams whose key is the name in small letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ColumnType,
    #[serde(default)]
    pub filter: bool,
    #[serde(default)]
    pub sort: bool,
    /// Rows are found by words in this text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    Text,
    Integer,
    Boolean,
    /// Milliseconds since 1970 in JSON on the plugin's side, RFC 3339 in the API.
    Timestamp,
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRule {
    pub permission: String,
    /// A text column that must equal the caller's actor id; none: all rows.
    #[serde(default)]
    pub own: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Permission {
    pub name: String,
    /// Roles that hold it: requester, approver, admin, auditor.
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkflowType {
    pub name: String,
    pub version: u16,
    pub triggers: Vec<Trigger>,
    /// A command that the host gives when a call of a run has to be repeated for longer than a moment, and again when
    /// it went through: body {key, stalled, code, message}.
    #[serde(default)]
    pub on_stall: Option<String>,
    /// A command that the host gives before a run ends without having returned a result, however that came about:
    /// body {key, event, code, message}.
    #[serde(default)]
    pub on_failure: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trigger {
    pub event: String,
    /// JSON pointer to the id of the business thing, for lists, `on_stall` and `on_failure`.
    pub key: String,
    /// JSON pointer to the actor id under whose key the journal is encrypted.
    pub subject: String,
}

/// Why the domain component could not answer. Always a bug or a limit, never a domain "no".
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    #[error("the component stopped: {0}")]
    Trap(String),
    #[error("the component used up its time")]
    Deadline,
    #[error("the component answered with something that is not the agreed document: {0}")]
    Malformed(#[source] serde_json::Error),
    #[error("the host could not run the component: {0}")]
    Host(String),
    /// It was not asked at all.
    #[error("the component is not asked for now: {why}")]
    Unavailable { why: &'static str, retry_after: Duration },
}

/// A plugin's domain, ready to be asked. The host implements it over WebAssembly; tests may implement it in Rust.
#[async_trait]
pub trait Domain: Send + Sync {
    /// The plugin's id, such as `dcm`.
    fn plugin(&self) -> &str;
    /// SHA-256 of the package, hex.
    fn digest(&self) -> &str;
    /// The number of the active generation that this package is.
    fn generation(&self) -> i64;
    fn description(&self) -> &Description;

    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError>;
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError>;
    /// None: the component does not fold, and is always sent all events.
    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError>;
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError>;
    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError>;
    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError>;
    /// May this row be asked about beside others?
    fn standing(&self, _tenant: TenantId, _view: &str, _key: &str) -> Standing {
        Standing::Good
    }
}

/// What is known of a row: one that stops the component takes the answers from all that are asked about with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// It stopped the component a while ago, and is asked about by itself.
    OnTrial,
    /// It stopped the component just now.
    SetAside,
}

#[cfg(test)]
mod documents;

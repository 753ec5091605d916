//! JSON documents between host and component, whose shapes are described in
//! `docs/guides/contract.md`. Unknown members are ignored.

use crate::People;
use crate::settings::{self, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Command {
    pub name: String,
    pub version: u16,
    pub body: Value,
}

/// Circumstances of a call: all that the host passes besides command and streams.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Context {
    /// Time of the call, in milliseconds since 1970.
    pub now: i64,
    pub tenant: String,
    pub actor: Actor,
    /// Language of the caller: `de` or `en`.
    pub locale: String,
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Seed for random choices: 32 random bytes in hexadecimal.
    pub seed: String,
    /// Id of the command, the same for every repetition with the same idempotency key. A command
    /// that creates a thing uses this id as the id of the thing.
    pub command_id: String,
    pub trace_id: String,
}

impl Context {
    /// Settings of the plugin that hold for this command. A setting that no admin has set has its
    /// default.
    pub fn settings<S: Settings>(&self) -> S {
        settings::read(&self.settings)
    }

    /// Tells whether the actor holds a permission; the system holds all of them.
    pub fn may(&self, permission: &str) -> bool {
        self.actor.kind == ActorKind::System || self.actor.permissions.iter().any(|p| p == permission)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Actor {
    pub id: String,
    pub kind: ActorKind,
    /// Name of the actor, which is personal data; empty for the system.
    pub name: String,
    #[serde(default)]
    pub roles: Vec<String>,
    /// Permissions that the actor holds, without the plugin's prefix.
    #[serde(default)]
    pub permissions: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// Persons whose deputy the caller is at present.
    #[serde(default)]
    pub stands_in_for: Vec<Principal>,
    /// Actor ids of the persons whose manager the caller is.
    #[serde(default)]
    pub manages: Vec<String>,
    /// Cost centre of the caller; empty if the caller's cost centre is unknown.
    #[serde(default)]
    pub cost_centre: String,
}

/// Person for whom the caller stands in, with what that person may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Actor id of the person.
    pub id: String,
    /// Permissions that the person holds, without the plugin's prefix.
    pub permissions: Vec<String>,
    pub groups: Vec<String>,
    /// Actor ids of the persons whose manager the person is.
    pub manages: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    #[default]
    Person,
    Service,
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    Guard,
    Read,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRef {
    pub stream: String,
    pub mode: StreamMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadedStream {
    pub stream: String,
    pub mode: StreamMode,
    /// Number of events in the stream; 0: the stream does not exist.
    pub version: u64,
    /// Snapshot: the state that this package folded from the events before the first one in
    /// `events`. `None`: there is no snapshot, and `events` contains every event of the stream.
    #[serde(default)]
    pub snapshot: Option<Value>,
    /// Events after the snapshot; without a snapshot, all events of the stream.
    pub events: Vec<Recorded>,
}

/// A recorded event, with its personal members in clear text. A personal member is null once its
/// person has been erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    pub id: String,
    pub stream: String,
    pub version: u64,
    pub position: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub schema: u16,
    pub data: Value,
    /// Time at which the event was recorded, in milliseconds since 1970.
    pub at: i64,
    pub actor: String,
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
    /// References to people whose actor ids the decision needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<People>,
}

/// Reference to people, with the actor ids of the people to whom the reference leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedPeople {
    pub reference: People,
    pub actors: Vec<String>,
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

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Accepted {
    pub events: Vec<NewEvent>,
    #[serde(default)]
    pub subject: Option<Subject>,
    /// Expected outcome, such as a price, which the answer to a rehearsal (`?dry-run`) contains.
    /// The outcome is never recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldInput {
    pub stream: String,
    #[serde(default)]
    pub snapshot: Option<Value>,
    pub events: Vec<Recorded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoldOutput {
    pub state: Value,
}

/// Row of a view that shows the thing, such as a request, which a command concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The command is wrong in itself: HTTP status 422.
    Invalid,
    /// The command contradicts the present state: HTTP status 409.
    Conflict,
    /// The caller may not give the command: HTTP status 403.
    Forbidden,
    /// The command names a thing that does not exist: HTTP status 404.
    NotFound,
}

/// A rejection by the domain, whose text the host renders from `rejections.<code>` in the package's
/// locales.
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
    /// JSON pointer to the wrong member of the command's body.
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
    /// Existing rows among those whose keys `keys` returned, by key. Each row is an object with one
    /// member per column.
    pub rows: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectOutput {
    pub changes: Vec<RowChange>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum RowChange {
    Upsert { key: String, row: Map<String, Value> },
    Patch { key: String, set: Map<String, Value> },
    Delete { key: String },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionsInput {
    pub view: String,
    /// Rows whose actions the host asks for. Each row is an object with `key` and one member per
    /// column.
    pub rows: Vec<Map<String, Value>>,
    pub context: Context,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionsOutput {
    pub items: Vec<RowActions>,
}

/// Actions of one row for the caller, and a message that says what the row waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RowActions {
    #[serde(default)]
    pub waiting_on: Option<Message>,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub command: String,
    pub allowed: bool,
    #[serde(default)]
    pub why: Option<Message>,
    /// Members of the command's body whose values come from the row, such as an id. The caller adds
    /// the other members.
    #[serde(default)]
    pub body: Map<String, Value>,
}

/// A sentence that the host renders from the package's locales.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub code: String,
    #[serde(default)]
    pub params: Map<String, Value>,
}

impl Message {
    pub fn new(code: &str) -> Self {
        Message { code: code.into(), params: Map::new() }
    }

    pub fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// Input of a run: the event that started it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunInput {
    pub event: Recorded,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    pub commands: Vec<CommandType>,
    pub events: Vec<EventType>,
    pub views: Vec<ViewType>,
    pub permissions: Vec<PermissionType>,
    #[serde(default)]
    pub workflows: Vec<WorkflowType>,
    /// JSON Schema of the settings that a tenant's admins set. `None`: the package has no settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandType {
    pub name: String,
    pub version: u16,
    /// Permission that the caller needs, without the plugin's prefix. `None`: only the system may
    /// give the command.
    pub permission: Option<String>,
    pub schema: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventType {
    #[serde(rename = "type")]
    pub kind: String,
    pub schema_version: u16,
    pub schema: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ViewType {
    pub name: String,
    pub version: u16,
    pub columns: Vec<ColumnType>,
    pub read: Vec<ReadRuleType>,
    pub events: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<ThingType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_departure: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThingType {
    pub name: String,
    pub streams: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ColumnType {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub filter: bool,
    pub sort: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadRuleType {
    pub permission: String,
    pub own: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ThroughType>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThroughType {
    pub column: String,
    pub view: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_by: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PermissionType {
    pub name: String,
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkflowType {
    pub name: String,
    pub version: u16,
    pub triggers: Vec<TriggerType>,
    pub on_stall: Option<String>,
    pub on_failure: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TriggerType {
    pub event: String,
    pub key: String,
    pub subject: String,
}

#[cfg(test)]
mod tests;

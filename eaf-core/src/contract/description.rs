//! Description of a package: what it declares to the host.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Declarations of a package. Its `describe` component returns them when the package is built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    pub commands: Vec<CommandType>,
    pub events: Vec<EventType>,
    pub views: Vec<ViewType>,
    pub permissions: Vec<Permission>,
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
    /// give the command, for example in a workflow.
    pub permission: Option<String>,
    /// JSON Schema of the command's body. `x-eaf-personal` marks personal members, see
    /// [`personal`](crate::crypto::personal).
    pub schema: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventType {
    #[serde(rename = "type")]
    pub kind: String,
    pub schema_version: u16,
    /// JSON Schema of the event's data. `x-eaf-personal` marks personal members, which are sealed.
    pub schema: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewType {
    pub name: String,
    pub version: u16,
    pub columns: Vec<Column>,
    /// Rules of access to the view. A caller needs the permission of at least one rule.
    pub read: Vec<ReadRule>,
    /// Types of the events that the view projects.
    pub events: Vec<String>,
    /// Thing that each row represents, such as a VM. `None`: people do not search the rows by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<Thing>,
    /// Command for `{key}` that the host gives as the system for each open row that may wait for
    /// people who have left, see [`departure`](crate::departure). `None`: the domain is not
    /// notified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_departure: Option<String>,
    /// Pointers to the actor ids in a row that are people's, such as `/decisions/*/approver_id`, of
    /// whom the API gives the names. `*` means each element of a list and each member of an object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

impl ViewType {
    /// Columns with references to the people who are asked, as the read rules name them.
    pub fn asked_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| self.read.iter().any(|rule| rule.asked.as_ref() == Some(&column.name)))
    }
}

/// Thing that each row of a view represents. The audit trail finds acts by the thing's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Name of the text column that contains the thing's name.
    pub name: String,
    /// Categories of the streams whose key is the row's key: `vm` for `vm/0198…`.
    pub streams: Vec<String>,
    /// Categories of the streams whose key is the thing's name in lower case.
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
    /// Whether full-text search finds rows by words of this column.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    Text,
    Integer,
    Boolean,
    /// Instant: milliseconds since 1970 in the plugin's JSON, RFC 3339 in the API.
    Timestamp,
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRule {
    pub permission: String,
    /// Name of a text column. The rule permits the rows in which it equals the caller's actor id.
    #[serde(default)]
    pub own: Option<String>,
    /// Name of a json column with a [`PeopleRef`](super::PeopleRef). The rule permits the rows in
    /// which it refers to the caller, or to a person for whom the caller stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Row of another view that the caller must be permitted to read. Without `own`, `asked` and
    /// `through`, the rule permits all rows; with two of them, the view is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Through>,
}

impl ReadRule {
    /// Name of the column that the rule compares. `None`: the rule permits all rows.
    pub fn column(&self) -> Option<&str> {
        let through = self.through.as_ref().map(|through| &through.column);
        self.own.as_ref().or(self.asked.as_ref()).or(through).map(String::as_str)
    }
}

/// Reference of a view's rows to the rows of another view of the package. Who may read the other
/// row may read the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Through {
    /// Name of a text column with `filter`, so with an index. Its value is the key of the other
    /// row, or the value of the other row's column `open_by`; null permits no one.
    pub column: String,
    /// Name of the other view. Only its rules `own`, `asked` and those for all rows apply, so it
    /// may have no rule `through` of its own.
    pub view: String,
    /// Name of a text column of the other view with `filter`. The rule then holds while a row of
    /// the other view with this value is open: its column `terminal` is false. `None`: the other
    /// row is found by its key, and permits in each state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_by: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Permission {
    pub name: String,
    /// Roles that hold the permission, out of [`ROLES`](crate::directory::ROLES).
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkflowType {
    pub name: String,
    pub version: u16,
    pub triggers: Vec<Trigger>,
    /// Command that the host gives when a call of a run stalls, and again when that call has
    /// succeeded. Body: `{key, stalled, code, message}`. `None`: the domain is not notified.
    #[serde(default)]
    pub on_stall: Option<String>,
    /// Command that the host gives before a run ends without a result, for any reason. Body:
    /// `{key, event, code, message}`. `None`: the domain is not notified.
    #[serde(default)]
    pub on_failure: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trigger {
    pub event: String,
    /// JSON pointer into the event's data to the id of the thing that the run is about. The id
    /// becomes the run's key in lists, in `on_stall` and in `on_failure`.
    pub key: String,
    /// JSON pointer into the event's data to the person under whose key the journal is sealed.
    pub subject: String,
}

//! Names of the JSON members of a row that the host adds or interprets, in every plugin's views.
//!
//! Serialization of rows, their API description and the check of column names all use these
//! constants.

pub const KEY: &str = "key";
pub const POSITION: &str = "position";
/// Name of the plugin's column for the status: a code, for which the locales have a text.
pub const STATUS: &str = "status";
/// Name of the JSON member that holds the text of [`STATUS`] in the caller's locale.
pub const STATUS_TEXT: &str = "status_text";
/// Name of the plugin's column that says whether the thing has reached its final state. The host
/// assumes false where a view lacks the column.
pub const TERMINAL: &str = "terminal";
pub const WAITING_ON: &str = "waiting_on";
pub const WAITING: &str = "waiting";
pub const ACTIONS: &str = "actions";
/// Name of the JSON member that holds the time of the last observation, in views of observed
/// things.
pub const OBSERVED_AT: &str = "observed_at";

/// Names that no column can have, since the host adds these members itself.
pub const RESERVED: [&str; 8] = ["tenant_id", KEY, POSITION, STATUS_TEXT, WAITING_ON, WAITING, ACTIONS, OBSERVED_AT];

//! Names of the members of a row that the host adds or interprets, in every plugin's views.
//!
//! Serialization of rows, their API description and the check of column names all use these
//! constants.

pub const KEY: &str = "key";
pub const POSITION: &str = "position";
/// Column of the plugin: a code, whose text the locales have.
pub const STATUS: &str = "status";
/// Text of [`STATUS`] in the caller's locale.
pub const STATUS_TEXT: &str = "status_text";
/// Column of the plugin: whether the thing has reached its final state. False where a view lacks
/// it.
pub const TERMINAL: &str = "terminal";
pub const WAITING_ON: &str = "waiting_on";
pub const WAITING: &str = "waiting";
pub const ACTIONS: &str = "actions";
/// Time of the last observation, in views of observed things.
pub const OBSERVED_AT: &str = "observed_at";

/// Names that no column can have, since the host adds these members itself.
pub const RESERVED: [&str; 8] = ["tenant_id", KEY, POSITION, STATUS_TEXT, WAITING_ON, WAITING, ACTIONS, OBSERVED_AT];

//! Names of the JSON members of a row that the host adds or interprets, in the views of every
//! plugin.
//!
//! The serialization of rows, their description in the API and the check of column names all use
//! these constants.

pub const KEY: &str = "key";
pub const POSITION: &str = "position";
/// Name of the column with the status of the row's thing: a code, for which the package has a text.
pub const STATUS: &str = "status";
/// Name of the JSON member with the text of [`STATUS`] in the caller's language, which the host
/// adds to a row.
pub const STATUS_TEXT: &str = "status_text";
/// Name of the column that says whether the row's thing has reached its final state. If a view
/// lacks the column, the host assumes that no thing has.
pub const TERMINAL: &str = "terminal";
/// Name of the json column with the reference to the people for whom the row's thing waits now, a
/// list of such references, or null. A person's open items are found by it.
pub const WAITING_FOR: &str = "waiting_for";
pub const WAITING_ON: &str = "waiting_on";
pub const WAITING: &str = "waiting";
pub const ACTIONS: &str = "actions";
/// Name of the JSON member with the time at which the row's thing was last observed in another
/// system. Only views of such things have it.
pub const OBSERVED_AT: &str = "observed_at";

/// Name of the JSON member with the names of the people whose actor ids the row contains. Only
/// views that declare such ids have it.
pub const PEOPLE: &str = "people";

/// Names that no column of a view can have, because the host adds members with these names to rows.
pub const RESERVED: [&str; 9] =
    ["tenant_id", KEY, POSITION, STATUS_TEXT, WAITING_ON, WAITING, ACTIONS, OBSERVED_AT, PEOPLE];

//! The members of a row in the API that have a meaning for the host, whatever the product is.
//!
//! Named here and nowhere else: whoever makes rows, whoever describes them and whoever refuses columns that would
//! stand in their way.

pub const KEY: &str = "key";
pub const POSITION: &str = "position";
/// A column of the product's, with a text in its locales.
pub const STATUS: &str = "status";
/// That text.
pub const STATUS_TEXT: &str = "status_text";
/// A column of the product's: nothing more will happen to the row. Rows without such a column have it as false.
pub const TERMINAL: &str = "terminal";
pub const WAITING_ON: &str = "waiting_on";
pub const WAITING: &str = "waiting";
pub const ACTIONS: &str = "actions";
/// When the thing that the row is about was read last, where the host reads it again by itself.
pub const OBSERVED_AT: &str = "observed_at";

/// What the host puts into rows: no column can be called so.
pub const OF_THE_HOST: [&str; 8] = ["tenant_id", KEY, POSITION, STATUS_TEXT, WAITING_ON, WAITING, ACTIONS, OBSERVED_AT];

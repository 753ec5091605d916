//! Views: the typed table of each view that a plugin declares, and the queries on it.
//!
//! A view can have several tables: see [`copies()`]. The name of a table contains the digest of the
//! view's definition, so that a changed definition has another table. During a rolling upgrade each
//! host reads the table of its own package. SQL names only columns that `eaf.create_view` accepted
//! under that digest.

mod active_definitions;
mod asked;
mod changes;
mod copies;
mod create_table;
mod cursor;
mod open_items;
mod package_view;
mod query;
mod row;
pub mod row_members;
mod row_rules;
mod search;
mod table;
pub mod things;

pub use asked::ME;
pub use changes::{BuildId, Changed, Changes, InvalidBuildId, ViewPosition, changed_since, current_position};
pub use copies::{Copy, State, copies};
pub use create_table::create_table;
pub use open_items::{OpenItem, OpenItems, Relation, open_items, waiting_keys};
pub use package_view::{PackageView, check_through};
pub use query::{Direction, Filter, MAX_LIMIT, PARAMETERS, Page, Query, Sort, get, positions, query};
pub use row::Row;
pub use row_rules::may_read;
pub use search::MAX_SEARCH_LENGTH;
pub use table::check;

pub(crate) use active_definitions::set_active_definitions;
pub(crate) use row::{Format, decode};
pub(crate) use table::{Table, quoted};

use crate::{db, directory, event_store};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the caller may not read the view {0}")]
    Forbidden(String),
    #[error("the view has no column {column} that can be filtered by")]
    UnknownFilter { column: String },
    #[error("the view has no column {column} that can be sorted by")]
    UnknownSort { column: String },
    #[error("the value does not fit the column {column}")]
    FilterValue { column: String },
    #[error("the act could not be recorded")]
    Audit(#[from] crate::audit::Error),
    #[error("the cursor is not of this query")]
    Cursor,
    #[error("the limit must be between 1 and {MAX_LIMIT}")]
    Limit,
    #[error("the view has not reached the position in time")]
    NotReached,
    #[error("the position belongs to another epoch of the log")]
    OtherEpoch,
    #[error("view {view}: {why}")]
    Definition { view: String, why: String },
    #[error("the view {0} was never created")]
    NotCreated(String),
    #[error("the table of view {view} could not be created")]
    Create {
        view: String,
        #[source]
        cause: sqlx::Error,
    },
    #[error("the active definitions could not be changed")]
    Activate(#[source] sqlx::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the view could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the next attempt of the parked consumers could not be scheduled")]
    Retry(#[source] sqlx::Error),
    #[error("the tenants could not be listed")]
    Tenants(#[source] directory::Error),
    #[error("the checkpoints could not be read")]
    Checkpoints(#[source] sqlx::Error),
    #[error("the log could not be read")]
    Log(#[from] event_store::Error),
}

/// Converts an error of the database to an error of the view. If the table is missing, the view was
/// never created: [`Error::NotCreated`].
fn read_error(view: &str, cause: sqlx::Error) -> Error {
    match cause.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("42P01") => Error::NotCreated(view.to_owned()),
        _ => Error::Read(cause),
    }
}

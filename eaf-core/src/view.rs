//! Views: one typed table per view that a plugin describes, and the queries on it.
//!
//! Beside the table that is read there may be copies: see [`copies()`].
//!
//! A view's table is named after the digest of its definition, so that a definition and its table cannot come apart: a
//! changed definition is a new table, and while an upgrade rolls out each host reads the table that its package means.
//! Only columns that `eaf.create_view` has accepted under that digest can be named in SQL.

mod changed;
mod copies;
mod create;
mod cursor;
pub mod member;
mod own;
mod query;
mod row;
mod search;
mod serve;
mod table;
pub mod things;
mod wait;

pub use changed::{Changed, Changes, Fold, Stand, changed_since, stand};
pub use copies::{Copy, State, copies};
pub use create::create;
pub use own::may_read;
pub use query::{Direction, Filter, MAX_LIMIT, PARAMETERS, Page, Query, Sort, get, positions, query};
pub use row::Row;
pub use search::LONGEST_SEARCH;
pub use table::check;
pub use wait::wait_for;

pub(crate) use row::{Side, decode};
pub(crate) use serve::serve;
pub(crate) use table::{Table, quoted};

use crate::consumers::checkpoint;
use crate::{db, directory, event_store};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the caller may not read the view {0}")]
    Forbidden(String),
    #[error("{column} is not a column that can be filtered by")]
    UnknownFilter { column: String },
    #[error("{column} is not a column that can be sorted by")]
    UnknownSort { column: String },
    #[error("the value does not fit the column {column}")]
    FilterValue { column: String },
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
    #[error("the cursor is not one of this query")]
    Cursor,
    #[error("the limit must be between 1 and {MAX_LIMIT}")]
    Limit,
    #[error("the view has not come so far yet")]
    Behind,
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
    #[error("which views are active could not be written")]
    Serve(#[source] sqlx::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the view could not be read")]
    Read(#[source] sqlx::Error),
    #[error("what is parked could not be set to be tried again")]
    Retry(#[source] sqlx::Error),
    #[error("the tenants could not be listed")]
    Tenants(#[source] directory::Error),
    #[error(transparent)]
    Parked(#[from] checkpoint::Error),
    #[error("the log could not be read")]
    Log(#[from] event_store::Error),
}

/// A table that does not exist is a view that was never created; all else is the database's trouble.
fn read_error(view: &str, cause: sqlx::Error) -> Error {
    match cause.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("42P01") => Error::NotCreated(view.to_owned()),
        _ => Error::Read(cause),
    }
}

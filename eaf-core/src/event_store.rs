//! Event log: one per tenant, gap-free and in commit order, each row chained to the one before by
//! its hash.
//!
//! Requests that wait at the same time are written by one SQL function in one autocommit statement
//! ([`Appender`]): simple ones by `eaf.append_plain`, any by `eaf.append`. Readers ask for `pos >
//! checkpoint`, without gap logic.
//! `migrations/0002_log.sql` documents the columns.

mod append;
mod append_plain;
mod appender;
mod epoch;
mod history;
mod position;
mod read;
mod snapshot;
mod stored;

pub use append::{AppendRequest, Fence, Outcome, PendingEvent, StreamWrite, append_batch};
#[cfg(feature = "testing")]
pub use append_plain::append_plain_for_tests;
pub use appender::Appender;
pub use epoch::{epoch, new_epoch};
pub use history::StreamCache;
pub(crate) use history::{LoadedHistory, load};
pub use position::Position;
pub(crate) use read::last_of;
pub use read::{head, read_after, read_stream};
pub(crate) use snapshot::{SnapshotBasis, store};
pub(crate) use stored::aad;
pub use stored::{Meta, StoredEvent, UnknownEvent};

use crate::{crypto, db};
use std::sync::Arc;

/// Number of the only lane for now.
pub const LANE: i16 = 0;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Error of the database, which is shared because it failed all requests of a batch.
    #[error("the events could not be appended")]
    Append(#[source] Arc<sqlx::Error>),
    #[error("the record of the act could not be written")]
    Audit(#[source] Arc<crate::audit::Error>),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("there is no such tenant; `eaf tenant add` makes one")]
    NoTenant,
    #[error("{waiting} requests of this tenant wait to be appended; try again in a moment")]
    Overloaded { waiting: usize },
    #[error("the append was given up before its outcome was known")]
    Lost,
    #[error("the events could not be read")]
    Read(#[source] sqlx::Error),
    #[error("a snapshot could not be sealed or opened")]
    Snapshot(#[source] crypto::Error),
    #[error("a snapshot could not be written")]
    StoreSnapshot(#[source] sqlx::Error),
    #[error("eaf.event position {position}, column {column}: not what was written there")]
    Corrupt {
        position: Position,
        column: &'static str,
        #[source]
        cause: serde_json::Error,
    },
    #[error("eaf.append answered '{0}', which this version does not know")]
    UnknownOutcome(String),
    #[error("eaf.append answered {answered} outcomes to {asked} requests")]
    OutcomeCount { asked: usize, answered: usize },
    #[error("a personal field of the event at {position} does not open")]
    Open {
        position: Position,
        #[source]
        cause: crypto::personal::Error,
    },
}

impl Error {
    /// Whether the stored value of one event is not what was written, so that every repetition
    /// fails alike.
    pub(crate) fn is_of_one_event(&self) -> bool {
        use crypto::Error::{Malformed, Tampered};
        use crypto::personal::Error as Personal;
        match self {
            Error::Corrupt { .. } => true,
            Error::Open { cause: Personal::Crypto { cause, .. }, .. } => matches!(cause, Malformed | Tampered),
            Error::Open { cause: Personal::Malformed { .. }, .. } => true,
            _ => false,
        }
    }
}

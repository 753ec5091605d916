//! Event log: one per tenant, gap-free and in commit order. The hash of each event is chained to
//! that of the event before.
//!
//! Requests that wait at the same time are written by one SQL function in one autocommit statement
//! ([`Appender`]). `eaf.append_plain` takes simple requests, `eaf.append` takes any. Consumers read
//! the events with `pos > checkpoint`; because positions have no gaps, no event is missed.
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

/// Number of the lane in which all events are appended, the only one for now.
pub const LANE: i16 = 0;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Error of the database, behind an `Arc` because all requests of one batch fail with it.
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
    /// Whether the error comes from one event whose stored value was altered, so that every
    /// repetition fails in the same way.
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

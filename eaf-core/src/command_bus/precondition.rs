//! Precondition of a command: the guarded streams have not changed since the caller read them.
//!
//! When two people edit the same thing at the same time, the second one gets an error and does not
//! overwrite the first one's change. The append confirms the stream versions that this check read,
//! so the rule also holds for two commands that are decided at the same time.

use super::Error;
use crate::db::TenantTx;
use crate::event_store::{self, Position};
use crate::id::StreamId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// No guarded stream has an event after this position, at which the caller read the thing.
    UnchangedSince(Position),
    /// No guarded stream exists: the command must create the thing.
    Absent,
}

impl Precondition {
    pub(super) async fn check(self, tx: &mut TenantTx, guards: &[StreamId]) -> Result<(), Error> {
        let last = event_store::last_of(tx, guards).await?;
        let Precondition::UnchangedSince(seen) = self else {
            return if last.is_none() { Ok(()) } else { Err(Error::Changed { position: last }) };
        };
        let head = event_store::head(tx).await?;
        if seen.epoch != head.epoch || seen.pos > head.pos {
            return Err(Error::Precondition { head });
        }
        // The caller cannot have read a stream without events.
        if last.is_some_and(|last| last <= seen) { Ok(()) } else { Err(Error::Changed { position: last }) }
    }
}

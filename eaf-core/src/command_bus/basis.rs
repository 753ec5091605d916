//! What a command was made on: how far whoever gives it had read what it changes.
//!
//! Two people may edit the same thing at the same time. Whoever is second is told so, in place of undoing without a word
//! what the first one did. The append confirms the versions of this very check, so that of two at once one is second.

use super::Error;
use crate::db::TenantTx;
use crate::event_store::{self, Position};
use crate::id::StreamId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Nothing that the command guards may have changed after this position.
    At(Position),
    /// Nothing that the command guards may be there yet.
    Nothing,
}

impl Basis {
    pub(super) async fn check(self, tx: &mut TenantTx, guards: &[StreamId]) -> Result<(), Error> {
        let last = event_store::last_of(tx, guards).await?;
        let Basis::At(seen) = self else {
            return if last.is_none() { Ok(()) } else { Err(Error::Changed { position: last }) };
        };
        let head = event_store::head(tx).await?;
        if seen.epoch != head.epoch || seen.pos > head.pos {
            return Err(Error::Basis { head });
        }
        // What is gone, or was never there, was not read either.
        if last.is_some_and(|last| last <= seen) { Ok(()) } else { Err(Error::Changed { position: last }) }
    }
}

//! Personal data and credentials at rest.
//!
//! One master key wraps the data keys in `eaf.subject_key`, one per (tenant, subject) and one per tenant. What is sealed
//! under a subject's key becomes unreadable everywhere at once when that row's key is destroyed: log, ledger and
//! journal need no rewriting. Backups made before hold the wrapped key until they expire (ADR 0007).

mod among;
mod cipher;
mod keyring;
pub(crate) mod master_key;
pub mod personal;

pub use among::Among;
pub use keyring::{Keyring, settling};
pub use master_key::{KeyId, MasterKey, MasterKeys};

use crate::clock::World;

/// A key that is in no table: who seals with it brings it along again.
pub(crate) type Secret = cipher::DataKey;

/// `place` names where the value will stand; it opens only there.
pub(crate) fn seal_with(world: &World, key: &Secret, place: &str, plain: &[u8]) -> Vec<u8> {
    cipher::seal(world, key, place.as_bytes(), plain)
}

pub(crate) fn open_with(key: &Secret, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    cipher::open(key, place.as_bytes(), sealed)
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the key of the subject was destroyed")]
    Destroyed,
    #[error("the system's and the tenant's own keys cannot be destroyed")]
    Indestructible,
    #[error("a key could not be read from eaf.subject_key")]
    Load(#[source] sqlx::Error),
    #[error("a key could not be stored in eaf.subject_key")]
    Store(#[source] sqlx::Error),
    #[error("a key in eaf.subject_key does not open under this master key: is it the right one?")]
    WrongMasterKey,
    #[error("a sealed value does not open: it was altered, or moved from where it was sealed")]
    Tampered,
    #[error("a sealed value is too short or of an unknown format")]
    Malformed,
}

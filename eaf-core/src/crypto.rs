//! Encryption of personal data and credentials at rest.
//!
//! A master key wraps the data keys in `eaf.subject_key`: one per person of a tenant, and one per
//! tenant. When a person's data key is destroyed, no value under that key in log, ledger and
//! journal can be read, and the values need not be rewritten. Backups hold the wrapped key until
//! they expire (ADR 0007).

mod cipher;
mod keyring;
pub(crate) mod master_key;
pub mod personal;
mod shared_seal;

pub use keyring::{Keyring, key_cache_grace};
pub use master_key::{KeyId, MasterKey, MasterKeys};
pub use shared_seal::SharedSeal;

use crate::clock::Ambient;

/// Key that the caller derives, in contrast to the data keys, which a table stores.
pub(crate) type ExternalKey = cipher::DataKey;

/// Seals a value under a key that the caller supplies. [`open_with`] needs the same `aad`.
pub(crate) fn seal_with(ambient: &Ambient, key: &ExternalKey, aad: &str, plain: &[u8]) -> Vec<u8> {
    cipher::seal(ambient, key, aad.as_bytes(), plain)
}

pub(crate) fn open_with(key: &ExternalKey, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    cipher::open(key, aad.as_bytes(), sealed)
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
    #[error(
        "a key in eaf.subject_key does not open under this host's master key: \
         set EAF_MASTER_KEY to the key of the other hosts, and EAF_MASTER_KEY_PREVIOUS during a rotation"
    )]
    WrongMasterKey,
    #[error("a sealed value does not open: it was altered, or copied from another aad")]
    Tampered,
    #[error("a sealed value is too short, or of an unknown format")]
    Malformed,
}

//! Personal data and credentials at rest.
//!
//! One master key wraps the data keys in `eaf.subject_key`, one per (tenant, subject) and one per tenant. What is sealed
//! under a subject's key becomes unreadable everywhere at once when that row's key is destroyed: log, ledger,
//! journal and backups of them need no rewriting.

mod among;
mod cipher;
mod keyring;
pub mod personal;

pub use among::Among;
pub use keyring::{Keyring, MasterKey, settling};

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

//! States of completed sign-ins. All hosts together accept each state once.
//!
//! A browser can send the cookie of a sign-in repeatedly. Because its state is then marked as used,
//! a repetition does not make the host call the identity provider.

use crate::db::Db;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the state of a sign-in could not be marked as used")]
    Use(#[source] sqlx::Error),
    #[error("used states could not be deleted")]
    Purge(#[source] sqlx::Error),
}

/// Marks the state of a sign-in as used. Returns false if the state was used before. At the time
/// `until` the sign-in expires, and the mark is no longer needed.
pub async fn use_once(db: &Db, state: &str, until: OffsetDateTime) -> Result<bool, Error> {
    let hash: String = Sha256::digest(state).iter().map(|byte| format!("{byte:02x}")).collect();
    let done = sqlx::query("insert into eaf.used_state (hash, until) values ($1, $2) on conflict do nothing")
        .bind(hash)
        .bind(until)
        .execute(db.platform_pool())
        .await;
    Ok(done.map_err(Error::Use)?.rows_affected() == 1)
}

/// Deletes the marks of sign-ins that have expired, and returns the number of deleted marks.
pub async fn purge(db: &Db, now: OffsetDateTime) -> Result<u64, Error> {
    let done = sqlx::query("delete from eaf.used_state where until <= $1").bind(now).execute(db.platform_pool()).await;
    Ok(done.map_err(Error::Purge)?.rows_affected())
}

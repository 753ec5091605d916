//! Epoch of the log: the life of the database that a position belongs to.

use super::Error;
use crate::actor::Attribution;
use crate::audit::{Act, platform};
use crate::db::Db;
use serde_json::json;
use std::sync::Arc;

pub async fn epoch(db: &Db) -> Result<u32, Error> {
    let query = sqlx::query_scalar("select epoch from eaf.log_epoch").fetch_one(db.platform_pool());
    let epoch: i32 = query.await.map_err(Error::Read)?;
    Ok(epoch as u32)
}

/// Begins a new epoch and returns its number. Call this function after the database was restored to
/// an earlier point, before hosts start. Positions that were given out after that point then belong
/// to the former epoch.
pub async fn new_epoch(db: &Db, by: &Attribution) -> Result<u32, Error> {
    let failed = |cause| Error::Append(Arc::new(cause));
    let mut tx = db.platform_tx().await.map_err(failed)?;
    let query = sqlx::query_scalar("select eaf.new_epoch()").fetch_one(&mut *tx);
    let epoch: i32 = query.await.map_err(failed)?;
    let act = Act::new("log.new-epoch", "log").changing(json!(epoch - 1), json!(epoch));
    platform::record(&mut tx, by, &act).await.map_err(|cause| Error::Audit(Arc::new(cause)))?;
    tx.commit().await.map_err(failed)?;
    Ok(epoch as u32)
}

//! Suspension of a run: it waits for minutes or weeks, and holds nothing in memory.

use super::claim::begin_fenced;
use super::{Error, Lease};
use crate::db::Db;
use serde_json::json;
use sqlx::types::Json;
use std::time::Duration;

/// Reason why a run waits. Operators and tenant admins see it, so it has no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub code: String,
    /// Message about the reason, in English. People read it.
    pub message: String,
}

/// Whether the suspension of a run counts as a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The run waits and will continue. The number of failed attempts becomes 0.
    Continue,
    /// The attempt failed because of the run itself, such as a trap, and counts as failed.
    Count,
}

/// Ends a lease and makes its run due after the time `after`, by the database's clock.
pub async fn suspend(
    db: &Db,
    lease: &Lease,
    after: Duration,
    waiting: &Waiting,
    attempt: Attempt,
) -> Result<(), Error> {
    let mut tx = begin_fenced(db, lease).await?;
    sqlx::query(
        "update eaf.run set due_at = clock_timestamp() + make_interval(secs => $3), waiting_code = $4, waiting = $5,
                attempts = case when $6 then attempts + 1 else 0 end, lease_host = null, lease_until = null,
                updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(after.as_secs_f64())
    .bind(&waiting.code)
    .bind(Json(json!({ "message": waiting.message })))
    .bind(attempt == Attempt::Count)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

//! Sleeping and waking: a run that waits for minutes or weeks holds nothing in memory.

use super::Error;
use super::claim::{Lease, hold};
use crate::Core;
use crate::id::{RunId, TenantId};
use serde_json::{Map, Value};
use sqlx::types::Json;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wake {
    /// By the database's clock, from now.
    After(Duration),
    At(OffsetDateTime),
}

/// Why a run sleeps: for operators and tenant admins, so no personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub code: String,
    pub params: Map<String, Value>,
}

/// Gives the lease back until it is time.
pub async fn suspend(core: &Core, lease: &Lease, wake: Wake, reason: &Reason) -> Result<(), Error> {
    let (after, at) = match wake {
        Wake::After(after) => (Some(after.as_secs_f64()), None),
        Wake::At(at) => (None, Some(at)),
    };
    let mut tx = hold(core, lease).await?;
    sqlx::query(
        "update eaf.run set due_at = coalesce($3, clock_timestamp() + make_interval(secs => $4)), waiting_code = $5, waiting = $6,
                attempts = 0, lease_host = null, lease_until = null, updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(at)
    .bind(after)
    .bind(&reason.code)
    .bind(Json(&reason.params))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// The run itself (not a call) failed: counts the attempt and sleeps.
pub async fn retry_run(core: &Core, lease: &Lease, after: Duration, reason: &Reason) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    sqlx::query(
        "update eaf.run set due_at = clock_timestamp() + make_interval(secs => $3), waiting_code = $4, waiting = $5,
                attempts = attempts + 1, lease_host = null, lease_until = null, updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(after.as_secs_f64())
    .bind(&reason.code)
    .bind(Json(&reason.params))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Makes a sleeping run due now. `Ok` also when it does not sleep: then it is at work or over.
pub async fn wake(core: &Core, tenant: TenantId, run: RunId) -> Result<(), Error> {
    let mut tx = core.db.tenant(tenant).await?;
    sqlx::query(
        "update eaf.run set due_at = clock_timestamp(), updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2 and state = 'open' and due_at > clock_timestamp() and lease_host is null",
    )
    .bind(tenant)
    .bind(run)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    core.feed.runs_due();
    Ok(())
}

/// Makes the calls of a capability due that wait to be repeated: what stood in their way was repaired. Answers of how
/// many runs. A run that is at work meanwhile goes on as it is.
pub async fn wake_calls(core: &Core, tenant: TenantId, capability: &str) -> Result<usize, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let runs: Vec<uuid::Uuid> = sqlx::query_scalar(
        // Locked in one order, so that two who do this at the same moment do not wait for each other.
        "with due as materialized (
           select r.run_id from eaf.run r
           where r.tenant_id = $1 and r.state = 'open' and r.lease_host is null and exists (
             select from eaf.journal j where j.tenant_id = r.tenant_id and j.run_id = r.run_id and j.state = 'pending'
               and j.capability = $2 and j.retry_code is not null)
           order by r.run_id for update of r)
         update eaf.run r set due_at = clock_timestamp(), updated_at = clock_timestamp() from due
         where r.tenant_id = $1 and r.run_id = due.run_id and r.state = 'open' and r.lease_host is null
         returning r.run_id",
    )
    .bind(tenant)
    .bind(capability)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Write)?;
    // The runs are locked until the end of this, so that no host claims one in between.
    sqlx::query(
        "update eaf.journal set poll_at = clock_timestamp()
         where tenant_id = $1 and run_id = any ($2) and state = 'pending' and capability = $3 and retry_code is not null",
    )
    .bind(tenant)
    .bind(&runs)
    .bind(capability)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    core.feed.runs_due();
    Ok(runs.len())
}

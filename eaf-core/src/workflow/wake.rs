//! Waking: makes suspended runs due before their time.

use super::Error;
use crate::db::Db;
use crate::id::{RunId, TenantId};
use crate::live::Feed;
use time::OffsetDateTime;

/// Makes a suspended run due now. A run that is being executed, or has ended, does not change.
pub async fn wake(db: &Db, feed: &Feed, tenant: TenantId, run: RunId) -> Result<(), Error> {
    let mut tx = db.tenant(tenant).await?;
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
    feed.runs_due();
    Ok(())
}

/// Makes all suspended runs of a tenant due now, because the clock was moved. Each run whose time
/// has not come suspends again. Returns their number.
pub async fn wake_all(db: &Db, feed: &Feed, tenant: TenantId) -> Result<u64, Error> {
    let mut tx = db.tenant(tenant).await?;
    let woken = sqlx::query(
        "update eaf.run set due_at = clock_timestamp()
         where tenant_id = $1 and state = 'open' and due_at > clock_timestamp() and lease_host is null",
    )
    .bind(tenant)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    feed.runs_due();
    Ok(woken.rows_affected())
}

/// Makes all calls of a capability in a tenant that wait to be repeated due now, because the cause
/// of their failures was repaired. Returns the number of runs with such calls. A run that is being
/// executed does not change. `now` is the time by the host's clock.
pub async fn wake_calls(
    db: &Db,
    feed: &Feed,
    tenant: TenantId,
    capability: &str,
    now: OffsetDateTime,
) -> Result<usize, Error> {
    let mut tx = db.tenant(tenant).await?;
    let runs: Vec<uuid::Uuid> = sqlx::query_scalar(
        // Runs are locked in one order, so that two of these statements do not wait for each other.
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
    // The runs stay locked until the transaction ends, so that no host claims one in between.
    sqlx::query(
        "update eaf.journal set poll_at = $4
         where tenant_id = $1 and run_id = any ($2) and state = 'pending' and capability = $3 and retry_code is not null",
    )
    .bind(tenant)
    .bind(&runs)
    .bind(capability)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    feed.runs_due();
    Ok(runs.len())
}

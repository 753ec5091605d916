//! Leases of runs: the right of a host to work on a run until a time by the database's clock.

use super::{Error, Run};
use crate::actor::TraceId;
use crate::crypto::Keyring;
use crate::db::{Db, TenantTx};
use crate::event_store;
use crate::id::{ActorId, HostId, RunId, TenantId};
use crate::live::Feed;
use std::time::Duration;

/// Default length of a lease. A host renews its lease after a third of the length.
pub const LEASE: Duration = Duration::from_secs(15);

/// Lease: the right of one host to write to a run. When the lease has expired, another host may
/// claim the run, and this lease is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub tenant: TenantId,
    pub run: RunId,
    pub host: HostId,
    /// Number that increases with every claim of the run. Each write compares it.
    pub fence: i64,
    /// Person under whose key the run's journal is sealed.
    pub subject: ActorId,
    /// Time from each renewal of the lease to its end. If the host dies, the run waits at most for
    /// this time.
    pub length: Duration,
}

/// Query of the runs that are due. Subqueries in place of anti-joins keep the order of the index
/// `run_due`, so that the query stops at its limit. PostgreSQL would join and sort all due runs
/// otherwise, and the time of each claim would grow with the backlog.
const DUE: &str = "select r.tenant_id, r.run_id from eaf.run r
    where r.state = 'open' and r.due_at <= now() and (r.lease_until is null or r.lease_until <= now())
      and r.plugin = any ($1) and r.plugin <> all (array (select s.plugin from eaf.stopped_plugin s))
      and coalesce((select p.enabled from eaf.tenant_product p
        where p.tenant_id = r.tenant_id and p.plugin = r.plugin), true)
    order by r.due_at limit $2";

/// Claims at most `limit` due runs of these plugins, first those that have been due for longest.
/// Runs of a disabled product or a stopped plugin are not claimed. One statement finds the due runs
/// of all tenants.
pub async fn claim(
    db: &Db,
    keyring: &Keyring,
    host: HostId,
    length: Duration,
    plugins: &[String],
    limit: u32,
) -> Result<Vec<(Run, Lease)>, Error> {
    let due: Vec<(TenantId, RunId)> = sqlx::query_as(DUE)
        .bind(plugins)
        .bind(i64::from(limit))
        .fetch_all(db.platform_pool())
        .await
        .map_err(Error::Find)?;
    let mut claimed = Vec::new();
    for (tenant, run) in due {
        match claim_one(db, keyring, host, length, tenant, run).await {
            Ok(Some(one)) => claimed.push(one),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%tenant, %run, %error, "a run could not be claimed");
                defer(db, tenant, run, &error).await;
            }
        }
    }
    Ok(claimed)
}

type Row = (i64, String, String, String, i64, String, ActorId, String, i32);

/// Claims one run. `None`: the run is not due any more, for example because another host has
/// claimed it.
async fn claim_one(
    db: &Db,
    keyring: &Keyring,
    host: HostId,
    length: Duration,
    tenant: TenantId,
    run: RunId,
) -> Result<Option<(Run, Lease)>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let row: Option<Row> = sqlx::query_as(
        "update eaf.run set lease_host = $3, lease_fence = lease_fence + 1,
                lease_until = clock_timestamp() + make_interval(secs => $4), waiting_code = null, waiting = null,
                updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2 and state = 'open' and due_at <= clock_timestamp()
           and (lease_until is null or lease_until <= clock_timestamp())
         returning lease_fence, plugin, digest, workflow, event_pos, key, subject, trace, attempts",
    )
    .bind(tenant)
    .bind(run)
    .bind(host)
    .bind(length.as_secs_f64())
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Claim)?;
    let Some((fence, plugin, digest, workflow, pos, key, subject, trace, attempts)) = row else {
        return Ok(None);
    };
    let event = event(keyring, &mut tx, run, pos).await?;
    tx.commit().await?;
    let lease = Lease { tenant, run, host, fence, subject, length };
    let trace = TraceId(trace);
    Ok(Some((Run { tenant, id: run, plugin, digest, workflow, event, key, subject, trace, attempts }, lease)))
}

/// Postpones a run for one minute if the event that started it cannot be read, so that it does not
/// delay other runs.
async fn defer(db: &Db, tenant: TenantId, run: RunId, error: &Error) {
    if !matches!(error, Error::NoEvent(_) | Error::Event(_)) {
        return;
    }
    let deferred = async {
        let mut tx = db.tenant(tenant).await?;
        sqlx::query(
            "update eaf.run set due_at = clock_timestamp() + interval '1 minute', waiting_code = 'event-unreadable',
                    waiting = '{}', updated_at = clock_timestamp()
             where tenant_id = $1 and run_id = $2 and state = 'open'
               and (lease_until is null or lease_until <= clock_timestamp())",
        )
        .bind(tenant)
        .bind(run)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        tx.commit().await.map_err(Error::from)
    };
    if let Err(error) = deferred.await {
        tracing::warn!(%tenant, %run, %error, "the run could not be deferred");
    }
}

async fn event(keyring: &Keyring, tx: &mut TenantTx, run: RunId, pos: i64) -> Result<crate::contract::Recorded, Error> {
    let found = event_store::read_after(tx, (pos - 1) as u64, 1).await?;
    let event = found.into_iter().find(|event| event.position.pos == pos as u64).ok_or(Error::NoEvent(run))?;
    Ok(event.open(keyring, tx).await?)
}

/// Extends a lease by its length. Fails with [`Error::Fenced`] if the lease is lost; the host must
/// then stop working on the run at once.
pub async fn renew(db: &Db, lease: &Lease) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let done = sqlx::query(
        "update eaf.run set lease_until = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and run_id = $2 and lease_host = $3 and lease_fence = $4 and state = 'open'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(lease.host)
    .bind(lease.fence)
    .bind(lease.length.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    check_fence(done.rows_affected())?;
    tx.commit().await?;
    Ok(())
}

/// Ends a lease and makes the run due at once, because this host stops.
pub async fn release(db: &Db, feed: &Feed, lease: &Lease) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let done = sqlx::query(
        "update eaf.run set lease_host = null, lease_until = null, due_at = clock_timestamp(), updated_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2 and lease_host = $3 and lease_fence = $4 and state = 'open'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(lease.host)
    .bind(lease.fence)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    check_fence(done.rows_affected())?;
    tx.commit().await?;
    feed.runs_due();
    Ok(())
}

/// Begins a transaction that may write to the run, and checks the fence of the lease. The run's row
/// is locked until the transaction ends, so that no other host claims the run in between.
pub(super) async fn begin_fenced(db: &Db, lease: &Lease) -> Result<TenantTx, Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let row: Option<i32> = sqlx::query_scalar(
        "select 1 from eaf.run
         where tenant_id = $1 and run_id = $2 and lease_host = $3 and lease_fence = $4 and state = 'open'
         for no key update",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(lease.host)
    .bind(lease.fence)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Write)?;
    check_fence(u64::from(row.is_some()))?;
    Ok(tx)
}

fn check_fence(rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::Fenced) } else { Ok(()) }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::Database;

    const BACKLOG: &str = "insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key,
            subject, trace, due_at)
        select $1, gen_random_uuid(), 'dcm', repeat('0', 64), 'w', gen_random_uuid(), n, 'k', gen_random_uuid(),
            repeat('0', 32), clock_timestamp() - make_interval(secs => n)
        from generate_series(1, 5000) n";

    #[tokio::test]
    async fn a_claim_reads_due_runs_by_their_index_and_stops_at_its_limit() {
        let database = Database::fresh().await;
        let core = database.core().await;
        let tenant = crate::directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.expect("a tenant");
        let mut superuser = database.superuser().await;
        sqlx::query(BACKLOG).bind(tenant).execute(&mut superuser).await.expect("inserted");
        // Statistics as autovacuum collects them, which never does so for tables without changes.
        sqlx::query("analyze eaf.run").execute(&mut superuser).await.expect("analysed");
        let query = sqlx::AssertSqlSafe(format!("explain (analyze, format text) {DUE}"));
        let plan: Vec<String> = sqlx::query_scalar(query)
            .bind(["dcm".to_owned()])
            .bind(4_i64)
            .fetch_all(&mut database.as_role("eaf_platform").await)
            .await
            .expect("a plan");
        let plan = plan.join("\n");
        assert!(plan.contains("Index Scan using run_due") && !plan.contains("Sort"), "{plan}");
        assert!(!plan.contains("rows=5000 "), "{plan}");
    }
}

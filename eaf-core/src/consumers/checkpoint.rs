//! Checkpoints: how far each consumer has come in each tenant's log.
//!
//! A batch is one transaction that holds the lock of the checkpoint's row; a host that does not get
//! the lock skips the consumer. So several hosts share the consumers without leases, and the lock
//! of a host that crashes is released when its database connection ends.

use crate::crypto;
use crate::db::{self, Db, TenantTx};
use crate::event_store::Position;
use crate::id::TenantId;
use sqlx::AssertSqlSafe;
use std::time::Duration;
use time::OffsetDateTime;

/// Outcome of one batch of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The checkpoint was advanced to `position`. The log may have further events.
    Advanced {
        position: Position,
        changes: usize,
    },
    CaughtUp,
    /// Another host or task has locked the checkpoint's row.
    Busy,
    /// The consumer failed before, and its next attempt is not due yet.
    Parked {
        code: String,
    },
    /// The consumer's rows must be rebuilt, because a person was erased or the database was
    /// restored.
    NeedsRebuild,
}

/// Parked consumer of one tenant, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub plugin: String,
    /// Name of the consumer: of a view's table, or `workflow/<name>` for a trigger.
    pub consumer: String,
    /// Name of the view; `None`: the consumer is a trigger.
    pub view: Option<String>,
    pub position: u64,
    pub error: String,
    pub failures: i32,
    pub since: OffsetDateTime,
    pub retry_at: OffsetDateTime,
}

/// Result of claiming a checkpoint row.
pub(crate) enum Claim {
    /// The row is locked. The consumer continues after position `pos`.
    Ready {
        pos: u64,
        /// Whether the consumer's last attempt failed. Then the next batch should have one event,
        /// so that the consumer is parked only at the event that fails.
        last_attempt_failed: bool,
        /// Whether the checkpoint's epoch is older than the log's. Then the checkpoint must be
        /// advanced, even without events.
        stale_epoch: bool,
    },
    Busy,
    Parked {
        code: String,
    },
    /// The row is locked. The consumer's rows must be rebuilt, because a rebuild is due or the
    /// database was restored. `last` is the position of the last event that the consumer may have
    /// seen and that the log still has.
    NeedsRebuild {
        last: u64,
    },
}

/// Position at which a consumer without a checkpoint starts.
pub(crate) enum Start {
    Beginning,
    /// After the last event that was recorded before this workflow was registered.
    Registered {
        workflow: String,
    },
}

/// Locks the checkpoint row without waiting, and inserts the row first if it is missing.
///
/// Whether a rebuild is due is decided by the start time of the transaction. So no rebuild becomes
/// due during a transaction that projects several batches.
pub(crate) async fn claim(
    tx: &mut TenantTx,
    plugin: &str,
    consumer: &str,
    start: &Start,
) -> Result<Claim, sqlx::Error> {
    if position(tx, plugin, consumer).await?.is_none() {
        insert(tx, plugin, consumer, start).await?;
    }
    type Row = (i64, Option<String>, bool, bool, i64, bool);
    // In an earlier epoch the consumer saw other events at the positions recorded since the
    // restore.
    let row: Option<Row> = sqlx::query_as(
        "select c.pos, c.error, coalesce(c.retry_at > clock_timestamp(), false),
                coalesce(c.rebuild_at <= now(), false),
                coalesce((select e.pos from eaf.event e
                  where e.tenant_id = $1 and e.lane = 0 and (c.epoch = l.epoch or e.at < l.started_at)
                  order by e.pos desc limit 1), 0),
                c.epoch <> l.epoch
         from eaf.checkpoint c cross join eaf.log_epoch l
         where c.tenant_id = $1 and c.plugin = $2 and c.consumer = $3 for update of c skip locked",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .fetch_optional(tx.conn())
    .await?;
    Ok(match row {
        None => Claim::Busy,
        Some((_, Some(code), true, ..)) => Claim::Parked { code },
        Some((pos, _, _, rebuild_due, last, _)) if rebuild_due || pos > last => {
            Claim::NeedsRebuild { last: last as u64 }
        }
        Some((pos, code, .., stale_epoch)) => {
            Claim::Ready { pos: pos as u64, last_attempt_failed: code.is_some(), stale_epoch }
        }
    })
}

async fn insert(tx: &mut TenantTx, plugin: &str, consumer: &str, start: &Start) -> Result<(), sqlx::Error> {
    let workflow = match start {
        Start::Beginning => None,
        Start::Registered { workflow } => Some(workflow.as_str()),
    };
    sqlx::query(
        "insert into eaf.checkpoint (tenant_id, plugin, consumer, epoch, pos, rebuild_at)
         select $1, $2, $3, (select epoch from eaf.log_epoch), coalesce((
             select e.pos from eaf.trigger t join eaf.event e on e.tenant_id = $1 and e.lane = 0 and e.at < t.since
             where t.plugin = $2 and t.workflow = $4 order by e.pos desc limit 1), 0),
           (select max(k.destroyed_at) + make_interval(secs => $5) from eaf.subject_key k
            where k.tenant_id = $1 and $4 is null and k.destroyed_at > clock_timestamp() - make_interval(secs => $5))
         on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .bind(workflow)
    // A host may still decrypt with a cached key that was just destroyed: rebuild after the grace.
    .bind(crypto::key_cache_grace().as_secs_f64())
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn advance(tx: &mut TenantTx, plugin: &str, consumer: &str, to: Position) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update eaf.checkpoint set epoch = $4, pos = $5, failures = 0, error = null, error_at = null, retry_at = null,
                updated_at = clock_timestamp()
         where tenant_id = $1 and plugin = $2 and consumer = $3",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .bind(to.epoch as i32)
    .bind(to.pos as i64)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reads the position of a consumer's checkpoint. `None`: the consumer has no checkpoint.
pub(crate) async fn position(tx: &mut TenantTx, plugin: &str, consumer: &str) -> Result<Option<u64>, sqlx::Error> {
    let pos: Option<i64> =
        sqlx::query_scalar("select pos from eaf.checkpoint where tenant_id = $1 and plugin = $2 and consumer = $3")
            .bind(tx.tenant())
            .bind(plugin)
            .bind(consumer)
            .fetch_optional(tx.conn())
            .await?;
    Ok(pos.map(|pos| pos as u64))
}

/// Sets the checkpoint to before the first event. The caller holds the checkpoint's lock. Rebuilds
/// that are due are cleared, and later ones stay scheduled.
pub(crate) async fn reset(tx: &mut TenantTx, plugin: &str, consumer: &str) -> Result<Position, sqlx::Error> {
    let epoch: i32 = sqlx::query_scalar(
        "update eaf.checkpoint set epoch = (select epoch from eaf.log_epoch), pos = 0, rebuilds = rebuilds + 1,
                rebuild_at = case when rebuild_at > now() then rebuild_at when rebuild_again_at > now() then rebuild_again_at end,
                rebuild_again_at = case when rebuild_at > now() and rebuild_again_at > now() then rebuild_again_at end,
                updated_at = clock_timestamp()
         where tenant_id = $1 and plugin = $2 and consumer = $3 returning epoch",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .fetch_one(tx.conn())
    .await?;
    Ok(Position { epoch: epoch as u32, pos: 0 })
}

/// Deletes the tenant's rows of views whose definition is not active, because no host rebuilds
/// these rows.
///
/// When such a definition becomes active again, the view is projected from the first event. After
/// the key cache grace it is rebuilt once more. Returns how many views were skipped because a batch
/// has locked them.
pub(crate) async fn clear_inactive_views(tx: &mut TenantTx) -> Result<usize, sqlx::Error> {
    // Checkpoints first: a batch that still writes to the table holds this lock, for a minute
    // maybe.
    let inactive: Vec<(String, bool)> = sqlx::query_as(
        "with inactive as (
             select p.plugin, p.consumer from eaf.checkpoint p join eaf.view_copy c on c.table_name = p.consumer
             join eaf.view v on v.digest = c.digest where p.tenant_id = $1 and not v.active),
         free as (
             select p.plugin, p.consumer from eaf.checkpoint p join inactive using (plugin, consumer)
             where p.tenant_id = $1 for update of p skip locked),
         cleared as (
             update eaf.checkpoint p set pos = 0, rebuilds = rebuilds + 1, rebuild_again_at = null,
                rebuild_at = clock_timestamp() + make_interval(secs => $2)
             from free f
             where p.tenant_id = $1 and p.plugin = f.plugin and p.consumer = f.consumer returning p.consumer)
         select consumer, consumer in (select consumer from cleared) from inactive",
    )
    .bind(tx.tenant())
    .bind(crypto::key_cache_grace().as_secs_f64())
    .fetch_all(tx.conn())
    .await?;
    for (table, _) in inactive.iter().filter(|(_, is_cleared)| *is_cleared) {
        let sql = format!("delete from eaf_view.{} where tenant_id = $1", crate::view::quoted(table));
        sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant()).execute(tx.conn()).await?;
    }
    Ok(inactive.iter().filter(|(_, is_cleared)| !is_cleared).count())
}

/// Schedules a rebuild of the tenant's rows in each copy of an active view, `delay` from now.
///
/// Copies whose names are in `scheduled` are skipped; the names of the others are appended to it.
/// If a rebuild is scheduled already, that one keeps its time and a second one is added. Returns
/// how many views were skipped because a batch has locked them: the caller calls again for these. A
/// tenant without events has nothing to rebuild.
pub(crate) async fn schedule_rebuilds(
    tx: &mut TenantTx,
    delay: Duration,
    scheduled: &mut Vec<String>,
) -> Result<usize, sqlx::Error> {
    let inactive_locked = clear_inactive_views(tx).await?;
    // Copies without a checkpoint are scheduled too: a host whose cache still has the key could
    // start on them.
    sqlx::query(
        "insert into eaf.checkpoint (tenant_id, plugin, consumer, epoch, pos)
         select $1, v.plugin, c.table_name, (select epoch from eaf.log_epoch), 0
         from eaf.view_copy c join eaf.view v on v.digest = c.digest
         where v.active and exists (select from eaf.event e where e.tenant_id = $1) on conflict do nothing",
    )
    .bind(tx.tenant())
    .execute(tx.conn())
    .await?;
    let copies: Vec<(String, bool)> = sqlx::query_as(
        "with copy as (
             select p.plugin, p.consumer from eaf.checkpoint p join eaf.view_copy c on c.table_name = p.consumer
             join eaf.view v on v.digest = c.digest where p.tenant_id = $1 and v.active and p.consumer <> all ($3)),
         free as (
             select p.plugin, p.consumer from eaf.checkpoint p join copy using (plugin, consumer)
             where p.tenant_id = $1 for update of p skip locked),
         scheduled as (
             update eaf.checkpoint p set
                rebuild_at = coalesce(p.rebuild_at, clock_timestamp() + make_interval(secs => $2)),
                rebuild_again_at = case when p.rebuild_at is not null then clock_timestamp() + make_interval(secs => $2) end
             from free f
             where p.tenant_id = $1 and p.plugin = f.plugin and p.consumer = f.consumer returning p.consumer)
         select consumer, consumer in (select consumer from scheduled) from copy",
    )
    .bind(tx.tenant())
    .bind(delay.as_secs_f64())
    .bind(scheduled.as_slice())
    .fetch_all(tx.conn())
    .await?;
    let locked = copies.iter().filter(|(_, is_scheduled)| !is_scheduled).count();
    scheduled.extend(copies.into_iter().filter(|(_, is_scheduled)| *is_scheduled).map(|(consumer, _)| consumer));
    Ok(inactive_locked + locked)
}

/// Waits for the lock of the checkpoint's row, which lasts until the transaction ends. Returns the
/// checkpoint's position; 0 if the consumer has no checkpoint.
pub(crate) async fn lock(tx: &mut TenantTx, plugin: &str, consumer: &str) -> Result<u64, sqlx::Error> {
    let pos: Option<i64> = sqlx::query_scalar(
        "select pos from eaf.checkpoint where tenant_id = $1 and plugin = $2 and consumer = $3 for update",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .fetch_optional(tx.conn())
    .await?;
    Ok(pos.unwrap_or(0) as u64)
}

/// Parks the consumer in this tenant: after the first failure for 1 s, then doubling up to 60 s.
/// `code` is the error code to store, which contains no data of the tenant.
pub(crate) async fn park(
    tx: &mut TenantTx,
    plugin: &str,
    consumer: &str,
    start: &Start,
    code: &str,
) -> Result<(), sqlx::Error> {
    insert(tx, plugin, consumer, start).await?;
    sqlx::query(
        "update eaf.checkpoint set failures = failures + 1, error = $4, error_at = coalesce(error_at, clock_timestamp()),
                retry_at = clock_timestamp() + least(60, power(2, least(failures, 10))) * interval '1 second',
                updated_at = clock_timestamp()
         where tenant_id = $1 and plugin = $2 and consumer = $3",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(consumer)
    .bind(code)
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the checkpoints could not be read")]
    Read(#[source] sqlx::Error),
}

/// Lists the parked consumers of a tenant.
pub async fn parked(db: &Db, tenant: TenantId) -> Result<Vec<Parked>, Error> {
    let mut tx = db.tenant(tenant).await?;
    type Row = (String, String, Option<String>, i64, String, i32, OffsetDateTime, OffsetDateTime);
    let rows: Vec<Row> = sqlx::query_as(
        "select c.plugin, c.consumer, v.view, c.pos, c.error, c.failures, c.error_at, c.retry_at
         from eaf.checkpoint c left join eaf.view_copy k on k.table_name = c.consumer
         left join eaf.view v on v.digest = k.digest
         where c.tenant_id = $1 and c.error is not null
           and (k.table_name is not null or c.consumer like 'workflow/%') order by c.plugin, c.consumer",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(rows
        .into_iter()
        .map(|(plugin, consumer, view, pos, error, failures, since, retry_at)| Parked {
            plugin,
            consumer,
            view,
            position: pos as u64,
            error,
            failures,
            since,
            retry_at,
        })
        .collect())
}

//! How far a consumer (a view or a trigger) has come in a tenant's log.
//!
//! A batch is one transaction that holds the checkpoint's row lock: whoever does not get it leaves the work to the holder. So
//! several hosts share the consumers without leases, and a host that dies gives its lock back with its connection.

use crate::crypto;
use crate::db::{self, Db, TenantTx};
use crate::event_store::Position;
use crate::id::TenantId;
use sqlx::AssertSqlSafe;
use std::time::Duration;
use time::OffsetDateTime;

/// What one batch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The checkpoint stands at `position` now; there may be more.
    Advanced {
        position: Position,
        changes: usize,
    },
    CaughtUp,
    /// Another host or task has the checkpoint.
    Busy,
    /// It failed before and is not tried again yet.
    Parked {
        code: String,
    },
    /// What it has made is of another log, or of somebody who was erased: it begins anew.
    Void,
}

/// A consumer that does not move, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub plugin: String,
    /// The view's table, or `workflow/<name>`.
    pub consumer: String,
    /// The view's name, when it is one.
    pub view: Option<String>,
    pub position: u64,
    pub error: String,
    pub failures: i32,
    pub since: OffsetDateTime,
    pub retry_at: OffsetDateTime,
}

/// What holding the row says.
pub(crate) enum Held {
    /// After this position; if it `failed` there before, the next step should be small. In an `older` epoch it is told of until it is advanced.
    At {
        pos: u64,
        failed: bool,
        older: bool,
    },
    Busy,
    Parked {
        code: String,
    },
    /// To be begun anew: somebody was erased, or the log was restored to a point before this position, to `last`.
    Void {
        last: u64,
    },
}

/// Where a consumer starts that has no checkpoint yet.
pub(crate) enum Start {
    Beginning,
    /// After everything that was recorded before this workflow was registered.
    Registered {
        workflow: String,
    },
}

/// Takes the checkpoint's row lock; makes the row first if there is none. What is due is asked of the moment at which the transaction began,
/// so that nothing becomes due while it folds.
pub(crate) async fn take(tx: &mut TenantTx, plugin: &str, consumer: &str, start: &Start) -> Result<Held, sqlx::Error> {
    if position(tx, plugin, consumer).await?.is_none() {
        insert(tx, plugin, consumer, start).await?;
    }
    type Row = (i64, Option<String>, bool, bool, i64, bool);
    // Of an older epoch, what was recorded since is not what it has seen, though it may have the same positions.
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
        None => Held::Busy,
        Some((_, Some(code), true, ..)) => Held::Parked { code },
        Some((pos, _, _, refold, last, _)) if refold || pos > last => Held::Void { last: last as u64 },
        Some((pos, code, .., older)) => Held::At { pos: pos as u64, failed: code.is_some(), older },
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
    // A view that is begun now may be folded with a key that somebody remembers: then once more.
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

/// `None`: it has not begun.
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

/// Back to before the first event, which is the answer. The caller holds the row. Whatever is due is done with that; what is not stays.
pub(crate) async fn restart(tx: &mut TenantTx, plugin: &str, consumer: &str) -> Result<Position, sqlx::Error> {
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

/// Empties the tenant's part of the tables of definitions that are not active, because nobody folds them anew: made active again, they
/// begin anew, and once more when nobody remembers a key any more that is destroyed now. Answers how many somebody still fills.
pub(crate) async fn empty_idle_views(tx: &mut TenantTx) -> Result<usize, sqlx::Error> {
    // First the row's lock, which whoever still fills the table holds, for a minute perhaps.
    let idle: Vec<(String, bool)> = sqlx::query_as(
        "with idle as (
             select p.plugin, p.consumer from eaf.checkpoint p join eaf.view_copy c on c.table_name = p.consumer
             join eaf.view v on v.digest = c.digest where p.tenant_id = $1 and not v.active),
         free as (
             select p.plugin, p.consumer from eaf.checkpoint p join idle using (plugin, consumer)
             where p.tenant_id = $1 for update of p skip locked),
         emptied as (
             update eaf.checkpoint p set pos = 0, rebuilds = rebuilds + 1, rebuild_again_at = null,
                rebuild_at = clock_timestamp() + make_interval(secs => $2)
             from free f
             where p.tenant_id = $1 and p.plugin = f.plugin and p.consumer = f.consumer returning p.consumer)
         select consumer, consumer in (select consumer from emptied) from idle",
    )
    .bind(tx.tenant())
    .bind(crypto::key_cache_grace().as_secs_f64())
    .fetch_all(tx.conn())
    .await?;
    for (table, _) in idle.iter().filter(|(_, is_emptied)| *is_emptied) {
        let sql = format!("delete from eaf_view.{} where tenant_id = $1", crate::view::quoted(table));
        sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant()).execute(tx.conn()).await?;
    }
    Ok(idle.iter().filter(|(_, is_emptied)| !is_emptied).count())
}

/// Has copies of active views of the tenant folded anew, not before `delay` has passed: those that are not `told` yet and that nobody works on
/// just now. What waits for that already is not put off; it is folded once more. Answers how many are left. Without a log there are none.
pub(crate) async fn refold_views(
    tx: &mut TenantTx,
    delay: Duration,
    told: &mut Vec<String>,
) -> Result<usize, sqlx::Error> {
    let filled = empty_idle_views(tx).await?;
    // Also those that have not begun: a host that still remembers the key might begin with one.
    sqlx::query(
        "insert into eaf.checkpoint (tenant_id, plugin, consumer, epoch, pos)
         select $1, v.plugin, c.table_name, (select epoch from eaf.log_epoch), 0
         from eaf.view_copy c join eaf.view v on v.digest = c.digest
         where v.active and exists (select from eaf.event e where e.tenant_id = $1) on conflict do nothing",
    )
    .bind(tx.tenant())
    .execute(tx.conn())
    .await?;
    let asked: Vec<(String, bool)> = sqlx::query_as(
        "with copy as (
             select p.plugin, p.consumer from eaf.checkpoint p join eaf.view_copy c on c.table_name = p.consumer
             join eaf.view v on v.digest = c.digest where p.tenant_id = $1 and v.active and p.consumer <> all ($3)),
         free as (
             select p.plugin, p.consumer from eaf.checkpoint p join copy using (plugin, consumer)
             where p.tenant_id = $1 for update of p skip locked),
         told as (
             update eaf.checkpoint p set
                rebuild_at = coalesce(p.rebuild_at, clock_timestamp() + make_interval(secs => $2)),
                rebuild_again_at = case when p.rebuild_at is not null then clock_timestamp() + make_interval(secs => $2) end
             from free f
             where p.tenant_id = $1 and p.plugin = f.plugin and p.consumer = f.consumer returning p.consumer)
         select consumer, consumer in (select consumer from told) from copy",
    )
    .bind(tx.tenant())
    .bind(delay.as_secs_f64())
    .bind(told.as_slice())
    .fetch_all(tx.conn())
    .await?;
    let left = asked.iter().filter(|(_, is_told)| !is_told).count();
    told.extend(asked.into_iter().filter(|(_, is_told)| *is_told).map(|(consumer, _)| consumer));
    Ok(filled + left)
}

/// Waits for the row's lock and keeps it until the transaction ends; the position, 0 if it has not begun.
pub(crate) async fn hold(tx: &mut TenantTx, plugin: &str, consumer: &str) -> Result<u64, sqlx::Error> {
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

/// Parks the consumer of this one tenant, for 1 s at first and a minute at most. `code` carries no data.
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

/// What does not move in a tenant, and why.
pub async fn parked(db: &Db, tenant: TenantId) -> Result<Vec<Parked>, Error> {
    let mut tx = db.tenant(tenant).await?;
    type Row = (String, String, Option<String>, i64, String, i32, OffsetDateTime, OffsetDateTime);
    let rows: Vec<Row> = sqlx::query_as(
        "select c.plugin, c.consumer, v.view, c.pos, c.error, c.failures, c.error_at, c.retry_at
         from eaf.checkpoint c left join eaf.view_copy k on k.table_name = c.consumer left join eaf.view v on v.digest = k.digest
         where c.tenant_id = $1 and c.error is not null and (k.table_name is not null or c.consumer like 'workflow/%') order by c.plugin, c.consumer",
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

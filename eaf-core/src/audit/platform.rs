//! Platform audit: acts that belong to no tenant, on operators, packages, master keys and the whole
//! log. They have a table of their own, so that no tenant can read acts on other tenants.
//!
//! Rows are numbered without gaps and form a hash chain. They are few, so a lock serializes their
//! inserts.

use super::{Act, DENIALS, Error};
use crate::actor::{Attribution, TraceId};
use crate::db::Db;
use crate::id::ActorId;
use crate::leaf::Leaf;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// Advisory lock on inserts into the platform audit. It lasts from reading the last number to the
/// commit, so that the numbers have no gaps.
const LOCK: i64 = 0x6561_665f_6163_7473;
/// Tag that is hashed first in each row of the platform audit, so that the row never has the hash
/// of another kind of row; see [`Leaf::new`].
const KIND: u8 = 4;

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Number of the act in the platform audit, from 1, without gaps.
    pub nr: i64,
    pub at: OffsetDateTime,
    pub actor: ActorId,
    pub origin: Option<String>,
    pub act: Act,
    pub trace: TraceId,
    /// Number of equal denials within an hour; 1 for other acts. The chain hash does not cover the
    /// count, because the count increases after the row is chained.
    pub count: u64,
}

/// Records an act in the caller's transaction and returns the number of the act. So the act and the
/// change that it describes are both committed, or neither is.
///
/// The caller makes this its last statement, because the lock lasts until the transaction ends.
pub(crate) async fn record(conn: &mut PgConnection, by: &Attribution, act: &Act) -> Result<i64, Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *conn).await.map_err(Error::Write)?;
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select nr, chain from eaf.platform_audit order by nr desc limit 1")
            .fetch_optional(&mut *conn)
            .await
            .map_err(Error::Write)?;
    let (nr, previous) = last.unwrap_or_default();
    // Hashes the change in the form that PostgreSQL returns: jsonb has its own member order and
    // number format.
    let (at, change): (OffsetDateTime, Option<Value>) = sqlx::query_as("select eaf.now(), $1::jsonb")
        .bind(&act.change)
        .fetch_one(&mut *conn)
        .await
        .map_err(Error::Write)?;
    let act = Act { change, ..act.clone() };
    let item =
        Item { nr: nr + 1, at, actor: by.actor, origin: by.origin.clone(), act, trace: by.trace.clone(), count: 1 };
    sqlx::query(
        "insert into eaf.platform_audit (nr, at, actor_id, origin, act, object, outcome, change, trace_id, chain)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(item.nr)
    .bind(item.at)
    .bind(item.actor)
    .bind(&item.origin)
    .bind(&item.act.act)
    .bind(&item.act.object)
    .bind(&item.act.outcome)
    .bind(&item.act.change)
    .bind(&item.trace.0)
    .bind(chain_hash(&previous, &item))
    .execute(conn)
    .await
    .map_err(Error::Write)?;
    Ok(item.nr)
}

/// Records an act that comes with no change of other tables, such as a sign-in.
pub async fn record_alone(db: &Db, by: &Attribution, act: &Act) -> Result<(), Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    record(&mut tx, by, act).await?;
    tx.commit().await.map_err(Error::Write)
}

/// Records a denial. Equal denials of an actor within an hour are one act with a count. The chain
/// hash does not cover the count, so that repeated attempts do not delay other acts.
pub async fn record_denied(db: &Db, now: OffsetDateTime, by: &Attribution, act: &Act) -> Result<(), Error> {
    let hour = now.unix_timestamp().div_euclid(60 * 60);
    let parts = [&hour.to_string(), &by.actor.to_string(), &act.act, &act.object];
    let id = Uuid::new_v5(&DENIALS, parts.map(|part| part.replace('\n', " ")).join("\n").as_bytes());
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let count: i64 = sqlx::query_scalar(
        "insert into eaf.platform_denial as d (id) values ($1)
         on conflict (id) do update set count = d.count + 1 returning d.count",
    )
    .bind(id)
    .fetch_one(&mut *tx)
    .await
    .map_err(Error::Write)?;
    if count == 1 {
        let nr = record(&mut tx, by, act).await?;
        let set_number = sqlx::query("update eaf.platform_denial set nr = $2 where id = $1").bind(id).bind(nr);
        set_number.execute(&mut *tx).await.map_err(Error::Write)?;
    }
    tx.commit().await.map_err(Error::Write)
}

/// Returns up to `items` acts, newest first, and the number of the act with which the next page
/// starts. `start` is the number of the first act; `None`: the newest one.
pub async fn page(db: &Db, start: Option<i64>, items: u32) -> Result<(Vec<Item>, Option<i64>), Error> {
    let rows = sqlx::query(
        "select a.nr, a.at, a.actor_id, a.origin, a.act, a.object, a.outcome, a.change, a.trace_id,
                coalesce(d.count, 1) as count
         from eaf.platform_audit a left join eaf.platform_denial d on d.nr = a.nr
         where $1::bigint is null or a.nr <= $1 order by a.nr desc limit $2",
    )
    .bind(start)
    .bind(i64::from(items) + 1)
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Read)?;
    let mut found = rows.iter().map(item).collect::<Result<Vec<_>, _>>().map_err(Error::Read)?;
    let next = found.get(items as usize).map(|item| item.nr);
    found.truncate(items as usize);
    Ok((found, next))
}

/// Verifies the hash chain of the platform audit. Returns the last chain hash, in hex, and the
/// findings. If rows at the end are missing, the chain has no gap: only a comparison of the last
/// hash with a copy that was noted elsewhere finds this.
pub async fn verify(db: &Db) -> Result<(String, Vec<String>), Error> {
    let (mut previous, mut nr, mut findings) = (Vec::new(), 0, Vec::new());
    loop {
        let rows = sqlx::query(
            "select nr, at, actor_id, origin, act, object, outcome, change, trace_id, chain, 1::bigint as count
             from eaf.platform_audit
             where nr > $1 order by nr limit 1000",
        )
        .bind(nr)
        .fetch_all(db.platform_pool())
        .await
        .map_err(Error::Read)?;
        if rows.is_empty() {
            let head = previous.iter().map(|byte: &u8| format!("{byte:02x}")).collect();
            return Ok((head, findings));
        }
        for row in &rows {
            let item = item(row).map_err(Error::Read)?;
            let chain: Vec<u8> = row.try_get("chain").map_err(Error::Read)?;
            if item.nr != nr + 1 {
                findings.push(format!("gap: act {} of the platform is missing before {}", nr + 1, item.nr));
            } else if chain != chain_hash(&previous, &item) {
                findings.push(format!("changed: act {} of the platform is not the act that was recorded", item.nr));
            }
            (previous, nr) = (chain, item.nr);
        }
    }
}

fn chain_hash(previous: &[u8], item: &Item) -> Vec<u8> {
    let change = item.act.change.as_ref().map(ToString::to_string);
    Leaf::new(KIND)
        .column(Some(previous))
        .number(item.nr)
        .number((item.at.unix_timestamp_nanos() / 1_000) as i64)
        .column(Some(item.actor.0.as_bytes()))
        .optional_text(item.origin.as_deref())
        .text(&item.act.act)
        .text(&item.act.object)
        .text(&item.act.outcome)
        .optional_text(change.as_deref())
        .text(&item.trace.0)
        .hash()
}

fn item(row: &PgRow) -> Result<Item, sqlx::Error> {
    Ok(Item {
        nr: row.try_get("nr")?,
        at: row.try_get("at")?,
        actor: row.try_get("actor_id")?,
        origin: row.try_get("origin")?,
        act: Act {
            act: row.try_get("act")?,
            object: row.try_get("object")?,
            outcome: row.try_get("outcome")?,
            change: row.try_get("change")?,
        },
        trace: TraceId(row.try_get("trace_id")?),
        count: row.try_get::<i64, _>("count")?.unsigned_abs(),
    })
}

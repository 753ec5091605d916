//! Acts that belong to no tenant: operators, packages, master keys, the log as a whole. They stand in a table of the
//! platform's own, so that whoever runs it can be called to account, and no tenant reads of another.
//!
//! Rows are numbered without gap, and each is linked to the one before. There are few of them, so they are written one
//! after the other.

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

/// Held from the number to the commit.
const LOCK: i64 = 0x6561_665f_6163_7473;
const KIND: u8 = 4;

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// From 1, without gap.
    pub nr: i64,
    pub at: OffsetDateTime,
    pub actor: ActorId,
    pub origin: Option<String>,
    pub act: Act,
    pub trace: TraceId,
    /// Of equal denials within an hour. Beside the chain, because it goes on after the act is linked.
    pub count: u64,
}

/// In the caller's transaction, so that an act and its record exist together or not at all. Its last step: the lock is
/// held until the end. Answers its number.
pub(crate) async fn record(conn: &mut PgConnection, by: &Attribution, act: &Act) -> Result<i64, Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *conn).await.map_err(Error::Write)?;
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select nr, chain from eaf.platform_audit order by nr desc limit 1")
            .fetch_optional(&mut *conn)
            .await
            .map_err(Error::Write)?;
    let (nr, before) = last.unwrap_or_default();
    // What is changed as the database will print it, whose order of members and way of writing numbers are its own.
    let (at, change): (OffsetDateTime, Option<Value>) = sqlx::query_as("select clock_timestamp(), $1::jsonb")
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
    .bind(link(&before, &item))
    .execute(conn)
    .await
    .map_err(Error::Write)?;
    Ok(item.nr)
}

/// For what changes nothing, such as a sign-in.
pub async fn record_alone(db: &Db, by: &Attribution, act: &Act) -> Result<(), Error> {
    let mut tx = db.platform_pool().begin().await.map_err(Error::Write)?;
    record(&mut tx, by, act).await?;
    tx.commit().await.map_err(Error::Write)
}

/// As [`record_alone`], for what was denied: equal tries of an hour are one act, and are counted beside the chain. So who
/// tries again and again holds up no other act for long.
pub async fn record_denied(db: &Db, now: OffsetDateTime, by: &Attribution, act: &Act) -> Result<(), Error> {
    let hour = now.unix_timestamp().div_euclid(60 * 60);
    let parts = [&hour.to_string(), &by.actor.to_string(), &act.act, &act.object];
    let id = Uuid::new_v5(&DENIALS, parts.map(|part| part.replace('\n', " ")).join("\n").as_bytes());
    let mut tx = db.platform_pool().begin().await.map_err(Error::Write)?;
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
        let link = sqlx::query("update eaf.platform_denial set nr = $2 where id = $1").bind(id).bind(nr);
        link.execute(&mut *tx).await.map_err(Error::Write)?;
    }
    tx.commit().await.map_err(Error::Write)
}

/// Newest first, from a number on; with the number where the next page begins.
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

/// Where the chain is not what was written, and its last link, hex. A row that is missing at the end is found only by
/// who noted the link elsewhere.
pub async fn verify(db: &Db) -> Result<(String, Vec<String>), Error> {
    let (mut before, mut nr, mut findings) = (Vec::new(), 0, Vec::new());
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
            let head = before.iter().map(|byte: &u8| format!("{byte:02x}")).collect();
            return Ok((head, findings));
        }
        for row in &rows {
            let item = item(row).map_err(Error::Read)?;
            let chain: Vec<u8> = row.try_get("chain").map_err(Error::Read)?;
            if item.nr != nr + 1 {
                findings.push(format!("gap: act {} of the platform is missing before {}", nr + 1, item.nr));
            } else if chain != link(&before, &item) {
                findings.push(format!("changed: act {} of the platform is not what was linked", item.nr));
            }
            (before, nr) = (chain, item.nr);
        }
    }
}

fn link(before: &[u8], item: &Item) -> Vec<u8> {
    let change = item.act.change.as_ref().map(ToString::to_string);
    Leaf::new(KIND)
        .column(Some(before))
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

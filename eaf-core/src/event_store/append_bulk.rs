//! Appending the short way: several requests of one tenant, each with one event on one stream. What it leaves out,
//! [`append`](super::append) decides.

use super::append::{AppendRequest, Batch, KEEP_DAYS, Outcome, failed};
use super::{Error, LANE, Position};
#[cfg(feature = "testing")]
use crate::db::Db;
use crate::id::TenantId;
use sqlx::postgres::PgConnection;

/// Whether they can go this way: it takes no guards and knows one generation.
pub(super) fn are_bulk(requests: &[&AppendRequest]) -> bool {
    let alike = |request: &&AppendRequest| {
        request.streams.len() == 1 && request.events.len() == 1 && request.fence == requests[0].fence
    };
    requests.len() > 1 && requests.iter().all(alike)
}

/// On a connection of its own, for tests. Rings nobody.
#[cfg(feature = "testing")]
pub async fn append_in_bulk(
    db: &Db,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Option<Vec<Outcome>>, Error> {
    let mut conn = db.append_pool().acquire().await.map_err(failed)?;
    append_bulk(&mut conn, tenant, requests).await
}

/// One outcome per request, in order; `None` if all were left out and nothing happened. After an error that is not
/// [transient](crate::db::is_transient) nothing of all of them happened; after one that is it is unknown.
pub(super) async fn append_bulk(
    conn: &mut PgConnection,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Option<Vec<Outcome>>, Error> {
    let fence = requests.first().and_then(|request| request.fence.as_ref());
    let batch = Batch::of(requests.iter().copied());
    let (epoch, first): (i32, Option<i64>) = sqlx::query_as(
        "select (select epoch from eaf.log_epoch),
                eaf.append_bulk($1, $2, make_interval(days => $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(tenant)
    .bind(LANE)
    .bind(KEEP_DAYS)
    .bind(fence.map(|fence| fence.plugin.as_str()))
    .bind(fence.map(|fence| fence.generation))
    .bind(batch.actor)
    .bind(batch.key)
    .bind(batch.fingerprint)
    .bind(batch.answer)
    .bind(batch.stream)
    .bind(batch.expected)
    .bind(batch.event)
    .bind(batch.kind)
    .bind(batch.schema)
    .bind(batch.data)
    .bind(batch.meta)
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    let recorded = |pos| {
        let position = Position { epoch: epoch as u32, pos };
        Outcome::Ok { positions: Some((position, position)) }
    };
    Ok(first.map(|first| (first as u64..).take(requests.len()).map(recorded).collect()))
}

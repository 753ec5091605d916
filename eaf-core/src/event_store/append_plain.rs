//! Appending the short way: a few plain requests, of several tenants too, in one statement and one commit. What it leaves
//! out, [`append`](super::append) decides.

use super::append::{AppendRequest, Batch, KEEP_DAYS, Outcome, failed};
use super::{Error, LANE, Position};
#[cfg(feature = "testing")]
use crate::db::Db;
use crate::id::TenantId;
#[cfg(feature = "testing")]
use sqlx::Connection;
use sqlx::postgres::PgConnection;

/// On a connection of its own, for tests. Rings nobody.
#[cfg(feature = "testing")]
pub async fn append_together(db: &Db, requests: &[(TenantId, &AppendRequest)]) -> Result<Vec<Option<Outcome>>, Error> {
    let mut conn = db.append_pool().acquire().await.map_err(failed)?;
    let outcomes = append_plain(&mut conn, requests).await;
    if outcomes.is_err() {
        // PostgreSQL says no before it lets go of its locks.
        conn.ping().await.map_err(failed)?;
    }
    outcomes
}

/// One outcome per request, in order; `None` for one that was left out, of which nothing happened. The requests of a tenant are
/// neighbours. After an error that is not [transient](crate::db::is_transient) nothing of all of them happened; after one that is it
/// is unknown.
pub(super) async fn append_plain(
    conn: &mut PgConnection,
    requests: &[(TenantId, &AppendRequest)],
) -> Result<Vec<Option<Outcome>>, Error> {
    let tenants: Vec<TenantId> = requests.iter().map(|(tenant, _)| *tenant).collect();
    let batch = Batch::of(requests.iter().map(|(_, request)| *request));
    let (epoch, last): (i32, Vec<Option<i64>>) = sqlx::query_as(
        "select (select epoch from eaf.log_epoch),
                eaf.append_plain($1, make_interval(days => $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(LANE)
    .bind(KEEP_DAYS)
    .bind(tenants)
    .bind(batch.actor)
    .bind(batch.key)
    .bind(batch.fingerprint)
    .bind(batch.answer)
    .bind(batch.plugin)
    .bind(batch.generation)
    .bind(batch.stream_request)
    .bind(batch.stream)
    .bind(batch.expected)
    .bind(batch.event_stream)
    .bind(batch.event)
    .bind(batch.kind)
    .bind(batch.schema)
    .bind(batch.data)
    .bind(batch.meta)
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    if last.len() != requests.len() {
        return Err(Error::OutcomeCount { asked: requests.len(), answered: last.len() });
    }
    let outcome = |(last, (_, request)): (Option<i64>, &(TenantId, &AppendRequest))| {
        last.map(|last| recorded(epoch as u32, last as u64, request.events.len() as u64))
    };
    Ok(last.into_iter().zip(requests).map(outcome).collect())
}

/// The events of a request follow one another.
fn recorded(epoch: u32, last: u64, events: u64) -> Outcome {
    let position = |pos| Position { epoch, pos };
    Outcome::Ok { positions: (events > 0).then(|| (position(last + 1 - events), position(last))) }
}

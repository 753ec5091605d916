//! Reads of events: those of a stream for a decision, those after a position for consumers.

use super::{Error, LANE, Position, StoredEvent};
use crate::db::TenantTx;
use crate::id::StreamId;
use sqlx::Row;
use sqlx::postgres::PgRow;

/// Reads at most `limit` events of a stream, from the first on. Returns no event if the stream does
/// not exist.
pub async fn read_stream(tx: &mut TenantTx, stream: StreamId, limit: u32) -> Result<Vec<StoredEvent>, Error> {
    let events = read_since(tx, &[stream], &[0], limit, usize::MAX).await?;
    Ok(events.into_iter().map(|(event, _)| event).take(limit as usize).collect())
}

/// Reads the events of several streams with their chain hashes. Each stream is read from its
/// version in `since` on, including the event of that version. Those events do not count for the
/// limits: of the later ones, at most `limit` are returned, and they end with the one that exceeds
/// `bytes`.
pub(super) async fn read_since(
    tx: &mut TenantTx,
    streams: &[StreamId],
    since: &[u64],
    limit: u32,
    bytes: usize,
) -> Result<Vec<(StoredEvent, Vec<u8>)>, Error> {
    let rows = sqlx::query(
        "select (select epoch from eaf.log_epoch) as epoch, pos, stream_id, version, event_id, type, schema_version, data, meta, at, chain
         from (select e.*, sum(size) over (order by stream_id, version) - size as before
               from (select e.*, case when e.version > u.since then octet_length(data) + octet_length(meta) else 0 end as size
                     from unnest($2::uuid[], $3::bigint[]) u(stream, since) cross join lateral
                       (select * from eaf.event e where e.tenant_id = $1 and e.stream_id = u.stream and e.version >= u.since
                        order by e.version limit $4) e
                     order by stream_id, version limit $4) e) e
         where before <= $5 order by stream_id, version",
    )
    .bind(tx.tenant())
    .bind(streams)
    .bind(since.iter().map(|version| *version as i64).collect::<Vec<_>>())
    .bind(i64::from(limit) + streams.len() as i64)
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    rows.iter().map(|row| Ok((stored(row)?, row.try_get("chain").map_err(Error::Read)?))).collect()
}

/// Maximum size, in bytes, of the events that one read returns. A single event may be larger.
const BATCH_BYTES: i64 = 4 * 1024 * 1024;

/// Reads the events after position `after` of the current epoch, in commit order and without gaps.
/// Returns at most `limit` events, or fewer if they are large. Returns at least one if the log has
/// a later event.
pub async fn read_after(tx: &mut TenantTx, after: u64, limit: u32) -> Result<Vec<StoredEvent>, Error> {
    let rows = sqlx::query(
        "select (select epoch from eaf.log_epoch) as epoch, pos, stream_id, version, event_id, type, schema_version, data, meta, at
         from (select e.*, sum(octet_length(data) + octet_length(meta)) over (order by pos) as bytes,
                      row_number() over (order by pos) as nth
               from (select * from eaf.event where tenant_id = $1 and lane = $2 and pos > $3 order by pos limit $4) e) e
         where bytes <= $5 or nth = 1 order by pos",
    )
    .bind(tx.tenant())
    .bind(LANE)
    .bind(after as i64)
    .bind(i64::from(limit))
    .bind(BATCH_BYTES)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    rows.iter().map(stored).collect()
}

/// Position of the latest event in any of these streams. `None`: no stream has an event.
pub(crate) async fn last_of(tx: &mut TenantTx, streams: &[StreamId]) -> Result<Option<Position>, Error> {
    let (epoch, pos): (i32, Option<i64>) = sqlx::query_as(
        "select (select epoch from eaf.log_epoch), max(pos) from unnest($2::uuid[]) u(stream) cross join lateral
           (select pos from eaf.event e where e.tenant_id = $1 and e.stream_id = u.stream order by version desc limit 1) e",
    )
    .bind(tx.tenant())
    .bind(streams)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(pos.map(|pos| Position { epoch: epoch as u32, pos: pos as u64 }))
}

/// Position of the last event in the tenant's log, with the log's epoch. The number is 0 if the log
/// is empty.
pub async fn head(tx: &mut TenantTx) -> Result<Position, Error> {
    let (epoch, pos): (i32, i64) = sqlx::query_as(
        "select (select epoch from eaf.log_epoch), coalesce((select pos from eaf.event
                where tenant_id = $1 and lane = $2 order by pos desc limit 1), 0)",
    )
    .bind(tx.tenant())
    .bind(LANE)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(Position { epoch: epoch as u32, pos: pos as u64 })
}

fn stored(row: &PgRow) -> Result<StoredEvent, Error> {
    let columns = || -> Result<_, sqlx::Error> {
        let position =
            Position { epoch: row.try_get::<i32, _>("epoch")? as u32, pos: row.try_get::<i64, _>("pos")? as u64 };
        Ok((position, row.try_get::<&[u8], _>("data")?, row.try_get::<&[u8], _>("meta")?))
    };
    let (position, data, meta) = columns().map_err(Error::Read)?;
    let corrupt = |column| move |cause| Error::Corrupt { position, column, cause };
    Ok(StoredEvent {
        position,
        stream: row.try_get("stream_id").map_err(Error::Read)?,
        version: row.try_get::<i64, _>("version").map_err(Error::Read)? as u64,
        id: row.try_get("event_id").map_err(Error::Read)?,
        kind: row.try_get("type").map_err(Error::Read)?,
        schema: row.try_get::<i16, _>("schema_version").map_err(Error::Read)? as u16,
        data: serde_json::from_slice(data).map_err(corrupt("data"))?,
        meta: serde_json::from_slice(meta).map_err(corrupt("meta"))?,
        bytes: data.len() + meta.len(),
        at: row.try_get("at").map_err(Error::Read)?,
    })
}

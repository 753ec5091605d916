//! Verification: compares a tenant's log, audit and journal with their hash chains and lists the
//! differences.
//!
//! This code computes the hashes itself, without the database's functions. In the log it checks
//! that positions and versions have no gaps, that the hash covers all stored columns and the
//! previous event, that time never goes back, and that no ledger row has a position after the log's
//! end. So it finds events that were changed, inserted, exchanged or deleted, also at the end of
//! the log. Audit and journal are compared with their anchors, which are linked to the log.

mod anchors;
mod pruned;

use crate::anchor;
use crate::db::{self, Db, TenantTx};
use crate::event_store::LANE;
use crate::id::{EventId, StreamId, TenantId};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::postgres::PgRow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const PAGE: i64 = 2_000;
/// Maximum number of findings that are listed. Further findings are only counted.
const MAX_LISTED: usize = 100;
/// Start of PostgreSQL's calendar, 2000-01-01, in seconds since 1970.
const PG_EPOCH: i128 = 946_684_800;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the log could not be read")]
    Read(#[source] sqlx::Error),
    #[error(transparent)]
    Anchored(#[from] anchor::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub tenant: TenantId,
    pub events: u64,
    /// Time of the log's first event. `None`: the log is empty.
    #[serde(serialize_with = "instant")]
    pub first_at: Option<OffsetDateTime>,
    #[serde(serialize_with = "instant")]
    pub last_at: Option<OffsetDateTime>,
    /// Chain hash of the log's last event, in hex. A comparison with a copy that was noted
    /// elsewhere detects a chain that was rewritten.
    pub head: String,
    /// Number of the tenant's anchors.
    pub anchors: u64,
    /// Hash of the tenant's last anchor, in hex.
    pub anchor_head: String,
    /// Number of rows of audit and journal that have an anchor.
    pub anchored: u64,
    /// Number of rows of audit and journal that have no anchor yet, because they are recent.
    pub not_anchored: u64,
    pub findings: Vec<Finding>,
    /// Number of further findings that are not listed.
    pub more: usize,
}

/// Difference that verification found. It names positions and ids, and no data of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// Positions of events are missing before `position`.
    Gap { position: u64, expected: u64 },
    /// A column of the event at `position` was changed after the event's hash was computed.
    Leaf { position: u64, event: EventId },
    /// The event at `position` is not chained to the hash of the previous event.
    Chain { position: u64, event: EventId },
    /// The event at `position` has an earlier time than the previous event.
    Clock { position: u64, event: EventId },
    /// The versions of the stream's events are not 1, 2, 3, …
    Versions { stream: StreamId, events: u64, last: u64 },
    /// The row `row` of audit or journal was changed after the row was anchored.
    Altered { table: &'static str, anchor: u64, row: String },
    /// Anchored rows are missing, and no record of a pruning accounts for them.
    Deleted { table: &'static str, anchor: u64, rows: u64 },
    /// The record `row` of a pruning claims a deletion that retention does not permit. So the
    /// record was forged.
    Pruning { row: String },
    /// Rows of audit or journal refer to an anchor that does not exist.
    Stray { table: &'static str, rows: u64 },
    /// Anchors are missing before the anchor with the number `anchor`.
    AnchorGap { anchor: u64, expected: u64 },
    /// The anchor with this number was changed, or is not chained to the previous anchor.
    Anchor { anchor: u64 },
    /// The log's chain hash at `position` differs from the chain hash in the anchor.
    AnchoredLog { anchor: u64, position: u64 },
    /// A ledger row refers to `position`, but the log has no event there.
    Missing { position: u64 },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::Gap { position, expected } => {
                write!(f, "gap: position {expected} is missing before {position}")
            }
            Finding::Leaf { position, event } => {
                write!(f, "changed: event {event} at {position} was changed after it was hashed")
            }
            Finding::Chain { position, event } => {
                write!(f, "unlinked: event {event} at {position} is not linked to the previous one")
            }
            Finding::Clock { position, event } => {
                write!(f, "earlier: event {event} at {position} is older than the previous one")
            }
            Finding::Versions { stream, events, last } => {
                write!(f, "versions: stream {stream} has {events} events and ends with version {last}")
            }
            Finding::Altered { table, anchor, row } => {
                write!(f, "changed: {table} row {row} differs from anchor {anchor}")
            }
            Finding::Deleted { table, anchor, rows } => {
                write!(f, "deleted: {rows} rows of {table} in anchor {anchor} are missing")
            }
            Finding::Pruning { row } => {
                write!(f, "forged: audit row {row} records a pruning that retention does not permit")
            }
            Finding::Stray { table, rows } => {
                write!(f, "stray: {rows} rows of {table} refer to an anchor that does not exist")
            }
            Finding::AnchorGap { anchor, expected } => {
                write!(f, "gap: anchor {expected} is missing before {anchor}")
            }
            Finding::Anchor { anchor } => {
                write!(f, "unlinked: anchor {anchor} is not linked to the previous one")
            }
            Finding::AnchoredLog { anchor, position } => {
                write!(f, "rewritten: the event at {position} is not the one that anchor {anchor} is linked to")
            }
            Finding::Missing { position } => {
                write!(f, "missing: the ledger has events up to {position}, the log has not")
            }
        }
    }
}

/// Verifies a tenant's log, audit and journal. After each page of the log, calls `on_progress` with
/// the number of events on it.
pub async fn verify(db: &Db, tenant: TenantId, mut on_progress: impl FnMut(u64)) -> Result<Report, Error> {
    let mut walk = Walk::new(tenant);
    loop {
        let mut tx = db.tenant(tenant).await?;
        let rows = page(&mut tx, walk.pos).await.map_err(Error::Read)?;
        tx.commit().await?;
        for row in &rows {
            walk.check_event(row).map_err(Error::Read)?;
        }
        on_progress(rows.len() as u64);
        if rows.len() < PAGE as usize {
            break;
        }
    }
    let mut tx = db.tenant(tenant).await?;
    check_versions(&mut tx, &mut walk).await.map_err(Error::Read)?;
    check_ledger(&mut tx, &mut walk).await.map_err(Error::Read)?;
    tx.commit().await?;
    let anchored = anchors::walk(db, tenant, &mut walk).await?;
    Ok(Report {
        tenant,
        events: walk.events,
        first_at: walk.first.and_then(at),
        last_at: (walk.events > 0).then_some(walk.micros).and_then(at),
        head: hex(&walk.chain),
        anchors: anchored.anchors,
        anchor_head: hex(&anchored.head),
        anchored: anchored.rows,
        not_anchored: anchored.not_anchored,
        findings: walk.findings,
        more: walk.more,
    })
}

/// Converts a time from microseconds since 2000, as PostgreSQL stores it.
fn at(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000 + PG_EPOCH * 1_000_000_000).ok()
}

fn instant<S: Serializer>(at: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    at.and_then(|at| at.format(&Rfc3339).ok()).serialize(serializer)
}

/// Position of the last event in the tenant's log. It equals the number of events to verify.
pub async fn last_position(db: &Db, tenant: TenantId) -> Result<u64, Error> {
    let mut tx = db.tenant(tenant).await?;
    let last: Option<i64> = sqlx::query_scalar("select max(pos) from eaf.event where tenant_id = $1 and lane = $2")
        .bind(tenant)
        .bind(LANE)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    Ok(last.unwrap_or_default().unsigned_abs())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Walk {
    tenant: TenantId,
    events: u64,
    pos: i64,
    /// Stored chain hash of the event that was verified last.
    chain: Vec<u8>,
    first: Option<i64>,
    micros: i64,
    findings: Vec<Finding>,
    more: usize,
}

impl Walk {
    fn new(tenant: TenantId) -> Self {
        let chain = sha(&[&[0], tenant.0.as_bytes(), &LANE.to_be_bytes()]);
        Walk { tenant, events: 0, pos: 0, chain, first: None, micros: i64::MIN, findings: Vec::new(), more: 0 }
    }

    fn check_event(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let (pos, event): (i64, EventId) = (row.try_get("pos")?, row.try_get("event_id")?);
        let position = pos as u64;
        if pos != self.pos + 1 {
            self.report(Finding::Gap { position, expected: self.pos as u64 + 1 });
        }
        let micros: i64 = row.try_get("micros")?;
        if micros < self.micros {
            self.report(Finding::Clock { position, event });
        }
        let (leaf, chain): (&[u8], &[u8]) = (row.try_get("leaf")?, row.try_get("chain")?);
        if leaf != self.leaf(row, pos, micros, event)? {
            self.report(Finding::Leaf { position, event });
        }
        if chain != sha(&[&self.chain, leaf]) {
            self.report(Finding::Chain { position, event });
        }
        self.first.get_or_insert(micros);
        (self.pos, self.micros, self.chain) = (pos, micros, chain.to_vec());
        self.events += 1;
        Ok(())
    }

    /// Hashes an event in the same way as the SQL function `eaf.leaf`: see
    /// `migrations/0002_log.sql`.
    fn leaf(&self, row: &PgRow, pos: i64, micros: i64, event: EventId) -> Result<Vec<u8>, sqlx::Error> {
        let (stream, version): (StreamId, i64) = (row.try_get("stream_id")?, row.try_get("version")?);
        let (kind, schema): (&str, i16) = (row.try_get("type")?, row.try_get("schema_version")?);
        let (data, meta): (&[u8], &[u8]) = (row.try_get("data")?, row.try_get("meta")?);
        Ok(sha(&[
            &[1],
            self.tenant.0.as_bytes(),
            &LANE.to_be_bytes(),
            &pos.to_be_bytes(),
            stream.0.as_bytes(),
            &version.to_be_bytes(),
            event.0.as_bytes(),
            &micros.to_be_bytes(),
            &schema.to_be_bytes(),
            &length(kind.as_bytes()),
            kind.as_bytes(),
            &length(meta),
            meta,
            &length(data),
            data,
        ]))
    }

    fn report(&mut self, finding: Finding) {
        if self.findings.len() < MAX_LISTED {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

async fn page(tx: &mut TenantTx, after: i64) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(
        "select pos, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain,
                (extract(epoch from at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint as micros
         from eaf.event where tenant_id = $1 and lane = $2 and pos > $3 order by pos limit $4",
    )
    .bind(tx.tenant())
    .bind(LANE)
    .bind(after)
    .bind(PAGE)
    .fetch_all(tx.conn())
    .await
}

async fn check_versions(tx: &mut TenantTx, walk: &mut Walk) -> Result<(), sqlx::Error> {
    let rows: Vec<(StreamId, i64, i64)> = sqlx::query_as(
        "select stream_id, count(*), max(version) from eaf.event where tenant_id = $1
         group by stream_id having count(*) <> max(version) or min(version) <> 1 order by stream_id",
    )
    .bind(tx.tenant())
    .fetch_all(tx.conn())
    .await?;
    for (stream, events, last) in rows {
        walk.report(Finding::Versions { stream, events: events as u64, last: last as u64 });
    }
    Ok(())
}

async fn check_ledger(tx: &mut TenantTx, walk: &mut Walk) -> Result<(), sqlx::Error> {
    let missing: Vec<i64> = sqlx::query_scalar(
        "select distinct l.last_pos from eaf.ledger l where l.tenant_id = $1 and l.last_pos is not null
           and not exists (select from eaf.event e where e.tenant_id = $1 and e.lane = l.lane and e.pos = l.last_pos)
         order by 1",
    )
    .bind(tx.tenant())
    .fetch_all(tx.conn())
    .await?;
    missing.into_iter().for_each(|pos| walk.report(Finding::Missing { position: pos as u64 }));
    Ok(())
}

fn length(bytes: &[u8]) -> [u8; 4] {
    (bytes.len() as i32).to_be_bytes()
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    let mut sha = Sha256::new();
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().to_vec()
}

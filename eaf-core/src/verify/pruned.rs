//! Anchored rows that are missing, compared with the records of prunings in the audit.
//!
//! Example of a record: act `retention.prune`, object `denials: 17 before 2026-09-01`, anchors
//! `5:10 6:7`. It accounts for up to 10 missing denials of anchor 5 and 7 of anchor 6, from before
//! that day. A record whose rows were too young for retention is forged: it is reported and
//! accounts for no row.

use super::{Error, Finding, Walk};
use crate::anchor::{Kind, PruneMark};
use crate::db::TenantTx;
use crate::id::ActorId;
use crate::retention::record::{MIN_RETENTION, Record};
use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::{BTreeMap, HashMap};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// Maximum difference between the clocks of two database servers.
const CLOCK_DIFFERENCE: Duration = Duration::minutes(5);
/// Julian day of 1970-01-01.
const UNIX_EPOCH_DAY: i32 = 2_440_588;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Audit,
    Journal,
}

impl Table {
    pub fn name(self) -> &'static str {
        match self {
            Table::Audit => "audit",
            Table::Journal => "journal",
        }
    }

    fn of(kind: Kind) -> Table {
        if kind == Kind::Call { Table::Journal } else { Table::Audit }
    }
}

/// Missing rows, by table and number of their anchor.
#[derive(Default)]
pub(super) struct MissingRows(BTreeMap<(Table, i64), MissingInAnchor>);

struct MissingInAnchor {
    rows: usize,
    /// Number of missing rows with each prune mark.
    marks: HashMap<PruneMark, usize>,
}

impl MissingRows {
    pub fn add(&mut self, table: Table, anchor: i64, rows: usize, marks: impl Iterator<Item = PruneMark>) {
        let mut counted = HashMap::new();
        for mark in marks {
            *counted.entry(mark).or_default() += 1;
        }
        self.0.insert((table, anchor), MissingInAnchor { rows, marks: counted });
    }
}

/// Sum of all records of prunings for one kind of rows in one anchor.
#[derive(Clone, Copy)]
struct PruneRecords {
    rows: usize,
    /// Latest day before which the recorded prunings deleted rows, in days since 1970.
    before: i32,
}

/// Reports missing rows for which no record of a pruning accounts, and records that were forged.
pub(super) async fn check_missing_rows(tx: &mut TenantTx, missing: MissingRows, walk: &mut Walk) -> Result<(), Error> {
    let records = read_records(tx, &missing, walk).await?;
    for ((table, nr), missing) in missing.0 {
        let pruned: usize = [Kind::Denial, Kind::Refusal, Kind::Call]
            .into_iter()
            .filter(|kind| Table::of(*kind) == table)
            .filter_map(|kind| {
                records.get(&(kind, nr)).map(|records| records.rows.min(missing.count(kind, records.before)))
            })
            .sum();
        let rows = missing.rows.saturating_sub(pruned);
        if rows > 0 {
            walk.report(Finding::Deleted { table: table.name(), anchor: nr as u64, rows: rows as u64 });
        }
    }
    Ok(())
}

impl MissingInAnchor {
    /// Number of missing rows of this kind from before the day `before`, in days since 1970.
    fn count(&self, kind: Kind, before: i32) -> usize {
        let matches = |mark: &PruneMark| mark.kind == kind && mark.day < before;
        self.marks.iter().filter(|(mark, _)| matches(mark)).map(|(_, rows)| rows).sum()
    }
}

async fn read_records(
    tx: &mut TenantTx,
    missing: &MissingRows,
    walk: &mut Walk,
) -> Result<HashMap<(Kind, i64), PruneRecords>, Error> {
    let mut records: HashMap<(Kind, i64), PruneRecords> = HashMap::new();
    let mut rows = sqlx::query(
        "select r.id, r.at, r.object, r.pruned, coalesce(n.at, clock_timestamp()) as latest
         from eaf.audit r left join eaf.anchor n on n.tenant_id = r.tenant_id and n.nr = r.anchor
         where r.tenant_id = $1 and r.actor_id = $2 and r.act = 'retention.prune' and r.pruned is not null
         order by r.at, r.id",
    )
    .bind(tx.tenant())
    .bind(ActorId::SYSTEM)
    .fetch(tx.conn());
    while let Some(row) = rows.try_next().await.map_err(Error::Read)? {
        let Some(record) = parse_record(&row).map_err(Error::Read)? else {
            let row: Uuid = row.try_get("id").map_err(Error::Read)?;
            walk.report(Finding::Pruning { row: row.to_string() });
            continue;
        };
        for (anchor, rows) in record.anchors {
            if !missing.0.contains_key(&(Table::of(record.kind), anchor)) {
                continue;
            }
            let before = day(record.before);
            let sum = records.entry((record.kind, anchor)).or_insert(PruneRecords { rows: 0, before });
            *sum = PruneRecords { rows: sum.rows.saturating_add(rows), before: sum.before.max(before) };
        }
    }
    Ok(records)
}

/// Parses the record of a pruning. `None`: the record was forged, because retention cannot have
/// written it.
fn parse_record(row: &PgRow) -> Result<Option<Record>, sqlx::Error> {
    let (at, latest): (OffsetDateTime, OffsetDateTime) = (row.try_get("at")?, row.try_get("latest")?);
    let record = Record::parse(row.try_get("object")?, row.try_get("pruned")?);
    let is_too_young = |record: &Record| record.before.midnight().assume_utc() > at - MIN_RETENTION;
    Ok(record.filter(|record| at <= latest + CLOCK_DIFFERENCE && !is_too_young(record)))
}

fn day(date: Date) -> i32 {
    date.to_julian_day() - UNIX_EPOCH_DAY
}

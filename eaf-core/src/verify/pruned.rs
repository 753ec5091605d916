//! Rows that are missing in anchors, and which of them retention says that it deleted.
//!
//! `retention.prune` on `denials: 17 before 2026-09-01`, of the anchors `5:10 6:7`: see `eaf_core::retention`. Such a record
//! excuses rows of its kind and of days before its own, in its anchors, so many of each as it says; and it is one only if
//! retention could have deleted them when it was written.

use super::{Error, Finding, Walk};
use crate::anchor::{Kind, Mark};
use crate::db::TenantTx;
use crate::id::ActorId;
use crate::retention::record::{LEAST, Record};
use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::{BTreeMap, HashMap};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// By how much the clocks of two database servers may differ.
const CLOCKS: Duration = Duration::minutes(5);
const EPOCH: i32 = 2_440_588;

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

/// What is missing, by table and anchor.
#[derive(Default)]
pub(super) struct Missing(BTreeMap<(Table, i64), Gone>);

struct Gone {
    rows: usize,
    marks: HashMap<Mark, usize>,
}

impl Missing {
    pub fn add(&mut self, table: Table, anchor: i64, rows: usize, marks: impl Iterator<Item = Mark>) {
        let mut counted = HashMap::new();
        for mark in marks {
            *counted.entry(mark).or_default() += 1;
        }
        self.0.insert((table, anchor), Gone { rows, marks: counted });
    }
}

/// What the records say of one kind in one anchor.
#[derive(Clone, Copy)]
struct Said {
    rows: usize,
    /// The latest.
    before: i32,
}

/// Finds what is missing and not excused, and records that retention cannot have written.
pub(super) async fn judge(tx: &mut TenantTx, missing: Missing, walk: &mut Walk) -> Result<(), Error> {
    let said = records(tx, &missing, walk).await?;
    for ((table, nr), gone) in missing.0 {
        let excused: usize = [Kind::Denial, Kind::Refusal, Kind::Call]
            .into_iter()
            .filter(|kind| Table::of(*kind) == table)
            .filter_map(|kind| said.get(&(kind, nr)).map(|said| said.rows.min(gone.of(kind, said.before))))
            .sum();
        let rows = gone.rows.saturating_sub(excused);
        if rows > 0 {
            walk.find(Finding::Deleted { table: table.name(), anchor: nr as u64, rows: rows as u64 });
        }
    }
    Ok(())
}

impl Gone {
    /// So many of this kind from before this day.
    fn of(&self, kind: Kind, before: i32) -> usize {
        let fits = |mark: &Mark| mark.kind == kind && mark.day < before;
        self.marks.iter().filter(|(mark, _)| fits(mark)).map(|(_, rows)| rows).sum()
    }
}

async fn records(tx: &mut TenantTx, missing: &Missing, walk: &mut Walk) -> Result<HashMap<(Kind, i64), Said>, Error> {
    let mut said: HashMap<(Kind, i64), Said> = HashMap::new();
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
        let Some(record) = record(&row).map_err(Error::Read)? else {
            let row: Uuid = row.try_get("id").map_err(Error::Read)?;
            walk.find(Finding::Pruning { row: row.to_string() });
            continue;
        };
        for (anchor, rows) in record.anchors {
            if !missing.0.contains_key(&(Table::of(record.kind), anchor)) {
                continue;
            }
            let before = day(record.before);
            let said = said.entry((record.kind, anchor)).or_insert(Said { rows: 0, before });
            *said = Said { rows: said.rows.saturating_add(rows), before: said.before.max(before) };
        }
    }
    Ok(said)
}

/// None: retention cannot have written it.
fn record(row: &PgRow) -> Result<Option<Record>, sqlx::Error> {
    let (at, latest): (OffsetDateTime, OffsetDateTime) = (row.try_get("at")?, row.try_get("latest")?);
    let record = Record::read(row.try_get("object")?, row.try_get("pruned")?);
    let young = |record: &Record| record.before.midnight().assume_utc() > at - LEAST;
    Ok(record.filter(|record| at <= latest + CLOCKS && !young(record)))
}

fn day(date: Date) -> i32 {
    date.to_julian_day() - EPOCH
}

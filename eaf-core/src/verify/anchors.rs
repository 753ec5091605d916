//! What stands beside the log: whether audit and journal still are what was anchored.
//!
//! Rows that retention deleted are missing by right: their audit says of which anchor how many.

use super::pruned::{self, Missing, Table};
use super::{Error, Finding, Walk};
use crate::anchor::{self, Anchor, Hashed, MARK, Mark};
use crate::db::{Db, TenantTx};
use crate::id::TenantId;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::HashMap;

const PAGE: i64 = 100;
/// Rows of audit or journal of the anchors that are compared at once.
const ROWS: usize = 20_000;
const HASH: usize = 32;

/// What the anchors of a tenant come to.
pub(super) struct Anchored {
    pub anchors: u64,
    pub head: Vec<u8>,
    /// Rows that are or were in them.
    pub rows: u64,
    /// Rows that no anchor holds yet.
    pub waiting: u64,
}

pub(super) async fn walk(db: &Db, tenant: TenantId, walk: &mut Walk) -> Result<Anchored, Error> {
    let (mut nr, mut head, mut rows) = (0, anchor::genesis(tenant), 0);
    let mut missing = Missing::default();
    loop {
        let mut tx = db.tenant(tenant).await?;
        let found = page(&mut tx, nr).await?;
        if found.is_empty() {
            // What retention deleted while this went on is recorded by now.
            pruned::judge(&mut tx, missing, walk).await?;
            let waiting = strays(&mut tx, walk).await?;
            tx.commit().await?;
            return Ok(Anchored { anchors: nr as u64, head, rows, waiting });
        }
        for linked in &found {
            let anchor = &linked.anchor;
            if anchor.nr != nr + 1 {
                walk.find(Finding::AnchorGap { anchor: anchor.nr as u64, expected: nr as u64 + 1 });
            }
            if linked.chain != anchor::link(&head, anchor) {
                walk.find(Finding::Anchor { anchor: anchor.nr as u64 });
            }
            if anchor.log_pos > 0 && linked.log != anchor.log_chain {
                let (anchor, position) = (anchor.nr as u64, anchor.log_pos as u64);
                walk.find(Finding::AnchoredLog { anchor, position });
            }
            rows += ((anchor.audits.len() + anchor.journals.len()) / HASH) as u64;
            (nr, head) = (anchor.nr, linked.chain.clone());
        }
        for group in groups(&found) {
            rows_of(&mut tx, group, &mut missing, walk).await?;
        }
        tx.commit().await?;
    }
}

/// So many anchors as have not too many rows together.
fn groups(found: &[Linked]) -> Vec<&[Linked]> {
    let (mut groups, mut start, mut rows) = (Vec::new(), 0, 0);
    for (index, linked) in found.iter().enumerate() {
        rows += (linked.anchor.audits.len() + linked.anchor.journals.len()) / HASH;
        if rows >= ROWS || index + 1 == found.len() {
            groups.push(&found[start..=index]);
            (start, rows) = (index + 1, 0);
        }
    }
    groups
}

async fn rows_of(tx: &mut TenantTx, anchors: &[Linked], missing: &mut Missing, walk: &mut Walk) -> Result<(), Error> {
    let (Some(first), Some(last)) = (anchors.first(), anchors.last()) else { return Ok(()) };
    let range = (first.anchor.nr, last.anchor.nr);
    let mut audits = anchor::audits_of(tx, range).await?;
    let mut journals = anchor::journals_of(tx, range).await?;
    for Linked { anchor, .. } in anchors {
        let found = audits.remove(&anchor.nr).unwrap_or_default();
        let found = shown(found, |key| key.to_string());
        let (leaves, marks) = (&anchor.audits, &anchor.audit_marks);
        compare(&Part { table: Table::Audit, anchor, leaves, marks }, &found, missing, walk);
        let found = journals.remove(&anchor.nr).unwrap_or_default();
        let found = shown(found, |(run, seq)| format!("{run}/{seq}"));
        let (leaves, marks) = (&anchor.journals, &anchor.journal_marks);
        compare(&Part { table: Table::Journal, anchor, leaves, marks }, &found, missing, walk);
    }
    Ok(())
}

fn shown<Key>(rows: Vec<Hashed<Key>>, show: impl Fn(Key) -> String) -> Vec<(String, Vec<u8>)> {
    rows.into_iter().map(|row| (show(row.key), row.leaf)).collect()
}

/// What an anchor holds of one table.
struct Part<'a> {
    table: Table,
    anchor: &'a Anchor,
    leaves: &'a [u8],
    marks: &'a [u8],
}

fn compare(part: &Part<'_>, found: &[(String, Vec<u8>)], missing: &mut Missing, walk: &mut Walk) {
    let mut left: HashMap<&[u8], Vec<Option<Mark>>> = HashMap::new();
    for (index, leaf) in part.leaves.chunks(HASH).enumerate() {
        let mark = part.marks.chunks(MARK).nth(index).and_then(Mark::read);
        left.entry(leaf).or_default().push(mark);
    }
    let mut altered = 0;
    for (key, leaf) in found {
        if left.get_mut(leaf.as_slice()).and_then(Vec::pop).is_none() {
            altered += 1;
            let (table, anchor) = (part.table.name(), part.anchor.nr as u64);
            walk.find(Finding::Altered { table, anchor, row: key.clone() });
        }
    }
    // A row that was altered leaves its former hash behind, which is not missing besides.
    let marks: Vec<Option<Mark>> = left.into_values().flatten().collect();
    let rows = marks.len().saturating_sub(altered);
    if rows > 0 {
        missing.add(part.table, part.anchor.nr, rows, marks.into_iter().flatten());
    }
}

/// An anchor with its own link, and the chain of the log at its position as it is now.
struct Linked {
    anchor: Anchor,
    log: Option<Vec<u8>>,
    chain: Vec<u8>,
}

async fn page(tx: &mut TenantTx, after: i64) -> Result<Vec<Linked>, Error> {
    let rows = sqlx::query(
        "select a.nr, a.at, a.log_pos, a.log_chain, a.audits, a.journals, a.audit_marks, a.journal_marks, a.chain,
                e.chain as log
         from eaf.anchor a left join eaf.event e on e.tenant_id = a.tenant_id and e.lane = 0 and e.pos = a.log_pos
         where a.tenant_id = $1 and a.nr > $2 order by a.nr limit $3",
    )
    .bind(tx.tenant())
    .bind(after)
    .bind(PAGE)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    rows.iter().map(|row| read(row).map_err(Error::Read)).collect()
}

fn read(row: &PgRow) -> Result<Linked, sqlx::Error> {
    let anchor = Anchor {
        nr: row.try_get("nr")?,
        at: row.try_get("at")?,
        log_pos: row.try_get("log_pos")?,
        log_chain: row.try_get("log_chain")?,
        audits: row.try_get("audits")?,
        journals: row.try_get("journals")?,
        audit_marks: row.try_get("audit_marks")?,
        journal_marks: row.try_get("journal_marks")?,
    };
    Ok(Linked { anchor, log: row.try_get("log")?, chain: row.try_get("chain")? })
}

/// Rows that claim an anchor that there is not; answers how many wait for one. One statement, because hosts go on.
async fn strays(tx: &mut TenantTx, walk: &mut Walk) -> Result<u64, Error> {
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "with last as (select coalesce(max(nr), 0) as nr from eaf.anchor where tenant_id = $1)
         select (select count(*) from eaf.audit where tenant_id = $1 and (anchor > last.nr or anchor < 1)),
                (select count(*) from eaf.journal where tenant_id = $1 and (anchor > last.nr or anchor < 1)),
                (select count(*) from eaf.audit where tenant_id = $1 and anchor is null),
                (select count(*) from eaf.journal where tenant_id = $1 and anchor is null and state = 'done')
         from last",
    )
    .bind(tx.tenant())
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    for (table, rows) in [("audit", counts.0), ("journal", counts.1)] {
        if rows > 0 {
            walk.find(Finding::Stray { table, rows: rows as u64 });
        }
    }
    Ok((counts.2 + counts.3) as u64)
}

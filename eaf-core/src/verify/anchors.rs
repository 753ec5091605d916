//! Verification of audit and journal: compares the rows with the hashes in the anchors.
//!
//! Rows may be missing only if retention deleted them. The audit records, for each anchor, how many
//! of its rows were deleted.

use super::pruned::{self, MissingRows, Table};
use super::{Error, Finding, Walk};
use crate::anchor::{self, Anchor, HashedRow, MARK_BYTES, PruneMark};
use crate::db::{Db, TenantTx};
use crate::id::TenantId;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::HashMap;

const PAGE: i64 = 100;
/// Number of rows from which on a group of anchors is compared. It limits the memory that one
/// comparison uses.
const GROUP_ROWS: usize = 20_000;
const HASH_BYTES: usize = 32;

/// Totals of a tenant's anchors and anchored rows.
pub(super) struct Anchored {
    pub anchors: u64,
    /// Hash of the tenant's last anchor.
    pub head: Vec<u8>,
    /// Number of rows that were anchored, including rows that were pruned since.
    pub rows: u64,
    /// Number of rows that have no anchor yet.
    pub not_anchored: u64,
}

pub(super) async fn walk(db: &Db, tenant: TenantId, walk: &mut Walk) -> Result<Anchored, Error> {
    let (mut nr, mut head, mut rows) = (0, anchor::genesis(tenant), 0);
    let mut missing = MissingRows::default();
    loop {
        let mut tx = db.tenant(tenant).await?;
        let found = page(&mut tx, nr).await?;
        if found.is_empty() {
            // Prune records are read last, so that those of concurrent prunings are included.
            pruned::check_missing_rows(&mut tx, missing, walk).await?;
            let not_anchored = check_strays(&mut tx, walk).await?;
            tx.commit().await?;
            return Ok(Anchored { anchors: nr as u64, head, rows, not_anchored });
        }
        for linked in &found {
            let anchor = &linked.anchor;
            if anchor.nr != nr + 1 {
                walk.report(Finding::AnchorGap { anchor: anchor.nr as u64, expected: nr as u64 + 1 });
            }
            if linked.chain != anchor::chain_hash(&head, anchor) {
                walk.report(Finding::Anchor { anchor: anchor.nr as u64 });
            }
            if anchor.log_pos > 0 && linked.log != anchor.log_chain {
                let (anchor, position) = (anchor.nr as u64, anchor.log_pos as u64);
                walk.report(Finding::AnchoredLog { anchor, position });
            }
            rows += ((anchor.audits.len() + anchor.journals.len()) / HASH_BYTES) as u64;
            (nr, head) = (anchor.nr, linked.chain.clone());
        }
        for group in groups(&found) {
            check_rows(&mut tx, group, &mut missing, walk).await?;
        }
        tx.commit().await?;
    }
}

/// Splits a page of anchors into groups whose anchors have about [`GROUP_ROWS`] rows together.
fn groups(found: &[Linked]) -> Vec<&[Linked]> {
    let (mut groups, mut start, mut rows) = (Vec::new(), 0, 0);
    for (index, linked) in found.iter().enumerate() {
        rows += (linked.anchor.audits.len() + linked.anchor.journals.len()) / HASH_BYTES;
        if rows >= GROUP_ROWS || index + 1 == found.len() {
            groups.push(&found[start..=index]);
            (start, rows) = (index + 1, 0);
        }
    }
    groups
}

async fn check_rows(
    tx: &mut TenantTx,
    anchors: &[Linked],
    missing: &mut MissingRows,
    walk: &mut Walk,
) -> Result<(), Error> {
    let (Some(first), Some(last)) = (anchors.first(), anchors.last()) else { return Ok(()) };
    let range = (first.anchor.nr, last.anchor.nr);
    let mut audits = anchor::audits_of(tx, range).await?;
    let mut journals = anchor::journals_of(tx, range).await?;
    for Linked { anchor, .. } in anchors {
        let found = audits.remove(&anchor.nr).unwrap_or_default();
        let found = with_text_keys(found, |key| key.to_string());
        let (leaves, marks) = (&anchor.audits, &anchor.audit_marks);
        compare(&Part { table: Table::Audit, anchor, leaves, marks }, &found, missing, walk);
        let found = journals.remove(&anchor.nr).unwrap_or_default();
        let found = with_text_keys(found, |(run, seq)| format!("{run}/{seq}"));
        let (leaves, marks) = (&anchor.journals, &anchor.journal_marks);
        compare(&Part { table: Table::Journal, anchor, leaves, marks }, &found, missing, walk);
    }
    Ok(())
}

fn with_text_keys<Key>(rows: Vec<HashedRow<Key>>, text: impl Fn(Key) -> String) -> Vec<(String, Vec<u8>)> {
    rows.into_iter().map(|row| (text(row.key), row.leaf)).collect()
}

/// Hashes and prune marks that an anchor has of one table's rows.
struct Part<'a> {
    table: Table,
    anchor: &'a Anchor,
    leaves: &'a [u8],
    marks: &'a [u8],
}

fn compare(part: &Part<'_>, found: &[(String, Vec<u8>)], missing: &mut MissingRows, walk: &mut Walk) {
    let mut expected: HashMap<&[u8], Vec<Option<PruneMark>>> = HashMap::new();
    for (index, leaf) in part.leaves.chunks(HASH_BYTES).enumerate() {
        let mark = part.marks.chunks(MARK_BYTES).nth(index).and_then(PruneMark::parse);
        expected.entry(leaf).or_default().push(mark);
    }
    let mut altered = 0;
    for (key, leaf) in found {
        if expected.get_mut(leaf.as_slice()).and_then(Vec::pop).is_none() {
            altered += 1;
            let (table, anchor) = (part.table.name(), part.anchor.nr as u64);
            walk.report(Finding::Altered { table, anchor, row: key.clone() });
        }
    }
    // An altered row does not match its former hash, which is therefore not counted as missing.
    let marks: Vec<Option<PruneMark>> = expected.into_values().flatten().collect();
    let rows = marks.len().saturating_sub(altered);
    if rows > 0 {
        missing.add(part.table, part.anchor.nr, rows, marks.into_iter().flatten());
    }
}

/// Stored anchor with its stored hash, and with the log's present chain hash at the same position.
struct Linked {
    anchor: Anchor,
    /// Present chain hash of the log at the anchor's position. `None`: the log has no event there.
    log: Option<Vec<u8>>,
    /// Stored hash of the anchor.
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

/// Reports rows that refer to an anchor that does not exist. Returns the number of rows without an
/// anchor. One statement reads both, so that no host can add an anchor in between.
async fn check_strays(tx: &mut TenantTx, walk: &mut Walk) -> Result<u64, Error> {
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
            walk.report(Finding::Stray { table, rows: rows as u64 });
        }
    }
    Ok((counts.2 + counts.3) as u64)
}

//! What stands beside the log: whether audit and journal still are what was anchored.
//!
//! Rows that retention deleted are missing by right: their audit says up to which day, and how many.

use super::{Error, Finding, Walk};
use crate::Core;
use crate::anchor::{self, Anchor, Of};
use crate::db::TenantTx;
use crate::id::TenantId;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::HashMap;
use time::OffsetDateTime;

const PAGE: i64 = 100;
const HASH: usize = 32;

/// What the anchors of a tenant come to.
pub(super) struct Anchored {
    pub anchors: u64,
    pub head: Vec<u8>,
    /// Rows that no anchor holds yet.
    pub waiting: u64,
}

/// Of one table: how much retention says that it deleted, and how much is missing.
#[derive(Default)]
struct Pruned {
    before: Option<OffsetDateTime>,
    said: i64,
    missing: i64,
}

pub(super) async fn walk(core: &Core, tenant: TenantId, walk: &mut Walk) -> Result<Anchored, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let mut audits = pruned(&mut tx, "denials").await?;
    let mut journals = pruned(&mut tx, "journals").await?;
    tx.commit().await?;
    let (mut nr, mut head) = (0, anchor::genesis(tenant));
    loop {
        let mut tx = core.db.tenant(tenant).await?;
        let rows = page(&mut tx, nr).await?;
        if rows.is_empty() {
            let waiting = strays(&mut tx, walk).await?;
            tx.commit().await?;
            for (table, pruned) in [("audit", &audits), ("journal", &journals)] {
                if pruned.missing > pruned.said {
                    let rows = (pruned.missing - pruned.said) as u64;
                    walk.find(Finding::Deleted { table, anchor: nr as u64, rows });
                }
            }
            return Ok(Anchored { anchors: nr as u64, head, waiting });
        }
        for (anchor, log, chain) in rows {
            if anchor.nr != nr + 1 {
                walk.find(Finding::AnchorGap { anchor: anchor.nr as u64, expected: nr as u64 + 1 });
            }
            if chain != anchor::link(&head, &anchor) {
                walk.find(Finding::Anchor { anchor: anchor.nr as u64 });
            }
            if anchor.log_pos > 0 && log != anchor.log_chain {
                let (anchor, position) = (anchor.nr as u64, anchor.log_pos as u64);
                walk.find(Finding::AnchoredLog { anchor, position });
            }
            rows_of(&mut tx, &anchor, &mut audits, &mut journals, walk).await?;
            (nr, head) = (anchor.nr, chain);
        }
        tx.commit().await?;
    }
}

async fn rows_of(
    tx: &mut TenantTx,
    anchor: &Anchor,
    audits: &mut Pruned,
    journals: &mut Pruned,
    walk: &mut Walk,
) -> Result<(), Error> {
    let found = anchor::audits(tx, Of::Anchor(anchor.nr)).await?;
    let found = found.into_iter().map(|row| (row.key.to_string(), row.leaf)).collect();
    compare("audit", anchor, &anchor.audits, found, audits, walk);
    let found = anchor::journals(tx, Of::Anchor(anchor.nr)).await?;
    let found = found.into_iter().map(|row| (format!("{}/{}", row.key.0, row.key.1), row.leaf)).collect();
    compare("journal", anchor, &anchor.journals, found, journals, walk);
    Ok(())
}

fn compare(
    table: &'static str,
    anchor: &Anchor,
    leaves: &[u8],
    found: Vec<(String, Vec<u8>)>,
    pruned: &mut Pruned,
    walk: &mut Walk,
) {
    let mut missing: HashMap<&[u8], usize> = HashMap::new();
    for leaf in leaves.chunks(HASH) {
        *missing.entry(leaf).or_default() += 1;
    }
    let mut altered = 0;
    for (key, leaf) in &found {
        match missing.get_mut(leaf.as_slice()) {
            Some(left) if *left > 0 => *left -= 1,
            _ => {
                altered += 1;
                walk.find(Finding::Altered { table, anchor: anchor.nr as u64, row: key.clone() });
            }
        }
    }
    // A row that was altered leaves its former hash behind, which is not missing besides.
    let missing = missing.values().sum::<usize>().saturating_sub(altered);
    if missing == 0 {
        return;
    }
    if pruned.before.is_some_and(|before| anchor.oldest < before) {
        pruned.missing += missing as i64;
    } else {
        walk.find(Finding::Deleted { table, anchor: anchor.nr as u64, rows: missing as u64 });
    }
}

/// The anchor, the chain of the log at its position as it is now, and its own link.
type Row3 = (Anchor, Option<Vec<u8>>, Vec<u8>);

async fn page(tx: &mut TenantTx, after: i64) -> Result<Vec<Row3>, Error> {
    let rows = sqlx::query(
        "select a.nr, a.at, a.oldest, a.log_pos, a.log_chain, a.audits, a.journals, a.chain, e.chain as log
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

fn read(row: &PgRow) -> Result<Row3, sqlx::Error> {
    let anchor = Anchor {
        nr: row.try_get("nr")?,
        at: row.try_get("at")?,
        oldest: row.try_get("oldest")?,
        log_pos: row.try_get("log_pos")?,
        log_chain: row.try_get("log_chain")?,
        audits: row.try_get("audits")?,
        journals: row.try_get("journals")?,
    };
    Ok((anchor, row.try_get("log")?, row.try_get("chain")?))
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

/// `retention.prune` on `denials: 17 before 2026-09-01`: see `eaf_core::retention`.
async fn pruned(tx: &mut TenantTx, what: &str) -> Result<Pruned, Error> {
    let (said, before): (i64, Option<OffsetDateTime>) = sqlx::query_as(
        "select coalesce(sum(m[1]::bigint), 0)::bigint, max((m[2] || ' 00:00:00+00')::timestamptz)
         from (select regexp_match(object, '^' || $2 || ': ([0-9]{1,15}) before ([0-9]{4}-[0-9]{2}-[0-9]{2})$') as m
               from eaf.audit where tenant_id = $1 and act = 'retention.prune' and actor_id = $3) p where m is not null",
    )
    .bind(tx.tenant())
    .bind(what)
    .bind(crate::id::ActorId::SYSTEM)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(Pruned { before, said, missing: 0 })
}

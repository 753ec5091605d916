//! Anchors: each anchor holds the hashes of a batch of audit and journal rows. A tenant's anchors
//! form a hash chain, and each one names the log's head at that time.
//!
//! Rows are written without waiting for an anchor; the hosts anchor them within seconds, one host
//! per tenant at a time. Until a row is anchored, a change of that row cannot be detected.

mod rows;

pub(crate) use rows::{HashedRow, Kind, MARK_BYTES, PruneMark, audits_of, journals_of};

use crate::db::{self, Db, TenantTx};
use crate::id::TenantId;
use crate::leaf::Leaf;
use rows::{AuditKey, JournalKey, micros};
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum number of audit rows in one anchor.
const MAX_AUDITS: usize = 1_000;
/// Maximum number of journal rows in one anchor. The number is smaller than that of audit rows,
/// because each journal row has the arguments and the result of a call.
const MAX_JOURNALS: usize = 200;
/// Maximum number of anchors that one call of [`anchor`] makes per tenant, so that one tenant does
/// not delay the others.
const MAX_ROUNDS: usize = 10;

/// Seed with which a tenant's id is hashed to an advisory lock. The lock lets one host at a time
/// anchor the tenant's rows. The lane lock has another seed.
const LOCK: i64 = 0x6561_665f_616e_6368;

/// Tag that is hashed first in each anchor, so that an anchor never has the hash of an audit or
/// journal row; see [`Leaf::new`].
const ANCHOR: u8 = 5;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the tenants with rows to anchor could not be listed")]
    Tenants(#[source] sqlx::Error),
    #[error("the rows of {0} could not be read")]
    Read(&'static str, #[source] sqlx::Error),
    #[error("an anchor could not be written")]
    Write(#[source] sqlx::Error),
}

/// Threshold at which a tenant's rows are anchored. A higher threshold makes fewer anchors, all of
/// which each verification reads.
#[derive(Debug, Clone, Copy)]
pub struct AnchorThreshold {
    /// Number of rows without an anchor in one table, audit or journal, at which the tenant's rows
    /// are anchored.
    pub rows: i64,
    /// Age of the oldest row without an anchor, at which the tenant's rows are anchored.
    pub age: Duration,
}

impl AnchorThreshold {
    pub const DEFAULT: AnchorThreshold = AnchorThreshold { rows: 100, age: Duration::from_secs(10) };
    /// Threshold at which each row is anchored at once.
    pub const NONE: AnchorThreshold = AnchorThreshold { rows: 1, age: Duration::ZERO };
}

/// Result of one call of [`anchor`].
#[derive(Debug, Default)]
pub struct AnchorReport {
    /// Number of rows of all tenants that were anchored.
    pub rows: u64,
    /// Tenants for which anchoring failed, each with the error.
    pub failures: Vec<(TenantId, Error)>,
}

/// Anchor: one link of a tenant's anchor chain.
pub(crate) struct Anchor {
    pub nr: i64,
    pub at: OffsetDateTime,
    /// Position of the log's last event when the anchor was made; 0 if the log was empty.
    pub log_pos: i64,
    /// Chain hash of the log's last event when the anchor was made. `None`: the log was empty.
    pub log_chain: Option<Vec<u8>>,
    /// Hashes of the anchored audit rows, 32 bytes each, one after the other.
    pub audits: Vec<u8>,
    pub journals: Vec<u8>,
    /// Prune marks of the anchored audit rows, [`MARK_BYTES`] each, one after the other.
    pub audit_marks: Vec<u8>,
    pub journal_marks: Vec<u8>,
}

/// Anchors the rows of all tenants that reach the threshold. Skips a tenant whose rows another host
/// is anchoring. Rows beyond the maximum number of anchors wait for the next call.
pub async fn anchor(db: &Db, threshold: AnchorThreshold) -> Result<AnchorReport, Error> {
    let mut tenants = tenants_at_threshold(db, threshold).await?;
    let mut report = AnchorReport::default();
    // Round robin, so that a tenant with few rows does not wait for one with many.
    for _ in 0..MAX_ROUNDS {
        let mut with_more = Vec::new();
        for tenant in tenants {
            match anchor_batch(db, tenant).await {
                Ok(batch) => {
                    report.rows += batch.rows;
                    if batch.is_full {
                        with_more.push(tenant);
                    }
                }
                Err(error) => report.failures.push((tenant, error)),
            }
        }
        tenants = with_more;
        if tenants.is_empty() {
            break;
        }
    }
    Ok(report)
}

async fn tenants_at_threshold(db: &Db, threshold: AnchorThreshold) -> Result<Vec<TenantId>, Error> {
    sqlx::query_scalar(
        "select t.tenant_id from eaf.tenant t cross join (select clock_timestamp() - make_interval(secs => $2)) as l (latest)
         where exists (select from eaf.audit a where a.tenant_id = t.tenant_id and a.anchor is null and a.at <= latest)
            or exists (select from eaf.journal j
                       where j.tenant_id = t.tenant_id and j.anchor is null and j.state = 'done'
                         and coalesce(j.done_at, j.started_at) <= latest)
            or $1 <= (select count(*) from (select from eaf.audit a
                      where a.tenant_id = t.tenant_id and a.anchor is null limit $1) w)
            or $1 <= (select count(*) from (select from eaf.journal j
                      where j.tenant_id = t.tenant_id and j.anchor is null and j.state = 'done' limit $1) w)",
    )
    .bind(threshold.rows)
    .bind(threshold.age.as_secs_f64())
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Tenants)
}

#[derive(Default)]
struct Batch {
    rows: u64,
    /// Whether the batch reached its maximum size, so that further rows may wait for an anchor.
    is_full: bool,
}

async fn anchor_batch(db: &Db, tenant: TenantId) -> Result<Batch, Error> {
    let mut tx = db.tenant(tenant).await?;
    let is_locked: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(uuid_hash_extended($1, $2))")
        .bind(tenant)
        .bind(LOCK)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Write)?;
    if !is_locked {
        return Ok(Batch::default());
    }
    let audits = rows::pending_audits(&mut tx, MAX_AUDITS).await?;
    let (journals, are_all) = rows::pending_journals(&mut tx, MAX_JOURNALS).await?;
    if audits.is_empty() && journals.is_empty() {
        tx.commit().await?;
        return Ok(Batch::default());
    }
    write(&mut tx, &audits, &journals).await.map_err(Error::Write)?;
    tx.commit().await?;
    let is_full = audits.len() == MAX_AUDITS || !are_all;
    Ok(Batch { rows: (audits.len() + journals.len()) as u64, is_full })
}

async fn write(
    tx: &mut TenantTx,
    audits: &[HashedRow<AuditKey>],
    journals: &[HashedRow<JournalKey>],
) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select nr, chain from eaf.anchor where tenant_id = $1 order by nr desc limit 1")
            .bind(tenant)
            .fetch_optional(tx.conn())
            .await?;
    let (nr, previous) = last.unwrap_or_else(|| (0, genesis(tenant)));
    let (at, log_pos, log_chain): (OffsetDateTime, i64, Option<Vec<u8>>) = sqlx::query_as(
        "select clock_timestamp(), coalesce(e.pos, 0), e.chain from (select) one left join lateral
           (select pos, chain from eaf.event where tenant_id = $1 and lane = 0 order by pos desc limit 1) e on true",
    )
    .bind(tenant)
    .fetch_one(tx.conn())
    .await?;
    let anchor = Anchor {
        nr: nr + 1,
        at,
        log_pos,
        log_chain,
        audits: audits.iter().flat_map(|row| row.leaf.clone()).collect(),
        journals: journals.iter().flat_map(|row| row.leaf.clone()).collect(),
        audit_marks: rows::marks(audits),
        journal_marks: rows::marks(journals),
    };
    insert(tx, &anchor, &chain_hash(&previous, &anchor), audits, journals).await
}

/// Inserts the anchor and marks its rows with the anchor's number.
async fn insert(
    tx: &mut TenantTx,
    anchor: &Anchor,
    chain: &[u8],
    audits: &[HashedRow<AuditKey>],
    journals: &[HashedRow<JournalKey>],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with audits as (update eaf.audit set anchor = $2 where tenant_id = $1 and id = any ($11)),
              journals as (update eaf.journal j set anchor = $2 from unnest($12::uuid[], $13::integer[]) as n (run_id, seq)
                           where j.tenant_id = $1 and j.run_id = n.run_id and j.seq = n.seq)
         insert into eaf.anchor
           (tenant_id, nr, at, log_pos, log_chain, audits, journals, audit_marks, journal_marks, chain)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tx.tenant())
    .bind(anchor.nr)
    .bind(anchor.at)
    .bind(anchor.log_pos)
    .bind(&anchor.log_chain)
    .bind(&anchor.audits)
    .bind(&anchor.journals)
    .bind(&anchor.audit_marks)
    .bind(&anchor.journal_marks)
    .bind(chain)
    .bind(audits.iter().map(|row| row.key).collect::<Vec<_>>())
    .bind(journals.iter().map(|row| row.key.0).collect::<Vec<_>>())
    .bind(journals.iter().map(|row| row.key.1).collect::<Vec<_>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Hash to which the first anchor of a tenant is chained, in place of a previous anchor's hash.
pub(crate) fn genesis(tenant: TenantId) -> Vec<u8> {
    Leaf::new(ANCHOR).column(Some(tenant.0.as_bytes())).hash()
}

pub(crate) fn chain_hash(previous: &[u8], anchor: &Anchor) -> Vec<u8> {
    Leaf::new(ANCHOR)
        .column(Some(previous))
        .number(anchor.nr)
        .number(micros(anchor.at))
        .number(anchor.log_pos)
        .column(anchor.log_chain.as_deref())
        .column(Some(&anchor.audits))
        .column(Some(&anchor.journals))
        .column(Some(&anchor.audit_marks))
        .column(Some(&anchor.journal_marks))
        .hash()
}

//! Anchoring what stands beside the log: rows of audit and journal are hashed a batch at a time, seconds after they were
//! written, and the batches are linked.
//!
//! Whoever writes such a row waits for nobody: the hosts anchor behind them, one host per tenant at a time. What was not
//! anchored yet can still be changed unseen, so it is done within seconds.

mod rows;

pub(crate) use rows::{Hashed, Kind, MARK, Mark, audits_of, journals_of};

use crate::db::{self, Db, TenantTx};
use crate::id::TenantId;
use crate::leaf::Leaf;
use rows::{AuditKey, JournalKey, micros};
use std::time::Duration;
use time::OffsetDateTime;

/// Rows of one anchor. Of the journal fewer, because a row carries what was asked and answered.
const AUDITS: usize = 1_000;
const JOURNALS: usize = 200;
/// Batches of one tenant at a time, so that a busy one does not hold up the others.
const ROUNDS: usize = 10;

/// With the tenant: another one than appends take.
const LOCK: i64 = 0x6561_665f_616e_6368;

const ANCHOR: u8 = 5;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the tenants whose rows are to be anchored could not be listed")]
    Tenants(#[source] sqlx::Error),
    #[error("the rows of {0} could not be read")]
    Read(&'static str, #[source] sqlx::Error),
    #[error("an anchor could not be written")]
    Write(#[source] sqlx::Error),
}

/// A tenant's rows are anchored when so many wait, or one for so long: each anchor is read by every verification.
#[derive(Debug, Clone, Copy)]
pub struct Gather {
    pub rows: i64,
    pub wait: Duration,
}

impl Gather {
    pub const USUAL: Gather = Gather { rows: 100, wait: Duration::from_secs(10) };
    /// Whatever waits.
    pub const NOTHING: Gather = Gather { rows: 1, wait: Duration::ZERO };
}

/// What one look came to.
#[derive(Debug, Default)]
pub struct Anchored {
    pub rows: u64,
    /// Tenants of whom nothing more could be anchored.
    pub failures: Vec<(TenantId, Error)>,
}

/// One link: what was there beside the log at a moment.
pub(crate) struct Anchor {
    pub nr: i64,
    pub at: OffsetDateTime,
    pub log_pos: i64,
    pub log_chain: Option<Vec<u8>>,
    /// 32 bytes for each row.
    pub audits: Vec<u8>,
    pub journals: Vec<u8>,
    /// [`MARK`] bytes for each row.
    pub audit_marks: Vec<u8>,
    pub journal_marks: Vec<u8>,
}

/// Anchors what waits, of all tenants. What another host anchors at this moment is left to it, and what is too much for one
/// look to the next.
pub async fn anchor(db: &Db, gather: Gather) -> Result<Anchored, Error> {
    let mut tenants = waiting(db, gather).await?;
    let mut anchored = Anchored::default();
    // Round by round: whoever has little never waits for a tenant that has much, or whose rows cannot be read.
    for _ in 0..ROUNDS {
        let mut with_more = Vec::new();
        for tenant in tenants {
            match batch(db, tenant).await {
                Ok(batch) => {
                    anchored.rows += batch.rows;
                    if batch.is_full {
                        with_more.push(tenant);
                    }
                }
                Err(error) => anchored.failures.push((tenant, error)),
            }
        }
        tenants = with_more;
        if tenants.is_empty() {
            break;
        }
    }
    Ok(anchored)
}

async fn waiting(db: &Db, gather: Gather) -> Result<Vec<TenantId>, Error> {
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
    .bind(gather.rows)
    .bind(gather.wait.as_secs_f64())
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Tenants)
}

#[derive(Default)]
struct Batch {
    rows: u64,
    /// There may be more.
    is_full: bool,
}

async fn batch(db: &Db, tenant: TenantId) -> Result<Batch, Error> {
    let mut tx = db.tenant(tenant).await?;
    let mine: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(uuid_hash_extended($1, $2))")
        .bind(tenant)
        .bind(LOCK)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Write)?;
    if !mine {
        return Ok(Batch::default());
    }
    let audits = rows::waiting_audits(&mut tx, AUDITS).await?;
    let (journals, all) = rows::waiting_journals(&mut tx, JOURNALS).await?;
    if audits.is_empty() && journals.is_empty() {
        tx.commit().await?;
        return Ok(Batch::default());
    }
    write(&mut tx, &audits, &journals).await.map_err(Error::Write)?;
    tx.commit().await?;
    let is_full = audits.len() == AUDITS || !all;
    Ok(Batch { rows: (audits.len() + journals.len()) as u64, is_full })
}

async fn write(
    tx: &mut TenantTx,
    audits: &[Hashed<AuditKey>],
    journals: &[Hashed<JournalKey>],
) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select nr, chain from eaf.anchor where tenant_id = $1 order by nr desc limit 1")
            .bind(tenant)
            .fetch_optional(tx.conn())
            .await?;
    let (nr, before) = last.unwrap_or_else(|| (0, genesis(tenant)));
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
    sqlx::query(
        "with audits as (update eaf.audit set anchor = $2 where tenant_id = $1 and id = any ($11)),
              journals as (update eaf.journal j set anchor = $2 from unnest($12::uuid[], $13::integer[]) as n (run_id, seq)
                           where j.tenant_id = $1 and j.run_id = n.run_id and j.seq = n.seq)
         insert into eaf.anchor
           (tenant_id, nr, at, log_pos, log_chain, audits, journals, audit_marks, journal_marks, chain)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(anchor.nr)
    .bind(anchor.at)
    .bind(anchor.log_pos)
    .bind(&anchor.log_chain)
    .bind(&anchor.audits)
    .bind(&anchor.journals)
    .bind(&anchor.audit_marks)
    .bind(&anchor.journal_marks)
    .bind(link(&before, &anchor))
    .bind(audits.iter().map(|row| row.key).collect::<Vec<_>>())
    .bind(journals.iter().map(|row| row.key.0).collect::<Vec<_>>())
    .bind(journals.iter().map(|row| row.key.1).collect::<Vec<_>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) fn genesis(tenant: TenantId) -> Vec<u8> {
    Leaf::new(ANCHOR).column(Some(tenant.0.as_bytes())).hash()
}

pub(crate) fn link(before: &[u8], anchor: &Anchor) -> Vec<u8> {
    Leaf::new(ANCHOR)
        .column(Some(before))
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

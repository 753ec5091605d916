//! Anchoring what stands beside the log: rows of audit and journal are hashed a batch at a time, seconds after they were
//! written, and the batches are linked.
//!
//! Whoever writes such a row waits for nobody: the hosts anchor behind them, one host per tenant at a time. What was not
//! anchored yet can still be changed unseen, so it is done every few seconds.

use crate::Core;
use crate::db::{self, TenantTx};
use crate::id::TenantId;
use crate::leaf::Leaf;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows of one anchor. Of the journal fewer, because a row carries what was asked and answered.
const AUDITS: i64 = 1_000;
const JOURNALS: i64 = 200;

/// With the tenant: another one than appends take.
const LOCK: i64 = 0x6561_665f_616e_6368;

const AUDIT: u8 = 2;
const JOURNAL: u8 = 3;
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

/// One link: what was there beside the log at a moment.
pub(crate) struct Anchor {
    pub nr: i64,
    pub at: OffsetDateTime,
    pub oldest: OffsetDateTime,
    pub log_pos: i64,
    pub log_chain: Option<Vec<u8>>,
    /// 32 bytes for each row.
    pub audits: Vec<u8>,
    pub journals: Vec<u8>,
}

/// A row, by the hash of its columns.
pub(crate) struct Hashed<Key> {
    pub key: Key,
    pub at: OffsetDateTime,
    pub leaf: Vec<u8>,
}

pub(crate) type AuditKey = Uuid;
pub(crate) type JournalKey = (Uuid, i32);

/// Which rows to read.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Waiting,
    Anchor(i64),
}

impl Of {
    /// As a condition, so that each is found by the index. Of an anchor all rows, also those that it did not hash.
    fn rows(self, most: i64) -> (&'static str, Option<i64>, i64) {
        match self {
            Of::Waiting => ("anchor is null and $2::bigint is null", None, most),
            Of::Anchor(nr) => ("anchor = $2", Some(nr), i64::MAX),
        }
    }
}

/// Anchors what waits, of all tenants; tells how many rows. What another host anchors at this moment is left to it.
pub async fn anchor(core: &Core) -> Result<u64, Error> {
    let tenants: Vec<TenantId> = sqlx::query_scalar(
        "select t.tenant_id from eaf.tenant t
         where exists (select from eaf.audit a where a.tenant_id = t.tenant_id and a.anchor is null)
            or exists (select from eaf.journal j
                       where j.tenant_id = t.tenant_id and j.anchor is null and j.state = 'done')",
    )
    .fetch_all(core.db.platform_pool())
    .await
    .map_err(Error::Tenants)?;
    let mut rows = 0;
    for tenant in tenants {
        loop {
            let anchored = batch(core, tenant).await?;
            rows += anchored;
            if anchored == 0 {
                break;
            }
        }
    }
    Ok(rows)
}

async fn batch(core: &Core, tenant: TenantId) -> Result<u64, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let mine: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(uuid_hash_extended($1, $2))")
        .bind(tenant)
        .bind(LOCK)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Write)?;
    if !mine {
        return Ok(0);
    }
    let audits = audits(&mut tx, Of::Waiting).await?;
    let journals = journals(&mut tx, Of::Waiting).await?;
    let moments = audits.iter().map(|row| row.at).chain(journals.iter().map(|row| row.at));
    let Some(oldest) = moments.min() else { return Ok(0) };
    write(&mut tx, oldest, &audits, &journals).await.map_err(Error::Write)?;
    tx.commit().await?;
    Ok((audits.len() + journals.len()) as u64)
}

async fn write(
    tx: &mut TenantTx,
    oldest: OffsetDateTime,
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
        oldest,
        log_pos,
        log_chain,
        audits: audits.iter().flat_map(|row| row.leaf.clone()).collect(),
        journals: journals.iter().flat_map(|row| row.leaf.clone()).collect(),
    };
    sqlx::query(
        "with audits as (update eaf.audit set anchor = $2 where tenant_id = $1 and id = any ($10)),
              journals as (update eaf.journal j set anchor = $2 from unnest($11::uuid[], $12::integer[]) as n (run_id, seq)
                           where j.tenant_id = $1 and j.run_id = n.run_id and j.seq = n.seq)
         insert into eaf.anchor (tenant_id, nr, at, oldest, log_pos, log_chain, audits, journals, chain)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tenant)
    .bind(anchor.nr)
    .bind(anchor.at)
    .bind(anchor.oldest)
    .bind(anchor.log_pos)
    .bind(&anchor.log_chain)
    .bind(&anchor.audits)
    .bind(&anchor.journals)
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
        .number(micros(anchor.oldest))
        .number(anchor.log_pos)
        .column(anchor.log_chain.as_deref())
        .column(Some(&anchor.audits))
        .column(Some(&anchor.journals))
        .hash()
}

pub(crate) async fn audits(tx: &mut TenantTx, of: Of) -> Result<Vec<Hashed<AuditKey>>, Error> {
    let (which, nr, most) = of.rows(AUDITS);
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select id, at, actor_id, act, object, outcome, trace_id, origin, change::text as change, plugin, grant_name
         from eaf.audit where tenant_id = $1 and {which} limit $3",
    )))
    .bind(tx.tenant())
    .bind(nr)
    .bind(most)
    .fetch_all(tx.conn())
    .await
    .map_err(|cause| Error::Read("eaf.audit", cause))?;
    let tenant = tx.tenant();
    let hashed = rows.iter().map(|row| audit(row, tenant)).collect::<Result<_, _>>();
    hashed.map_err(|cause| Error::Read("eaf.audit", cause))
}

pub(crate) async fn journals(tx: &mut TenantTx, of: Of) -> Result<Vec<Hashed<JournalKey>>, Error> {
    let (which, nr, most) = of.rows(JOURNALS);
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select j.run_id, j.seq, j.capability, j.grant_name, j.function, j.args, j.idempotency_key, j.state, j.attempts,
                j.result, j.outcome, j.target, j.started_at, j.done_at,
                r.plugin, r.digest, r.workflow, r.event_id, r.event_pos, r.key, r.subject, r.trace
         from eaf.journal j join eaf.run r on r.tenant_id = j.tenant_id and r.run_id = j.run_id
         where j.tenant_id = $1 and {which} and (j.state = 'done' or j.anchor is not null) limit $3",
    )))
    .bind(tx.tenant())
    .bind(nr)
    .bind(most)
    .fetch_all(tx.conn())
    .await
    .map_err(|cause| Error::Read("eaf.journal", cause))?;
    let tenant = tx.tenant();
    let hashed = rows.iter().map(|row| journal(row, tenant)).collect::<Result<_, _>>();
    hashed.map_err(|cause| Error::Read("eaf.journal", cause))
}

/// Without `count`, which goes on for an hour after the first of equal denials.
fn audit(row: &PgRow, tenant: TenantId) -> Result<Hashed<AuditKey>, sqlx::Error> {
    let (key, at): (Uuid, OffsetDateTime) = (row.try_get("id")?, row.try_get("at")?);
    let leaf = Leaf::new(AUDIT)
        .column(Some(tenant.0.as_bytes()))
        .column(Some(key.as_bytes()))
        .number(micros(at))
        .column(Some(row.try_get::<Uuid, _>("actor_id")?.as_bytes()))
        .text(row.try_get("act")?)
        .text(row.try_get("object")?)
        .text(row.try_get("outcome")?)
        .text(row.try_get("trace_id")?)
        .maybe(row.try_get("origin")?)
        .maybe(row.try_get("change")?)
        .maybe(row.try_get("plugin")?)
        .maybe(row.try_get("grant_name")?);
    Ok(Hashed { key, at, leaf: leaf.hash() })
}

/// With what its run says of it, such as plugin and trace.
fn journal(row: &PgRow, tenant: TenantId) -> Result<Hashed<JournalKey>, sqlx::Error> {
    let (run, seq): JournalKey = (row.try_get("run_id")?, row.try_get("seq")?);
    let (at, done): (OffsetDateTime, Option<OffsetDateTime>) = (row.try_get("started_at")?, row.try_get("done_at")?);
    let leaf = Leaf::new(JOURNAL)
        .column(Some(tenant.0.as_bytes()))
        .column(Some(run.as_bytes()))
        .number(i64::from(seq))
        .text(row.try_get("capability")?)
        .maybe(row.try_get("grant_name")?)
        .text(row.try_get("function")?)
        .column(Some(row.try_get("args")?))
        .text(row.try_get("idempotency_key")?)
        .text(row.try_get("state")?)
        .number(i64::from(row.try_get::<i32, _>("attempts")?))
        .column(row.try_get("result")?)
        .maybe(row.try_get("outcome")?)
        .maybe(row.try_get("target")?)
        .number(micros(at))
        .number(done.map_or(0, micros))
        .text(row.try_get("plugin")?)
        .text(row.try_get("digest")?)
        .text(row.try_get("workflow")?)
        .column(Some(row.try_get::<Uuid, _>("event_id")?.as_bytes()))
        .number(row.try_get("event_pos")?)
        .text(row.try_get("key")?)
        .column(Some(row.try_get::<Uuid, _>("subject")?.as_bytes()))
        .text(row.try_get("trace")?);
    Ok(Hashed { key: (run, seq), at, leaf: leaf.hash() })
}

fn micros(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000) as i64
}

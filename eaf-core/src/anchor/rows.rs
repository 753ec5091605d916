//! The rows that are anchored: their hashes, and which pruning may delete them.

use super::Error;
use crate::db::TenantTx;
use crate::id::TenantId;
use crate::leaf::Leaf;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

const AUDIT: u8 = 2;
const JOURNAL: u8 = 3;

/// What was asked and answered in the rows of one anchor, beyond the first.
const JOURNAL_BYTES: i64 = 8 * 1024 * 1024;
const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

const AUDIT_COLUMNS: &str = "id, at, actor_id, act, object, outcome, trace_id, origin, change::text as change, plugin,
    grant_name, pruned, anchor";
const JOURNAL_COLUMNS: &str = "j.run_id, j.seq, j.capability, j.grant_name, j.function, j.args, j.idempotency_key,
    j.state, j.attempts, j.result, j.outcome, j.target, j.started_at, j.done_at, j.anchor,
    r.plugin, r.digest, r.workflow, r.event_id, r.event_pos, r.key, r.subject, r.trace";

/// Which pruning may delete a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// None: it stays.
    Act,
    Denial,
    Refusal,
    Call,
}

const KINDS: [Kind; 4] = [Kind::Act, Kind::Denial, Kind::Refusal, Kind::Call];

/// Bytes of one [`Mark`].
pub(crate) const MARK: usize = 5;

/// What an anchor says of a row beside its hash, so that it can be told whether it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    pub kind: Kind,
    /// Since 1970.
    pub day: i32,
}

impl Mark {
    fn new(kind: Kind, at: OffsetDateTime) -> Mark {
        Mark { kind, day: at.unix_timestamp().div_euclid(SECONDS_OF_DAY) as i32 }
    }

    fn write(self) -> [u8; MARK] {
        let [a, b, c, d] = self.day.to_be_bytes();
        [self.kind as u8, a, b, c, d]
    }

    /// None: it is none.
    pub fn read(bytes: &[u8]) -> Option<Mark> {
        let [kind, a, b, c, d] = *<&[u8; MARK]>::try_from(bytes).ok()?;
        Some(Mark { kind: *KINDS.get(usize::from(kind))?, day: i32::from_be_bytes([a, b, c, d]) })
    }
}

/// A row, by the hash of its columns.
pub(crate) struct Hashed<Key> {
    pub key: Key,
    pub leaf: Vec<u8>,
    mark: Mark,
}

pub(crate) type AuditKey = Uuid;
pub(crate) type JournalKey = (Uuid, i32);

pub(super) fn marks<Key>(rows: &[Hashed<Key>]) -> Vec<u8> {
    rows.iter().flat_map(|row| row.mark.write()).collect()
}

pub(super) async fn waiting_audits(tx: &mut TenantTx, most: usize) -> Result<Vec<Hashed<AuditKey>>, Error> {
    let sql = format!("select {AUDIT_COLUMNS} from eaf.audit where tenant_id = $1 and anchor is null limit $2");
    let tenant = tx.tenant();
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant)
        .bind(most as i64)
        .fetch_all(tx.conn())
        .await
        .map_err(|cause| Error::Read("eaf.audit", cause))?;
    let hashed = rows.iter().map(|row| audit(row, tenant)).collect::<Result<_, _>>();
    hashed.map_err(|cause| Error::Read("eaf.audit", cause))
}

/// With whether these are all that wait.
pub(super) async fn waiting_journals(tx: &mut TenantTx, most: usize) -> Result<(Vec<Hashed<JournalKey>>, bool), Error> {
    let sql = format!(
        "with waiting as (
           select j.run_id, j.seq, octet_length(j.args) + coalesce(octet_length(j.result), 0) as bytes
           from eaf.journal j where j.tenant_id = $1 and j.anchor is null and j.state = 'done' limit $2),
         summed as (select w.*, sum(w.bytes) over (order by w.run_id, w.seq) - w.bytes as before from waiting w)
         select {JOURNAL_COLUMNS}, (select count(*) from waiting) as waiting
         from summed s join eaf.journal j on j.tenant_id = $1 and j.run_id = s.run_id and j.seq = s.seq
         join eaf.run r on r.tenant_id = $1 and r.run_id = j.run_id where s.before < $3"
    );
    let tenant = tx.tenant();
    let read = |cause| Error::Read("eaf.journal", cause);
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(most as i64).bind(JOURNAL_BYTES);
    let rows = query.fetch_all(tx.conn()).await.map_err(read)?;
    let waiting = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>("waiting")).map_err(read)? as usize;
    let hashed = rows.iter().map(|row| journal(row, tenant)).collect::<Result<Vec<_>, _>>().map_err(read)?;
    let all = waiting < most && waiting == hashed.len();
    Ok((hashed, all))
}

/// All rows that say that they are of one of these anchors, by anchor. Hashed as they come, so few are in memory.
pub(crate) async fn audits_of(
    tx: &mut TenantTx,
    anchors: (i64, i64),
) -> Result<HashMap<i64, Vec<Hashed<AuditKey>>>, Error> {
    let sql = format!("select {AUDIT_COLUMNS} from eaf.audit where tenant_id = $1 and anchor between $2 and $3");
    by_anchor(tx, sql, anchors, audit).await.map_err(|cause| Error::Read("eaf.audit", cause))
}

/// As [`audits_of`].
pub(crate) async fn journals_of(
    tx: &mut TenantTx,
    anchors: (i64, i64),
) -> Result<HashMap<i64, Vec<Hashed<JournalKey>>>, Error> {
    let sql = format!(
        "select {JOURNAL_COLUMNS} from eaf.journal j join eaf.run r on r.tenant_id = j.tenant_id and r.run_id = j.run_id
         where j.tenant_id = $1 and j.anchor between $2 and $3"
    );
    by_anchor(tx, sql, anchors, journal).await.map_err(|cause| Error::Read("eaf.journal", cause))
}

async fn by_anchor<Key>(
    tx: &mut TenantTx,
    sql: String,
    (first, last): (i64, i64),
    hash: impl Fn(&PgRow, TenantId) -> Result<Hashed<Key>, sqlx::Error>,
) -> Result<HashMap<i64, Vec<Hashed<Key>>>, sqlx::Error> {
    let tenant = tx.tenant();
    let mut found: HashMap<i64, Vec<Hashed<Key>>> = HashMap::new();
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(first).bind(last).fetch(tx.conn());
    while let Some(row) = rows.try_next().await? {
        found.entry(row.try_get("anchor")?).or_default().push(hash(&row, tenant)?);
    }
    Ok(found)
}

/// Without `count`, which goes on for an hour after the first of equal denials.
fn audit(row: &PgRow, tenant: TenantId) -> Result<Hashed<AuditKey>, sqlx::Error> {
    let (key, at): (Uuid, OffsetDateTime) = (row.try_get("id")?, row.try_get("at")?);
    let (act, outcome): (&str, &str) = (row.try_get("act")?, row.try_get("outcome")?);
    let leaf = Leaf::new(AUDIT)
        .column(Some(tenant.0.as_bytes()))
        .column(Some(key.as_bytes()))
        .number(micros(at))
        .column(Some(row.try_get::<Uuid, _>("actor_id")?.as_bytes()))
        .text(act)
        .text(row.try_get("object")?)
        .text(outcome)
        .text(row.try_get("trace_id")?)
        .optional_text(row.try_get("origin")?)
        .optional_text(row.try_get("change")?)
        .optional_text(row.try_get("plugin")?)
        .optional_text(row.try_get("grant_name")?)
        .optional_text(row.try_get("pruned")?);
    let kind = match (act, outcome) {
        (_, "denied") => Kind::Denial,
        (_, "ok") => Kind::Act,
        ("command.give", _) => Kind::Refusal,
        _ => Kind::Act,
    };
    Ok(Hashed { key, leaf: leaf.hash(), mark: Mark::new(kind, at) })
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
        .optional_text(row.try_get("grant_name")?)
        .text(row.try_get("function")?)
        .column(Some(row.try_get("args")?))
        .text(row.try_get("idempotency_key")?)
        .text(row.try_get("state")?)
        .number(i64::from(row.try_get::<i32, _>("attempts")?))
        .column(row.try_get("result")?)
        .optional_text(row.try_get("outcome")?)
        .optional_text(row.try_get("target")?)
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
    Ok(Hashed { key: (run, seq), leaf: leaf.hash(), mark: Mark::new(Kind::Call, at) })
}

pub(super) fn micros(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000) as i64
}

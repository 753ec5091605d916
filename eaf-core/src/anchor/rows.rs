//! Rows of audit and journal that are anchored: their hashes and their prune marks.

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

/// Tag that is hashed first in each audit row, so that the row never has the hash of a journal row
/// or an anchor; see [`Leaf::new`].
const AUDIT: u8 = 2;
/// Tag that is hashed first in each journal row, so that the row never has the hash of an audit row
/// or an anchor.
const JOURNAL: u8 = 3;

/// Maximum size, in bytes, of the arguments and results of all journal rows in one anchor. An
/// anchor of a single row may exceed the maximum.
const MAX_JOURNAL_BYTES: i64 = 8 * 1024 * 1024;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

const AUDIT_COLUMNS: &str = "id, at, actor_id, act, object, outcome, trace_id, origin, change::text as change, plugin,
    grant_name, pruned, anchor";
const JOURNAL_COLUMNS: &str = "j.run_id, j.seq, j.capability, j.grant_name, j.function, j.args, j.idempotency_key,
    j.state, j.attempts, j.result, j.outcome, j.target, j.started_at, j.done_at, j.anchor,
    r.plugin, r.digest, r.workflow, r.event_id, r.event_pos, r.key, r.subject, r.trace";

/// Kind of an audit or journal row. Each pruning deletes rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Administrative act, which no pruning deletes.
    Act,
    Denial,
    Refusal,
    Call,
}

const KINDS: [Kind; 4] = [Kind::Act, Kind::Denial, Kind::Refusal, Kind::Call];

/// Length, in bytes, of one encoded [`PruneMark`].
pub(crate) const MARK_BYTES: usize = 5;

/// Kind and day of an anchored row. When the row is missing, they tell whether a pruning may have
/// deleted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PruneMark {
    pub kind: Kind,
    /// Day of the row, as the number of days since 1970-01-01.
    pub day: i32,
}

impl PruneMark {
    fn new(kind: Kind, at: OffsetDateTime) -> PruneMark {
        PruneMark { kind, day: at.unix_timestamp().div_euclid(SECONDS_PER_DAY) as i32 }
    }

    fn to_bytes(self) -> [u8; MARK_BYTES] {
        let [a, b, c, d] = self.day.to_be_bytes();
        [self.kind as u8, a, b, c, d]
    }

    pub fn parse(bytes: &[u8]) -> Option<PruneMark> {
        let [kind, a, b, c, d] = *<&[u8; MARK_BYTES]>::try_from(bytes).ok()?;
        Some(PruneMark { kind: *KINDS.get(usize::from(kind))?, day: i32::from_be_bytes([a, b, c, d]) })
    }
}

/// Key of an audit or journal row, with the hash of the row's columns.
pub(crate) struct HashedRow<Key> {
    pub key: Key,
    pub leaf: Vec<u8>,
    mark: PruneMark,
}

pub(crate) type AuditKey = Uuid;
pub(crate) type JournalKey = (Uuid, i32);

pub(super) fn marks<Key>(rows: &[HashedRow<Key>]) -> Vec<u8> {
    rows.iter().flat_map(|row| row.mark.to_bytes()).collect()
}

pub(super) async fn pending_audits(tx: &mut TenantTx, limit: usize) -> Result<Vec<HashedRow<AuditKey>>, Error> {
    let sql = format!("select {AUDIT_COLUMNS} from eaf.audit where tenant_id = $1 and anchor is null limit $2");
    let tenant = tx.tenant();
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant)
        .bind(limit as i64)
        .fetch_all(tx.conn())
        .await
        .map_err(|cause| Error::Read("eaf.audit", cause))?;
    let hashed = rows.iter().map(|row| audit(row, tenant)).collect::<Result<_, _>>();
    hashed.map_err(|cause| Error::Read("eaf.audit", cause))
}

/// Returns journal rows that have no anchor yet, and whether there are no others.
pub(super) async fn pending_journals(
    tx: &mut TenantTx,
    limit: usize,
) -> Result<(Vec<HashedRow<JournalKey>>, bool), Error> {
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
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(limit as i64).bind(MAX_JOURNAL_BYTES);
    let rows = query.fetch_all(tx.conn()).await.map_err(read)?;
    let waiting = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>("waiting")).map_err(read)? as usize;
    let hashed = rows.iter().map(|row| journal(row, tenant)).collect::<Result<Vec<_>, _>>().map_err(read)?;
    let are_all = waiting < limit && waiting == hashed.len();
    Ok((hashed, are_all))
}

/// Reads the audit rows of the anchors from number `anchors.0` to `anchors.1`, grouped by anchor.
/// The rows are hashed while they are fetched, so that memory holds their hashes alone.
pub(crate) async fn audits_of(
    tx: &mut TenantTx,
    anchors: (i64, i64),
) -> Result<HashMap<i64, Vec<HashedRow<AuditKey>>>, Error> {
    let sql = format!("select {AUDIT_COLUMNS} from eaf.audit where tenant_id = $1 and anchor between $2 and $3");
    by_anchor(tx, sql, anchors, audit).await.map_err(|cause| Error::Read("eaf.audit", cause))
}

/// Reads the journal rows of the anchors in the range `anchors`, hashed and grouped as by
/// [`audits_of`].
pub(crate) async fn journals_of(
    tx: &mut TenantTx,
    anchors: (i64, i64),
) -> Result<HashMap<i64, Vec<HashedRow<JournalKey>>>, Error> {
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
    hash: impl Fn(&PgRow, TenantId) -> Result<HashedRow<Key>, sqlx::Error>,
) -> Result<HashMap<i64, Vec<HashedRow<Key>>>, sqlx::Error> {
    let tenant = tx.tenant();
    let mut found: HashMap<i64, Vec<HashedRow<Key>>> = HashMap::new();
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(first).bind(last).fetch(tx.conn());
    while let Some(row) = rows.try_next().await? {
        found.entry(row.try_get("anchor")?).or_default().push(hash(&row, tenant)?);
    }
    Ok(found)
}

/// Hashes all columns of an audit row except `count`, because `count` of a denial increases for an
/// hour.
fn audit(row: &PgRow, tenant: TenantId) -> Result<HashedRow<AuditKey>, sqlx::Error> {
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
    Ok(HashedRow { key, leaf: leaf.hash(), mark: PruneMark::new(kind, at) })
}

/// Hashes a journal entry together with columns of its run, such as the plugin and the trace id.
fn journal(row: &PgRow, tenant: TenantId) -> Result<HashedRow<JournalKey>, sqlx::Error> {
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
    Ok(HashedRow { key: (run, seq), leaf: leaf.hash(), mark: PruneMark::new(Kind::Call, at) })
}

pub(super) fn micros(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000) as i64
}

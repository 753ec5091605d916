//! Who did what, beside the log: acts of administration and denials. A command's own record is its ledger row, a host
//! call's is its journal row.

use crate::actor::TraceId;
use crate::db::TenantTx;
use crate::id::ActorId;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the audit row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the audit rows could not be read")]
    Read(#[source] sqlx::Error),
}

/// One act. `act` and `object` are ids and names of kinds (`connection.put`, `vsphere/vcenter`), never personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub actor: ActorId,
    pub act: String,
    pub object: String,
    /// `ok`, `denied`, or the error's code.
    pub outcome: String,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub entry: Entry,
}

/// Written in the caller's transaction, so that an act and its record exist together or not at all.
pub async fn record(tx: &mut TenantTx, entry: &Entry) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, actor_id, act, object, outcome, trace_id) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tx.tenant())
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// As [`record`], but once per id, however often an act that was interrupted is repeated.
pub async fn record_once(tx: &mut TenantTx, id: Uuid, entry: &Entry) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, id, actor_id, act, object, outcome, trace_id) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// Newest first; `before` is the last one of the page before.
pub async fn list(
    tx: &mut TenantTx,
    before: Option<(OffsetDateTime, Uuid)>,
    limit: u32,
) -> Result<Vec<Recorded>, Error> {
    type Row = (Uuid, OffsetDateTime, ActorId, String, String, String, String);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, at, actor_id, act, object, outcome, trace_id from eaf.audit
         where tenant_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3))
         order by at desc, id desc limit $4",
    )
    .bind(tx.tenant())
    .bind(before.map(|(at, _)| at))
    .bind(before.map(|(_, id)| id))
    .bind(i64::from(limit))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(rows
        .into_iter()
        .map(|(id, at, actor, act, object, outcome, trace)| Recorded {
            id,
            at,
            entry: Entry { actor, act, object, outcome, trace: TraceId(trace) },
        })
        .collect())
}

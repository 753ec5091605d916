//! Who did what. Here is what stands beside the log and the journal: acts of administration, refusals and denials. What was
//! decided is an event, what was called a journal row; [`trail`] reads the three as one list.

pub mod trail;

use crate::actor::TraceId;
use crate::db::TenantTx;
use crate::id::ActorId;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the audit row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the audit rows could not be read")]
    Read(#[source] sqlx::Error),
    #[error("this is no place in the audit trail")]
    Cursor,
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

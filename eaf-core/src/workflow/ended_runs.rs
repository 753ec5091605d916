//! Runs with their journals in clear, for acts of administration that repeat calls of a run.
//! Nothing is written.

use super::{Entry, Error, Journal, LEASE, Lease};
use crate::actor::TraceId;
use crate::db::Db;
use crate::id::{ActorId, EventId, HostId, RunId, TenantId};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct EndedRun {
    pub plugin: String,
    pub event: EventId,
    pub trace: TraceId,
    /// Whether the run is still open. An open run completes its calls itself.
    pub is_open: bool,
    pub entries: Vec<Entry>,
}

/// Reads a run with its journal, whether the run has ended or is open. `None`: there is no such
/// run.
pub async fn find_ended(db: &Db, journal: &Journal, tenant: TenantId, run: RunId) -> Result<Option<EndedRun>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let row: Option<(String, EventId, String, ActorId, String)> = sqlx::query_as(
        "select plugin, event_id, trace, subject, state from eaf.run where tenant_id = $1 and run_id = $2",
    )
    .bind(tenant)
    .bind(run)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    let Some((plugin, event, trace, subject, state)) = row else { return Ok(None) };
    // This value is not a lease of the run: it names the run and the subject for reading the
    // journal.
    let lease = Lease { tenant, run, host: HostId(Uuid::nil()), fence: 0, subject, length: LEASE };
    let entries = journal.entries(&mut tx, &lease).await?;
    Ok(Some(EndedRun { plugin, event, trace: TraceId(trace), is_open: state == "open", entries }))
}

//! A run as it was, for acts of administration that do one of its calls again. Nothing is written.

use super::claim::Lease;
use super::journal::{Entry, entries};
use super::{Error, LEASE};
use crate::Core;
use crate::actor::TraceId;
use crate::id::{ActorId, EventId, HostId, RunId, TenantId};
use uuid::Uuid;

/// A run with its opened journal.
#[derive(Debug, Clone)]
pub struct PastRun {
    pub plugin: String,
    pub event: EventId,
    pub trace: TraceId,
    /// It goes on by itself: its calls are its own.
    pub is_open: bool,
    pub entries: Vec<Entry>,
}

/// `None`: there is no such run.
pub async fn past(core: &Core, tenant: TenantId, run: RunId) -> Result<Option<PastRun>, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let row: Option<(String, EventId, String, ActorId, String)> = sqlx::query_as(
        "select plugin, event_id, trace, subject, state from eaf.run where tenant_id = $1 and run_id = $2",
    )
    .bind(tenant)
    .bind(run)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    let Some((plugin, event, trace, subject, state)) = row else { return Ok(None) };
    // Nothing is held by it: it names whose journal this is.
    let lease = Lease { tenant, run, host: HostId(Uuid::nil()), fence: 0, subject, length: LEASE };
    let entries = entries(core, &mut tx, &lease).await?;
    Ok(Some(PastRun { plugin, event, trace: TraceId(trace), is_open: state == "open", entries }))
}

//! Keeps the states that a decision handed out, for whoever decides next on the same streams.

use super::boundary::{self, Loaded};
use crate::Core;
use crate::contract::{Domain, Snapshot};
use crate::event_store;
use crate::id::TenantId;

/// A state that is larger saves nothing.
const BYTES: usize = 1024 * 1024;

/// The command is answered whatever comes of this: without a snapshot, the events are read.
pub(super) async fn keep(core: &Core, tenant: TenantId, domain: &dyn Domain, loaded: &Loaded, snapshots: &[Snapshot]) {
    for snapshot in snapshots {
        if let Err(error) = keep_one(core, tenant, domain, loaded, snapshot).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a snapshot was not kept");
        }
    }
}

async fn keep_one(
    core: &Core,
    tenant: TenantId,
    domain: &dyn Domain,
    loaded: &Loaded,
    Snapshot { stream, state }: &Snapshot,
) -> Result<(), event_store::Error> {
    let Some(entry) = loaded.streams.iter().find(|entry| entry.stream == *stream) else { return Ok(()) };
    if entry.events.is_empty() {
        return Ok(());
    }
    let state = state.to_string();
    if state.len() > BYTES {
        tracing::warn!(plugin = domain.plugin(), "a state is too large for a snapshot; its stream is read whole");
        return Ok(());
    }
    let people = loaded.people.get(stream).cloned().unwrap_or_default();
    let id = boundary::stream_id(tenant, domain.plugin(), stream);
    let mut tx = core.db.tenant(tenant).await?;
    event_store::keep(core, &mut tx, domain.digest(), (id, entry.version), people, &state).await?;
    Ok(tx.commit().await?)
}

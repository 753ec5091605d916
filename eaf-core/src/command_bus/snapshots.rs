//! Snapshots of long streams. With a snapshot, the earlier events of a stream need not be read and
//! passed to the package again.

use super::boundary;
use super::{CommandBus, Error};
use crate::contract::{Domain, FoldInput, FoldOutput, LoadedStream, StreamMode};
use crate::event_store::{self, SnapshotBasis};
use crate::id::TenantId;

/// Minimum number of events after a stream's last snapshot before another snapshot is made.
const MIN_EVENTS: usize = 100;
/// Maximum stored size, in bytes, of the events after a stream's last snapshot; with more, another
/// snapshot is made. With this size per stream, a whole boundary stays within its own limit.
const MAX_UNFOLDED_BYTES: usize = boundary::BYTES / boundary::STREAMS;
/// Maximum size, in bytes, of a folded state. A larger state is not stored, because loading it
/// would save nothing.
const STATE_BYTES: usize = 1024 * 1024;
/// Maximum number of events, and their maximum stored size in bytes, that are folded at once.
const FOLD_PAGE: (u32, usize) = (1_000, 1024 * 1024);

/// Stores snapshots of the long streams that a decision loaded. An error is only logged: without a
/// snapshot, the next decision reads the events.
pub(super) async fn store_after_decision(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    streams: &[LoadedStream],
) {
    for entry in streams.iter().filter(|entry| entry.events.len() >= MIN_EVENTS) {
        // Folds events of the log, not the loaded ones: another host may have stored a newer
        // snapshot.
        if let Err(error) = fold_pages(bus, tenant, domain, &entry.stream).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a snapshot was not stored");
        }
    }
}

/// Folds the events of a stream page by page, until few events follow its snapshot. A snapshot is
/// stored after each page, so that an interruption loses one page at most. Stores nothing if the
/// package does not fold, or if the state is too large.
pub(super) async fn fold_pages(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    stream: &str,
) -> Result<(), Error> {
    let id = boundary::stream_id(tenant, domain.plugin(), stream);
    let _lock = bus.snapshot_locks.lock(vec![id]).await;
    loop {
        let mut entry = boundary::unloaded(stream.to_owned(), StreamMode::Read);
        let mut tx = bus.db.tenant(tenant).await?;
        let (mut basis, mut bytes) = (SnapshotBasis::default(), 0);
        for page in
            event_store::load(&bus.stream_cache, &bus.keyring, &mut tx, domain.digest(), &[id], FOLD_PAGE).await?
        {
            bytes = page.history.bytes();
            basis = boundary::decrypt_history(bus, &mut tx, domain, page, &mut entry).await?;
        }
        tx.commit().await?;
        let is_short = entry.events.len() < MIN_EVENTS && bytes <= MAX_UNFOLDED_BYTES;
        if is_short || !fold_page(bus, tenant, domain, entry, basis).await? {
            return Ok(());
        }
    }
}

/// Folds one page of a stream's events and stores the state as a snapshot. Returns whether the
/// stream now has a snapshot.
async fn fold_page(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    LoadedStream { stream, snapshot, events, .. }: LoadedStream,
    basis: SnapshotBasis,
) -> Result<bool, Error> {
    let id = boundary::stream_id(tenant, domain.plugin(), &stream);
    let Some(FoldOutput { state }) = domain.fold(FoldInput { stream, snapshot, events }).await? else {
        return Ok(false);
    };
    let state = state.to_string();
    if state.len() > STATE_BYTES {
        tracing::warn!(plugin = domain.plugin(), "a state is too large for a snapshot; its stream is read whole");
        return Ok(false);
    }
    let mut tx = bus.db.tenant(tenant).await?;
    let stored =
        event_store::store(&bus.stream_cache, &bus.keyring, &mut tx, domain.digest(), id, basis, &state).await?;
    tx.commit().await?;
    Ok(stored)
}

//! What a package makes of long streams, kept so that their events need not be read and sent again.

use super::Error;
use super::boundary;
use crate::Core;
use crate::contract::{Domain, FoldInput, FoldOutput, LoadedStream, StreamMode};
use crate::event_store::{self, Past};
use crate::id::TenantId;

/// So many events are worth a snapshot, …
const LONG: usize = 100;
/// … and so many bytes, where they are in the way: all streams of a boundary together are within its limits then.
const LARGE: usize = boundary::BYTES / boundary::STREAMS;
/// A state that is larger saves nothing.
const STATE_BYTES: usize = 1024 * 1024;
/// Events, and their bytes in the log, that are folded at once of a stream that is too long to be loaded.
const PAGE: (u32, usize) = (1_000, 1024 * 1024);

/// Of the streams that a decision was made on. The command is answered whatever comes of this: without a snapshot, the events are read.
pub(super) async fn keep(core: &Core, tenant: TenantId, domain: &dyn Domain, streams: &[LoadedStream]) {
    for entry in streams.iter().filter(|entry| entry.events.len() >= LONG) {
        // From the log, not from what was loaded: somebody else may have a newer snapshot by now.
        if let Err(error) = shorten(core, tenant, domain, &entry.stream).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a snapshot was not kept");
        }
    }
}

/// Folds a stream page by page, until what follows its snapshot is short. Each page is kept, so whoever is interrupted has not worked in vain.
/// Nothing happens if the package does not fold, or its state is too large.
pub(super) async fn shorten(core: &Core, tenant: TenantId, domain: &dyn Domain, stream: &str) -> Result<(), Error> {
    let id = boundary::stream_id(tenant, domain.plugin(), stream);
    let _turn = core.folding.take(vec![id]).await;
    loop {
        let mut entry = boundary::unread(stream.to_owned(), StreamMode::Read);
        let mut tx = core.db.tenant(tenant).await?;
        let (mut past, mut bytes) = (Past::default(), 0);
        for page in event_store::load(core, &mut tx, domain.digest(), &[id], PAGE).await? {
            bytes = page.history.bytes();
            past = boundary::open(core, &mut tx, domain, page, &mut entry).await?;
        }
        tx.commit().await?;
        let is_short = entry.events.len() < LONG && bytes <= LARGE;
        if is_short || !fold(core, tenant, domain, entry, past).await? {
            return Ok(());
        }
    }
}

/// Answers whether there is a snapshot now.
async fn fold(
    core: &Core,
    tenant: TenantId,
    domain: &dyn Domain,
    LoadedStream { stream, snapshot, events, .. }: LoadedStream,
    past: Past,
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
    let mut tx = core.db.tenant(tenant).await?;
    let kept = event_store::keep(core, &mut tx, domain.digest(), id, past, &state).await?;
    tx.commit().await?;
    Ok(kept)
}

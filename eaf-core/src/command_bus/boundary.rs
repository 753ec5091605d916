//! Loads what a command reads or guards: the plugin names streams until what was loaded leads it to no further one.

use super::Error;
use crate::Core;
use crate::contract::{BoundaryInput, Command, Context, Domain, LoadedStream, StreamMode, StreamRef};
use crate::db::TenantTx;
use crate::event_store;
use crate::id::{StreamId, TenantId};
use std::collections::HashMap;

const ROUNDS: usize = 4;
const STREAMS: usize = 32;
const EVENTS: u32 = 10_000;
/// Of stored events. The plugin has to hold all of it, several times over.
const BYTES: usize = 4 * 1024 * 1024;
const NAME: usize = 300;

/// Streams in the order in which they were first named.
pub(super) async fn load(
    core: &Core,
    tenant: TenantId,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
) -> Result<Vec<LoadedStream>, Error> {
    let mut loaded: Vec<LoadedStream> = Vec::new();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let input = BoundaryInput { command: command.clone(), context: context.clone(), loaded: loaded.clone() };
        let named = domain.boundary(input).await?.streams;
        let new = merge(&mut loaded, named)?;
        if new == loaded.len() {
            return Ok(loaded);
        }
        let mut tx = core.db.tenant(tenant).await?;
        bytes = fill(core, &mut tx, domain, &mut loaded, new, bytes).await?;
        tx.commit().await?;
    }
    // What the last round loaded must not lead further.
    let input = BoundaryInput { command: command.clone(), context: context.clone(), loaded: loaded.clone() };
    let before = loaded.len();
    merge(&mut loaded, domain.boundary(input).await?.streams)?;
    if loaded.len() > before {
        return Err(Error::TooManyRounds { limit: ROUNDS });
    }
    Ok(loaded)
}

/// Adds the streams that are new, still empty; answers the index of the first of them.
fn merge(loaded: &mut Vec<LoadedStream>, named: Vec<StreamRef>) -> Result<usize, Error> {
    let known = loaded.len();
    for StreamRef { stream, mode } in named {
        match loaded.iter_mut().find(|entry| entry.stream == stream) {
            // Named twice, the stricter mode holds.
            Some(entry) if mode == StreamMode::Guard => entry.mode = mode,
            Some(_) => {}
            None if !is_name(&stream) => return Err(Error::StreamName { stream }),
            None => loaded.push(LoadedStream { stream, mode, version: 0, snapshot: None, events: Vec::new() }),
        }
    }
    if loaded.len() > STREAMS {
        return Err(Error::TooManyStreams { limit: STREAMS });
    }
    Ok(known)
}

/// Loads the streams from index `from` on. `bytes` are loaded already; answers how many are loaded then.
async fn fill(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    loaded: &mut [LoadedStream],
    from: usize,
    bytes: usize,
) -> Result<usize, Error> {
    let (tenant, plugin, description) = (tx.tenant(), domain.plugin(), domain.description());
    let index: HashMap<StreamId, usize> =
        (from..loaded.len()).map(|i| (stream_id(tenant, plugin, &loaded[i].stream), i)).collect();
    let ids: Vec<StreamId> = index.keys().copied().collect();
    let before: usize = loaded.iter().map(|entry| entry.events.len()).sum();
    let events = event_store::read_streams(tx, &ids, EVENTS + 1, BYTES - bytes).await?;
    if before + events.len() > EVENTS as usize {
        return Err(Error::TooMuchHistory { limit: EVENTS });
    }
    let bytes = bytes + events.iter().map(|event| event.bytes).sum::<usize>();
    if bytes > BYTES {
        return Err(Error::TooManyBytes { limit: BYTES });
    }
    for event in events {
        let Some(&at) = index.get(&event.stream) else { continue };
        let entry = &mut loaded[at];
        // What belongs to another plugin's stream cannot be here: stream ids have the plugin in them.
        event.understood_by(description)?;
        entry.version = event.version;
        entry.events.push(event.open(core, tx).await?);
    }
    Ok(bytes)
}

pub(super) fn stream_id(tenant: TenantId, plugin: &str, stream: &str) -> StreamId {
    StreamId::derive(tenant, &full(plugin, stream))
}

/// The stream's name with the plugin in front.
pub(super) fn full(plugin: &str, stream: &str) -> String {
    format!("{plugin}/{stream}")
}

/// `category/key`, printable and of sane length.
fn is_name(stream: &str) -> bool {
    let parts = stream.split_once('/').is_some_and(|(category, key)| !category.is_empty() && !key.is_empty());
    parts && stream.len() <= NAME && !stream.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(stream: &str, mode: StreamMode) -> StreamRef {
        StreamRef { stream: stream.into(), mode }
    }

    #[test]
    fn a_stream_that_is_read_and_guarded_is_guarded() {
        for modes in [[StreamMode::Read, StreamMode::Guard], [StreamMode::Guard, StreamMode::Read]] {
            let mut loaded = Vec::new();
            merge(&mut loaded, modes.map(|mode| named("vm/1", mode)).into()).expect("two modes of one stream");
            assert_eq!(loaded.len(), 1);
            assert_eq!(loaded[0].mode, StreamMode::Guard);
        }
    }

    #[test]
    fn names_without_category_or_key_are_refused() {
        for stream in ["", "vm", "vm/", "/1", "vm/\n", &"v/".repeat(200)] {
            let refused = merge(&mut Vec::new(), vec![named(stream, StreamMode::Read)]);
            assert!(matches!(refused, Err(Error::StreamName { .. })), "{stream:?}");
        }
    }

    #[test]
    fn at_most_32_streams() {
        let streams = |count| (0..count).map(|n| named(&format!("vm/{n}"), StreamMode::Read)).collect();
        assert!(merge(&mut Vec::new(), streams(32)).is_ok());
        assert!(matches!(merge(&mut Vec::new(), streams(33)), Err(Error::TooManyStreams { .. })));
    }
}

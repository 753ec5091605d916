//! Loads what a command reads or guards: the plugin names streams until what was loaded leads it to no further one.

use super::{Error, snapshots};
use crate::Core;
use crate::contract::{BoundaryInput, Command, Context, Domain, LoadedStream, StreamMode, StreamRef};
use crate::db::TenantTx;
use crate::event_store::{self, Past, StoredEvent};
use crate::id::{ActorId, StreamId, TenantId};
use std::collections::{BTreeSet, HashSet};

const ROUNDS: usize = 4;
pub(super) const STREAMS: usize = 32;
const EVENTS: u32 = 10_000;
/// Of stored events. The plugin has to hold all of it, several times over.
pub(super) const BYTES: usize = 4 * 1024 * 1024;
const NAME: usize = 300;

#[derive(Default)]
pub(super) struct Loaded {
    /// In the order in which they were first named.
    pub streams: Vec<LoadedStream>,
    /// Who can be read in them.
    pub people: BTreeSet<ActorId>,
}

pub(super) async fn load(
    core: &Core,
    tenant: TenantId,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
) -> Result<Loaded, Error> {
    let mut shortened = HashSet::new();
    loop {
        let mut loaded = Loaded::default();
        let error = match load_within_limits(core, tenant, domain, (command, context), &mut loaded).await {
            Ok(()) => return Ok(loaded),
            Err(error @ (Error::TooMuchHistory { .. } | Error::TooManyBytes { .. })) => error,
            Err(error) => return Err(error),
        };
        // Snapshots were lost or never made, or are another package's. Once they are there, the streams may lead to further ones.
        let known = shortened.len();
        for LoadedStream { stream, .. } in loaded.streams {
            if !shortened.contains(&stream) {
                snapshots::shorten(core, tenant, domain, &stream).await?;
                shortened.insert(stream);
            }
        }
        if shortened.len() == known || known > STREAMS {
            return Err(error);
        }
    }
}

async fn load_within_limits(
    core: &Core,
    tenant: TenantId,
    domain: &dyn Domain,
    (command, context): (&Command, &Context),
    loaded: &mut Loaded,
) -> Result<(), Error> {
    let mut bytes = 0;
    for round in 0..=ROUNDS {
        let streams = loaded.streams.clone();
        let input = BoundaryInput { command: command.clone(), context: context.clone(), loaded: streams };
        let named = domain.boundary(input).await?.streams;
        let new = merge(&mut loaded.streams, named)?;
        if new == loaded.streams.len() {
            return Ok(());
        }
        // What the last round loaded must not lead further.
        if round == ROUNDS {
            break;
        }
        let mut tx = core.db.tenant(tenant).await?;
        bytes = fill(core, &mut tx, domain, loaded, new, bytes).await?;
        tx.commit().await?;
    }
    Err(Error::TooManyRounds { limit: ROUNDS })
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
            None => loaded.push(unread(stream, mode)),
        }
    }
    if loaded.len() > STREAMS {
        return Err(Error::TooManyStreams { limit: STREAMS });
    }
    Ok(known)
}

pub(super) fn unread(stream: String, mode: StreamMode) -> LoadedStream {
    LoadedStream { stream, mode, version: 0, snapshot: None, events: Vec::new() }
}

/// Loads the streams from index `from` on. `bytes` are loaded already; answers how many are loaded then.
async fn fill(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    loaded: &mut Loaded,
    from: usize,
    bytes: usize,
) -> Result<usize, Error> {
    let tenant = tx.tenant();
    let id = |entry: &LoadedStream| stream_id(tenant, domain.plugin(), &entry.stream);
    let ids: Vec<StreamId> = loaded.streams[from..].iter().map(id).collect();
    let most = (EVENTS + 1, BYTES - bytes);
    let histories = event_store::load(core, tx, domain.digest(), &ids, most).await?;
    let before: usize = loaded.streams.iter().map(|entry| entry.events.len()).sum();
    if before + histories.iter().map(|loaded| loaded.history.events.len()).sum::<usize>() > EVENTS as usize {
        return Err(Error::TooMuchHistory { limit: EVENTS });
    }
    let bytes = bytes + histories.iter().map(|loaded| loaded.history.bytes()).sum::<usize>();
    if bytes > BYTES {
        return Err(Error::TooManyBytes { limit: BYTES });
    }
    for ((entry, id), history) in loaded.streams[from..].iter_mut().zip(ids).zip(histories) {
        core.streams.remember(tenant, id, &history.history);
        loaded.people.extend(open(core, tx, domain, history, entry).await?.people);
    }
    Ok(bytes)
}

/// As the plugin sees it; answers what it was read from.
pub(super) async fn open(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    event_store::Loaded { history, state }: event_store::Loaded,
    into: &mut LoadedStream,
) -> Result<Past, Error> {
    let mut past = history.past();
    for event in &history.events {
        // What belongs to another plugin's stream cannot be here: stream ids have the plugin in them.
        event.understood_by(domain.description())?;
        into.events.push(StoredEvent::clone(event).open_noting(&core.keyring, tx, &mut past.people).await?);
    }
    into.version = past.version;
    into.snapshot = state;
    Ok(past)
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

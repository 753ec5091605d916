//! Loads the streams of a command's boundary. The plugin is asked in rounds, and may name further
//! streams in each, until it names no new one.

use super::{CommandBus, Error, snapshots};
use crate::contract::{
    BoundaryInput, Command, Context, Domain, LoadedStream, PeopleRef, ResolvedPeople, StreamMode, StreamRef,
};
use crate::db::TenantTx;
use crate::directory;
use crate::event_store::{self, SnapshotBasis, StoredEvent};
use crate::id::{ActorId, StreamId, TenantId};
use std::collections::{BTreeSet, HashSet};

const ROUNDS: usize = 4;
pub(super) const STREAMS: usize = 32;
/// Maximum number of references to people that a plugin may name in the boundary of one command.
const PEOPLE: usize = 64;
const EVENTS: u32 = 10_000;
/// Maximum stored size, in bytes, of all events of one boundary. In the plugin's memory, these
/// events take several times as much.
pub(super) const BYTES: usize = 4 * 1024 * 1024;
const NAME: usize = 300;

#[derive(Default)]
pub(super) struct LoadedBoundary {
    /// Streams of the boundary, in the order in which the plugin first named them.
    pub streams: Vec<LoadedStream>,
    /// People whose personal data is in the loaded streams.
    pub people: BTreeSet<ActorId>,
    /// References to people that the plugin named, each with the actor ids to which it refers.
    pub resolved: Vec<ResolvedPeople>,
}

pub(super) async fn load(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
) -> Result<LoadedBoundary, Error> {
    let mut folded = HashSet::new();
    loop {
        let mut loaded = LoadedBoundary::default();
        let error = match load_within_limits(bus, tenant, domain, (command, context), &mut loaded).await {
            Ok(()) => return Ok(loaded),
            Err(error @ (Error::TooMuchHistory { .. } | Error::TooManyBytes { .. })) => error,
            Err(error) => return Err(error),
        };
        // Missing snapshots, or those of another package, let a boundary exceed the limits. With
        // new snapshots, the plugin may name further streams.
        let known = folded.len();
        for LoadedStream { stream, .. } in loaded.streams {
            if !folded.contains(&stream) {
                snapshots::fold_pages(bus, tenant, domain, &stream).await?;
                folded.insert(stream);
            }
        }
        if folded.len() == known || known > STREAMS {
            return Err(error);
        }
    }
}

async fn load_within_limits(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    (command, context): (&Command, &Context),
    loaded: &mut LoadedBoundary,
) -> Result<(), Error> {
    let mut bytes = 0;
    for round in 0..=ROUNDS {
        let streams = loaded.streams.clone();
        let input = BoundaryInput { command: command.clone(), context: context.clone(), loaded: streams };
        let named = domain.boundary(input).await?;
        let new = merge(&mut loaded.streams, named.streams)?;
        if new == loaded.streams.len() {
            loaded.resolved = resolve(bus, tenant, domain, named.people).await?;
            return Ok(());
        }
        // After the last round, the plugin may not name further streams.
        if round == ROUNDS {
            break;
        }
        let mut tx = bus.db.tenant(tenant).await?;
        bytes = load_streams(bus, &mut tx, domain, loaded, new, bytes).await?;
        tx.commit().await?;
    }
    Err(Error::TooManyRounds { limit: ROUNDS })
}

/// Resolves references to people to actor ids. `references` are those that the plugin named in its
/// last round, when it knew all streams.
async fn resolve(
    bus: &CommandBus,
    tenant: TenantId,
    domain: &dyn Domain,
    references: Vec<PeopleRef>,
) -> Result<Vec<ResolvedPeople>, Error> {
    if references.len() > PEOPLE {
        return Err(Error::TooManyPeople { limit: PEOPLE });
    }
    let mut resolved: Vec<ResolvedPeople> = Vec::with_capacity(references.len());
    for reference in references {
        if resolved.iter().all(|known| known.reference != reference) {
            let query = reference.query(|permission| roles_holding(domain, permission));
            let actors = directory::people_ids(&bus.db, tenant, &query, bus.ambient.now()).await?;
            resolved.push(ResolvedPeople { reference, actors });
        }
    }
    Ok(resolved)
}

fn roles_holding(domain: &dyn Domain, permission: &str) -> Vec<String> {
    let mut declared = domain.description().permissions.iter();
    declared.find(|known| known.name == permission).map(|known| known.roles.clone()).unwrap_or_default()
}

/// Adds those of the streams `named` that are not in `loaded`, without their events. Returns the
/// index of the first added stream.
fn merge(loaded: &mut Vec<LoadedStream>, named: Vec<StreamRef>) -> Result<usize, Error> {
    let known = loaded.len();
    for StreamRef { stream, mode } in named {
        match loaded.iter_mut().find(|entry| entry.stream == stream) {
            // A stream that is named twice has the stricter mode.
            Some(entry) if mode == StreamMode::Guard => entry.mode = mode,
            Some(_) => {}
            None if !is_name(&stream) => return Err(Error::StreamName { stream }),
            None => loaded.push(unloaded(stream, mode)),
        }
    }
    if loaded.len() > STREAMS {
        return Err(Error::TooManyStreams { limit: STREAMS });
    }
    Ok(known)
}

pub(super) fn unloaded(stream: String, mode: StreamMode) -> LoadedStream {
    LoadedStream { stream, mode, version: 0, snapshot: None, events: Vec::new() }
}

/// Loads the events of the streams from index `from` on. `bytes` is the size of the events loaded
/// before; returns the size of all.
async fn load_streams(
    bus: &CommandBus,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    loaded: &mut LoadedBoundary,
    from: usize,
    bytes: usize,
) -> Result<usize, Error> {
    let tenant = tx.tenant();
    let id = |entry: &LoadedStream| stream_id(tenant, domain.plugin(), &entry.stream);
    let ids: Vec<StreamId> = loaded.streams[from..].iter().map(id).collect();
    let most = (EVENTS + 1, BYTES - bytes);
    let histories = event_store::load(&bus.stream_cache, &bus.keyring, tx, domain.digest(), &ids, most).await?;
    let before: usize = loaded.streams.iter().map(|entry| entry.events.len()).sum();
    if before + histories.iter().map(|loaded| loaded.history.events.len()).sum::<usize>() > EVENTS as usize {
        return Err(Error::TooMuchHistory { limit: EVENTS });
    }
    let bytes = bytes + histories.iter().map(|loaded| loaded.history.bytes()).sum::<usize>();
    if bytes > BYTES {
        return Err(Error::TooManyBytes { limit: BYTES });
    }
    for ((entry, id), history) in loaded.streams[from..].iter_mut().zip(ids).zip(histories) {
        bus.stream_cache.insert(tenant, id, &history.history);
        loaded.people.extend(decrypt_history(bus, tx, domain, history, entry).await?.people);
    }
    Ok(bytes)
}

/// Decrypts a stream's history for the plugin. Returns the basis for a snapshot of that history.
pub(super) async fn decrypt_history(
    bus: &CommandBus,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    event_store::LoadedHistory { history, state }: event_store::LoadedHistory,
    into: &mut LoadedStream,
) -> Result<SnapshotBasis, Error> {
    let mut basis = history.snapshot_basis();
    for event in &history.events {
        // Events of another plugin cannot be here: stream ids are derived from the plugin's name
        // too.
        event.understood_by(domain.description())?;
        into.events.push(StoredEvent::clone(event).open_noting(&bus.keyring, tx, &mut basis.people).await?);
    }
    into.version = basis.version;
    into.snapshot = state;
    Ok(basis)
}

pub(super) fn stream_id(tenant: TenantId, plugin: &str, stream: &str) -> StreamId {
    StreamId::derive(tenant, &qualified_name(plugin, stream))
}

/// Adds the plugin's prefix to the name of a stream: `dcm/request/…` for `request/…`.
pub(super) fn qualified_name(plugin: &str, stream: &str) -> String {
    format!("{plugin}/{stream}")
}

/// Whether a stream name has the form `category/key`, is printable and has at most 300 bytes.
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

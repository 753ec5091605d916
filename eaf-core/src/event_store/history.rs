//! What a stream came to, for a decision: a snapshot, if there is one, and the events after it.
//!
//! Histories are remembered, so that only what is new is read. That never makes a decision wrong, a "no" included: each
//! load asks the log whether the last event that is remembered still stands there, by the hash that covers everything
//! before it, and for all events after it. A log that was restored, or is not the one that was remembered, is read anew. What is
//! remembered is as sealed as in the log.

use super::snapshot::{self, Past, Snapshot};
use super::{Error, StoredEvent, read};
use crate::Core;
use crate::db::TenantTx;
use crate::id::{StreamId, TenantId};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Of all tenants together, as the log has them; parsed they take some times as much.
const REMEMBERED_BYTES: u64 = 32 * 1024 * 1024;
/// What an event costs beside its bytes.
const EVENT_OVERHEAD: u64 = 500;

#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    snapshot: Option<Snapshot>,
    pub events: Vec<Arc<StoredEvent>>,
    /// The last event's; the snapshot's if there is none after it.
    chain: Vec<u8>,
}

/// A history, and the state in its snapshot.
pub(crate) struct Loaded {
    pub history: Arc<History>,
    pub state: Option<Value>,
}

impl History {
    fn from(snapshot: Snapshot) -> Self {
        History { chain: snapshot.chain.clone(), snapshot: Some(snapshot), events: Vec::new() }
    }

    pub fn version(&self) -> u64 {
        let snapshot = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        self.events.last().map_or(snapshot, |event| event.version)
    }

    /// What the snapshot was made of; the people of the events are for whoever opens them to add.
    pub fn past(&self) -> Past {
        let people = self.snapshot.as_ref().map(|snapshot| snapshot.people().clone()).unwrap_or_default();
        Past { version: self.version(), chain: self.chain.clone(), people }
    }

    /// Of its events in the log.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.bytes).sum()
    }

    fn is_for(&self, digest: &str) -> bool {
        self.snapshot.as_ref().is_none_or(|snapshot| snapshot.digest == digest)
    }
}

/// The streams in their order, at most about `limit` events and `bytes` in all: whoever gets more has not got all.
pub(crate) async fn load(
    core: &Core,
    tx: &mut TenantTx,
    digest: &str,
    streams: &[StreamId],
    (limit, bytes): (u32, usize),
) -> Result<Vec<Loaded>, Error> {
    let mut known = known(core, tx, digest, streams).await?;
    let mut loaded = HashMap::new();
    let mut wanted: Vec<StreamId> = streams.to_vec();
    while !wanted.is_empty() {
        let since: Vec<u64> =
            wanted.iter().map(|id| known.get(id).map_or(0, |known| known.history.version())).collect();
        let mut rows: HashMap<StreamId, Vec<_>> = HashMap::new();
        for (event, chain) in read::read_since(tx, &wanted, &since, limit, bytes).await? {
            rows.entry(event.stream).or_default().push((event, chain));
        }
        // Those whose memory is of another log come round again, without it.
        wanted.retain(|id| {
            let (begun, new) = (known.remove(id), rows.remove(id).unwrap_or_default());
            let Some(history) = go_on(begun, new) else {
                tracing::warn!(stream = %id, "what was remembered of a stream is not what the log holds; reading it anew");
                metrics::counter!("eaf_stream_memory_refused_total").increment(1);
                core.streams.forget(tx.tenant(), *id);
                return true;
            };
            loaded.insert(*id, history);
            false
        });
    }
    Ok(streams.iter().filter_map(|id| loaded.remove(id)).collect())
}

/// What need not be read: what is remembered, and snapshots of those that are not.
async fn known(
    core: &Core,
    tx: &mut TenantTx,
    digest: &str,
    streams: &[StreamId],
) -> Result<HashMap<StreamId, Loaded>, Error> {
    let mut histories: HashMap<StreamId, Arc<History>> = HashMap::new();
    for id in streams {
        if let Some(history) = core.streams.get(tx.tenant(), *id).filter(|history| history.is_for(digest)) {
            histories.insert(*id, history);
        }
    }
    let missing: Vec<StreamId> = streams.iter().filter(|id| !histories.contains_key(id)).copied().collect();
    if !missing.is_empty() {
        let snapshots = snapshot::find(tx, digest, &missing).await?;
        histories.extend(snapshots.into_iter().map(|(id, snapshot)| (id, Arc::new(History::from(snapshot)))));
    }
    let mut known = HashMap::new();
    for (id, history) in histories {
        let state = match &history.snapshot {
            None => None,
            Some(snapshot) => match snapshot.open(core, tx, id).await? {
                Some(state) => Some(state),
                // Somebody was erased: the events say what is left.
                None => continue,
            },
        };
        known.insert(id, Loaded { history, state });
    }
    Ok(known)
}

/// What is known and what was read from its last event on. None: that event is another one.
fn go_on(known: Option<Loaded>, read: Vec<(StoredEvent, Vec<u8>)>) -> Option<Loaded> {
    let mut read = read.into_iter();
    let known = known.filter(|known| known.history.version() > 0);
    if let Some(known) = &known {
        let (last, chain) = read.next()?;
        if last.version != known.history.version() || chain != known.history.chain {
            return None;
        }
    }
    let Loaded { mut history, state } = known.unwrap_or_else(|| Loaded { history: Arc::default(), state: None });
    if read.len() > 0 {
        let grown = Arc::make_mut(&mut history);
        for (event, chain) in read {
            grown.chain = chain;
            grown.events.push(Arc::new(event));
        }
    }
    Some(Loaded { history, state })
}

/// The histories that were loaded last. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    remembered: Arc<Cache<(TenantId, StreamId), Arc<History>, ByBytes>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<(TenantId, StreamId), Arc<History>> for ByBytes {
    fn weight(&self, _: &(TenantId, StreamId), history: &Arc<History>) -> u64 {
        let snapshot = history.snapshot.as_ref().map_or(0, Snapshot::bytes);
        (history.bytes() + snapshot) as u64 + EVENT_OVERHEAD * (history.events.len() as u64 + 1)
    }
}

impl Default for Streams {
    fn default() -> Self {
        let about = (REMEMBERED_BYTES / (4 * EVENT_OVERHEAD)) as usize;
        Streams { remembered: Arc::new(Cache::with_weighter(about, REMEMBERED_BYTES, ByBytes)) }
    }
}

impl Streams {
    /// Whole histories only.
    pub(crate) fn remember(&self, tenant: TenantId, stream: StreamId, history: &Arc<History>) {
        if history.version() > 0 {
            self.remembered.insert((tenant, stream), history.clone());
        }
    }

    pub(super) fn forget(&self, tenant: TenantId, stream: StreamId) {
        self.remembered.remove(&(tenant, stream));
    }

    fn get(&self, tenant: TenantId, stream: StreamId) -> Option<Arc<History>> {
        self.remembered.get(&(tenant, stream))
    }
}

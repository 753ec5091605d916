//! History of a stream, for a decision: a snapshot, if there is one, and the events after it.
//!
//! The stream cache holds histories, so that only new events are read. The cache never leads to a
//! wrong decision or rejection: each load reads the last cached event again and compares its chain
//! hash, which covers all events before, and then reads all later events. If the hashes differ, as
//! after a restore, the whole stream is read. Cached events are sealed as in the log.

use super::snapshot::{self, Snapshot, SnapshotBasis};
use super::{Error, StoredEvent, read};
use crate::crypto::Keyring;
use crate::db::TenantTx;
use crate::id::{StreamId, TenantId};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Maximum stored size, in bytes, of the cached events of all tenants. Their parsed form in memory
/// is several times as large.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Memory, in bytes, that a cached event uses in addition to its stored size.
const EVENT_OVERHEAD: u64 = 500;

#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    snapshot: Option<Snapshot>,
    pub events: Vec<Arc<StoredEvent>>,
    /// Chain hash of the history's last event. If no event follows the snapshot, the chain hash in
    /// the snapshot.
    chain: Vec<u8>,
}

/// History of a stream, with the opened state of its snapshot.
pub(crate) struct LoadedHistory {
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

    /// Basis of a snapshot that covers the whole history. The caller adds the people whose data it
    /// finds in the events.
    pub fn snapshot_basis(&self) -> SnapshotBasis {
        let people = self.snapshot.as_ref().map(|snapshot| snapshot.people().clone()).unwrap_or_default();
        SnapshotBasis { version: self.version(), chain: self.chain.clone(), people }
    }

    /// Stored size, in bytes, of all events of the history.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.bytes).sum()
    }

    fn is_made_by(&self, digest: &str) -> bool {
        self.snapshot.as_ref().is_none_or(|snapshot| snapshot.digest == digest)
    }
}

/// Loads the histories of these streams, in the same order. If the streams have more than `limit`
/// new events, or more than `bytes` of them, the histories are incomplete.
pub(crate) async fn load(
    cache: &StreamCache,
    keyring: &Keyring,
    tx: &mut TenantTx,
    digest: &str,
    streams: &[StreamId],
    (limit, bytes): (u32, usize),
) -> Result<Vec<LoadedHistory>, Error> {
    let mut known = cached_or_snapshot(cache, keyring, tx, digest, streams).await?;
    let mut loaded = HashMap::new();
    let mut wanted: Vec<StreamId> = streams.to_vec();
    while !wanted.is_empty() {
        let since: Vec<u64> =
            wanted.iter().map(|id| known.get(id).map_or(0, |known| known.history.version())).collect();
        let mut rows: HashMap<StreamId, Vec<_>> = HashMap::new();
        for (event, chain) in read::read_since(tx, &wanted, &since, limit, bytes).await? {
            rows.entry(event.stream).or_default().push((event, chain));
        }
        // Histories that belong to another log than this one are loaded again without the cache.
        wanted.retain(|id| {
            let (begun, new) = (known.remove(id), rows.remove(id).unwrap_or_default());
            let Some(history) = validate_and_extend(begun, new) else {
                tracing::warn!(stream = %id, "a cached stream is not what the log holds; reading it whole");
                metrics::counter!("eaf_stream_cache_invalidated_total").increment(1);
                cache.invalidate(tx.tenant(), *id);
                return true;
            };
            loaded.insert(*id, history);
            false
        });
    }
    Ok(streams.iter().filter_map(|id| loaded.remove(id)).collect())
}

/// Reads the histories of these streams from the cache, and the snapshots of the streams that the
/// cache does not have.
async fn cached_or_snapshot(
    cache: &StreamCache,
    keyring: &Keyring,
    tx: &mut TenantTx,
    digest: &str,
    streams: &[StreamId],
) -> Result<HashMap<StreamId, LoadedHistory>, Error> {
    let mut histories: HashMap<StreamId, Arc<History>> = HashMap::new();
    for id in streams {
        if let Some(history) = cache.get(tx.tenant(), *id).filter(|history| history.is_made_by(digest)) {
            histories.insert(*id, history);
        }
    }
    let missing: Vec<StreamId> = streams.iter().filter(|id| !histories.contains_key(id)).copied().collect();
    if !missing.is_empty() {
        let snapshots = snapshot::load(tx, digest, &missing).await?;
        histories.extend(snapshots.into_iter().map(|(id, snapshot)| (id, Arc::new(History::from(snapshot)))));
    }
    let mut known = HashMap::new();
    for (id, history) in histories {
        let state = match &history.snapshot {
            None => None,
            Some(snapshot) => match snapshot.open(keyring, tx, id).await? {
                Some(state) => Some(state),
                // A person was erased: the events hold the data that remains.
                None => continue,
            },
        };
        known.insert(id, LoadedHistory { history, state });
    }
    Ok(known)
}

/// Extends a known history by events from the log, of which the first must be the known last event.
/// `None`: the log has another event at that version.
fn validate_and_extend(known: Option<LoadedHistory>, read: Vec<(StoredEvent, Vec<u8>)>) -> Option<LoadedHistory> {
    let mut read = read.into_iter();
    let known = known.filter(|known| known.history.version() > 0);
    if let Some(known) = &known {
        let (last, chain) = read.next()?;
        if last.version != known.history.version() || chain != known.history.chain {
            return None;
        }
    }
    let LoadedHistory { mut history, state } =
        known.unwrap_or_else(|| LoadedHistory { history: Arc::default(), state: None });
    if read.len() > 0 {
        let grown = Arc::make_mut(&mut history);
        for (event, chain) in read {
            grown.chain = chain;
            grown.events.push(Arc::new(event));
        }
    }
    Some(LoadedHistory { history, state })
}

/// Cache of the histories that were used last. Cheap to clone.
#[derive(Clone)]
pub struct StreamCache {
    cache: Arc<Cache<(TenantId, StreamId), Arc<History>, ByBytes>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<(TenantId, StreamId), Arc<History>> for ByBytes {
    fn weight(&self, _: &(TenantId, StreamId), history: &Arc<History>) -> u64 {
        let snapshot = history.snapshot.as_ref().map_or(0, Snapshot::bytes);
        (history.bytes() + snapshot) as u64 + EVENT_OVERHEAD * (history.events.len() as u64 + 1)
    }
}

impl Default for StreamCache {
    fn default() -> Self {
        let about = (CACHE_BYTES / (4 * EVENT_OVERHEAD)) as usize;
        StreamCache { cache: Arc::new(Cache::with_weighter(about, CACHE_BYTES, ByBytes)) }
    }
}

impl StreamCache {
    /// Caches a history. It must be complete.
    pub(crate) fn insert(&self, tenant: TenantId, stream: StreamId, history: &Arc<History>) {
        if history.version() > 0 {
            self.cache.insert((tenant, stream), history.clone());
        }
    }

    pub(super) fn invalidate(&self, tenant: TenantId, stream: StreamId) {
        self.cache.remove(&(tenant, stream));
    }

    fn get(&self, tenant: TenantId, stream: StreamId) -> Option<Arc<History>> {
        self.cache.get(&(tenant, stream))
    }
}

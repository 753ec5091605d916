//! Queue of append requests. It decides which requests form the next batches, and in which order.

use crate::event_store::{AppendRequest, Error, Outcome};
use crate::id::{ActorId, StreamId, TenantId};
use std::collections::{HashMap, HashSet, VecDeque};
use tokio::sync::oneshot;

/// Maximum number of requests in one batch. Larger batches bring no more throughput.
pub(super) const BATCH: usize = 64;
/// Maximum size, in bytes, of the events and answers of one batch. A request that is larger is a
/// batch by itself.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Maximum number of queued requests per tenant. With more, each request would wait for seconds.
const MAX_QUEUED: usize = 2_000;
/// Maximum size, in bytes, of a tenant's queued requests.
const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;
/// Maximum number of tenants whose batches share one statement. The lane of each tenant stays
/// locked until the common commit.
const MAX_SHARED_TENANTS: usize = 8;
/// Maximum number of queued requests of a tenant whose batch shares a statement. With more, the
/// other tenants would wait for that one.
const MAX_SHARED_REQUESTS: usize = 4;

pub(super) struct PendingAppend {
    pub request: AppendRequest,
    pub answer: oneshot::Sender<Result<Outcome, Error>>,
    /// Whether the fast path may take the request. False after the fast path has deferred the
    /// request.
    pub is_simple: bool,
    /// Size, in bytes, of the request's events and of its answer, which contains the command.
    bytes: usize,
}

impl PendingAppend {
    pub fn new(request: AppendRequest, answer: oneshot::Sender<Result<Outcome, Error>>) -> Self {
        let is_simple = request.is_simple();
        let events = request.events.iter().map(|event| event.data.len() + event.meta.len()).sum::<usize>();
        let bytes = events + request.answer.len();
        PendingAppend { request, answer, is_simple, bytes }
    }
}

/// Batch: a tenant, and the tenant's requests that one statement appends.
pub(super) type Batch = (TenantId, Vec<PendingAppend>);

/// Queues of append requests, one per tenant. A tenant has a queue while one of its batches is
/// being appended, or while the tenant is ready.
pub(super) struct Queue {
    queues: HashMap<TenantId, VecDeque<PendingAppend>>,
    /// Tenants whose next batch may be appended, in the order in which they get a connection.
    ready: VecDeque<TenantId>,
    /// Number of connections of the append pool that no worker uses.
    idle_connections: usize,
}

impl Queue {
    pub fn new(idle_connections: usize) -> Self {
        Queue { queues: HashMap::new(), ready: VecDeque::new(), idle_connections }
    }

    /// Adds a request to its tenant's queue. Returns whether the caller must start a worker.
    pub fn push(&mut self, tenant: TenantId, pending: PendingAppend) -> Result<bool, Error> {
        let new = !self.queues.contains_key(&tenant);
        let queue = self.queues.entry(tenant).or_default();
        let bytes = queue.iter().map(|pending| pending.bytes).sum::<usize>();
        if queue.len() >= MAX_QUEUED || bytes > MAX_QUEUED_BYTES {
            return Err(Error::Overloaded { waiting: queue.len() });
        }
        queue.push_back(pending);
        metrics::gauge!("eaf_append_waiting").increment(1.0);
        if !new {
            return Ok(false);
        }
        self.ready.push_back(tenant);
        let start = self.idle_connections > 0;
        self.idle_connections -= usize::from(start);
        Ok(start)
    }

    /// Number of ready tenants, plus the number of queued requests of the first ready tenant: an
    /// estimate of how many requests could be appended now.
    pub fn ready_len(&self) -> usize {
        let first = self.ready.front().and_then(|tenant| self.queues.get(tenant)).map_or(0, VecDeque::len);
        self.ready.len() + first
    }

    /// Removes the batches of the next statement from the queues. It is the batch of one tenant, or
    /// those of several if more tenants are ready than connections are idle. Empty: no tenant is
    /// ready, and the worker ends.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        let share = self.ready.len().div_ceil(self.idle_connections + 1).min(MAX_SHARED_TENANTS);
        let mut batches: Vec<Batch> = Vec::new();
        let mut sharing = true;
        while sharing
            && batches.len() < share
            && let Some(queue) = self.ready.front().and_then(|tenant| self.queues.get_mut(tenant))
        {
            sharing = fits_shared_statement(&*queue);
            if !(sharing || batches.is_empty()) {
                break;
            }
            let batch = take_batch(queue);
            metrics::gauge!("eaf_append_waiting").decrement(batch.len() as f64);
            batches.extend(self.ready.pop_front().map(|tenant| (tenant, batch)));
        }
        self.idle_connections += usize::from(batches.is_empty());
        batches
    }

    /// Ends the batch of a tenant. Its deferred requests go to the front of the queue, and will not
    /// use the fast path again.
    pub fn complete(&mut self, tenant: TenantId, deferred: Vec<PendingAppend>) {
        let queue = self.queues.entry(tenant).or_default();
        let repeat = !deferred.is_empty();
        metrics::gauge!("eaf_append_waiting").increment(deferred.len() as f64);
        for pending in deferred.into_iter().rev() {
            queue.push_front(PendingAppend { is_simple: false, ..pending });
        }
        if repeat {
            self.ready.push_front(tenant);
        } else if queue.is_empty() {
            self.queues.remove(&tenant);
        } else {
            self.ready.push_back(tenant);
        }
    }
}

/// Whether a tenant with these queued requests may share a statement with other tenants.
fn fits_shared_statement<'a>(
    requests: impl IntoIterator<Item = &'a PendingAppend, IntoIter: ExactSizeIterator>,
) -> bool {
    let mut requests = requests.into_iter();
    requests.len() <= MAX_SHARED_REQUESTS && requests.all(|pending| pending.is_simple)
}

/// Removes from the queue the first requests that can be appended together. A request conflicts
/// with an earlier one if both have the same idempotency key, or if one writes a stream that the
/// other names. It then stays in the queue for the next batch, as does every later request that
/// conflicts with it, so that their order is preserved.
fn take_batch(queue: &mut VecDeque<PendingAppend>) -> Vec<PendingAppend> {
    let mut batch: Vec<PendingAppend> = Vec::new();
    let mut stay = VecDeque::new();
    let (mut earlier, mut bytes) = (Conflicts::default(), 0);
    while let Some(pending) = queue.pop_front() {
        let full = batch.len() == BATCH || (bytes + pending.bytes > BATCH_BYTES && !batch.is_empty());
        if full {
            queue.push_front(pending);
            break;
        }
        let conflicts = earlier.conflicts_with(&pending.request);
        earlier.insert(&pending.request);
        if conflicts {
            stay.push_back(pending);
        } else {
            bytes += pending.bytes;
            batch.push(pending);
        }
    }
    while let Some(pending) = stay.pop_back() {
        queue.push_front(pending);
    }
    batch
}

/// Idempotency keys and streams of the requests that were examined for a batch.
#[derive(Default)]
struct Conflicts {
    keys: HashSet<(ActorId, String)>,
    written: HashSet<StreamId>,
    guarded: HashSet<StreamId>,
}

impl Conflicts {
    fn conflicts_with(&self, request: &AppendRequest) -> bool {
        let mut streams = request.streams.iter().enumerate();
        self.keys.contains(&(request.actor, request.key.clone()))
            || streams.any(|(index, write)| {
                self.written.contains(&write.stream) || (request.writes(index) && self.guarded.contains(&write.stream))
            })
    }

    fn insert(&mut self, request: &AppendRequest) {
        self.keys.insert((request.actor, request.key.clone()));
        for (index, write) in request.streams.iter().enumerate() {
            if request.writes(index) { &mut self.written } else { &mut self.guarded }.insert(write.stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_store::{PendingEvent, StreamWrite};
    use crate::id::EventId;
    use uuid::Uuid;

    fn tenant(n: u128) -> TenantId {
        TenantId(Uuid::from_u128(n))
    }

    /// Creates an append request that writes one stream, or only guards it.
    fn pending(key: u32, stream: u128, writes: bool, bytes: usize) -> PendingAppend {
        let event = PendingEvent {
            stream: 0,
            id: EventId(Uuid::nil()),
            kind: "test.happened".into(),
            schema: 1,
            data: vec![0; bytes],
            meta: Vec::new(),
        };
        let request = AppendRequest {
            actor: ActorId::SYSTEM,
            key: key.to_string(),
            fingerprint: [0; 32],
            answer: Vec::new(),
            fence: None,
            streams: vec![StreamWrite { stream: StreamId(Uuid::from_u128(stream)), expected: Some(0) }],
            events: if writes { vec![event] } else { Vec::new() },
        };
        PendingAppend::new(request, oneshot::channel().0)
    }

    fn keys<'a>(queue: impl IntoIterator<Item = &'a PendingAppend>) -> Vec<&'a str> {
        queue.into_iter().map(|pending| pending.request.key.as_str()).collect()
    }

    fn sizes(batches: &[Batch]) -> Vec<(TenantId, usize)> {
        batches.iter().map(|(tenant, batch)| (*tenant, batch.len())).collect()
    }

    /// Takes batches until the queue is empty.
    fn all(queue: &mut Queue) -> Vec<Vec<(TenantId, usize)>> {
        let mut all = Vec::new();
        loop {
            let batches = queue.take_batches();
            if batches.is_empty() {
                return all;
            }
            all.push(sizes(&batches));
            for (tenant, _) in batches {
                queue.complete(tenant, Vec::new());
            }
        }
    }

    #[test]
    fn a_request_with_a_shared_key_or_written_stream_waits_in_order() {
        let mut queue: VecDeque<_> = [
            pending(1, 1, true, 1),
            pending(2, 2, false, 0), // guards 2
            pending(3, 2, false, 0), // guards may be shared
            pending(4, 1, true, 1),  // writes 1 again
            pending(5, 2, true, 1),  // writes what others guard
            pending(2, 6, true, 1),  // the second one's key
            pending(7, 7, true, 1),
        ]
        .into();
        assert_eq!(keys(&take_batch(&mut queue)), ["1", "2", "3", "7"]);
        assert_eq!(keys(&queue), ["4", "5", "2"]);
        assert_eq!(keys(&take_batch(&mut queue)), ["4", "5", "2"]);
    }

    #[test]
    fn a_batch_is_bounded_in_number_and_in_bytes_and_never_empty() {
        let mut queue: VecDeque<_> = (0..70).map(|n| pending(n, n.into(), true, 1)).collect();
        assert_eq!((take_batch(&mut queue).len(), queue.len()), (BATCH, 6));
        let mut queue: VecDeque<_> = (0..3).map(|n| pending(n, n.into(), true, BATCH_BYTES * 2 / 3)).collect();
        assert_eq!((take_batch(&mut queue).len(), queue.len()), (1, 2));
        let mut queue: VecDeque<_> = [pending(1, 1, true, BATCH_BYTES * 2)].into();
        assert_eq!(take_batch(&mut queue).len(), 1);
    }

    #[test]
    fn tenants_alternate_and_each_has_one_statement_under_way() {
        let (busy, quiet) = (tenant(1), tenant(2));
        let mut queue = Queue::new(1);
        assert!(queue.push(busy, pending(0, 0, true, 1)).unwrap(), "a worker starts");
        let first = queue.take_batches();
        assert_eq!(sizes(&first), [(busy, 1)]);
        for n in 1..=200 {
            assert!(!queue.push(busy, pending(n, n.into(), true, 1)).unwrap(), "its statement is in flight");
        }
        assert!(!queue.push(quiet, pending(0, 0, true, 1)).unwrap(), "no connection is idle");
        queue.complete(busy, Vec::new());
        assert_eq!(
            all(&mut queue),
            [vec![(quiet, 1)], vec![(busy, 64)], vec![(busy, 64)], vec![(busy, 64)], vec![(busy, 8)]]
        );
        assert_eq!((queue.idle_connections, queue.queues.len(), queue.ready.len()), (1, 0, 0));
    }

    #[test]
    fn tenants_share_a_statement_when_fewer_connections_are_idle() {
        let ask = |queue: &mut Queue, tenants: std::ops::Range<u128>| {
            for n in tenants {
                queue.push(tenant(n), pending(0, n, true, 1)).unwrap();
            }
        };
        let mut queue = Queue::new(3);
        ask(&mut queue, 0..3);
        assert_eq!(sizes(&queue.take_batches()).len(), 3, "no other worker is there to take them");
        let mut queue = Queue::new(4);
        ask(&mut queue, 0..1);
        assert_eq!(sizes(&queue.take_batches()), [(tenant(0), 1)], "there is one for each");
        ask(&mut queue, 1..3);
        queue.idle_connections = 1;
        assert_eq!(sizes(&queue.take_batches()), [(tenant(1), 1)]);
        queue.idle_connections = 0;
        ask(&mut queue, 3..30);
        assert_eq!(queue.take_batches().len(), MAX_SHARED_TENANTS);
    }

    #[test]
    fn many_requests_or_one_that_is_not_simple_have_a_statement_alone() {
        let mut queue = Queue::new(0);
        for n in 0..=MAX_SHARED_REQUESTS as u128 {
            queue.push(tenant(1), pending(n as u32, n, true, 1)).unwrap();
        }
        queue.push(tenant(2), pending(1, 1, true, 1)).unwrap();
        queue.push(tenant(3), pending(1, 1, true, BATCH_BYTES)).unwrap();
        queue.push(tenant(4), pending(1, 1, true, 1)).unwrap();
        queue.push(tenant(5), pending(1, 1, true, 1)).unwrap();
        let batches = all(&mut queue);
        assert_eq!(batches[0], [(tenant(1), MAX_SHARED_REQUESTS + 1)]);
        assert_eq!(batches[1..3], [vec![(tenant(2), 1)], vec![(tenant(3), 1)]]);
        assert_eq!(batches[3], [(tenant(4), 1), (tenant(5), 1)]);
    }

    #[test]
    fn deferred_requests_go_first_and_alone() {
        let mut queue = Queue::new(0);
        for n in 1..=3 {
            queue.push(tenant(n), pending(1, 1, true, 1)).unwrap();
        }
        let mut batches = queue.take_batches();
        queue.push(tenant(3), pending(2, 2, true, 1)).unwrap();
        let (_, deferred) = batches.pop().unwrap();
        for (tenant, _) in batches {
            queue.complete(tenant, Vec::new());
        }
        queue.complete(tenant(3), deferred);
        queue.push(tenant(4), pending(1, 1, true, 1)).unwrap();
        assert_eq!(keys(&queue.queues[&tenant(3)]), ["1", "2"]);
        assert_eq!(all(&mut queue), [[(tenant(3), 2)], [(tenant(4), 1)]]);
    }

    #[test]
    fn a_request_is_refused_when_too_many_are_queued() {
        let mut queue = Queue::new(0);
        for n in 0..MAX_QUEUED as u32 {
            queue.push(tenant(1), pending(n, n.into(), true, 1)).unwrap();
        }
        let refused = queue.push(tenant(1), pending(9999, 1, true, 1));
        assert!(matches!(refused, Err(Error::Overloaded { waiting: MAX_QUEUED })));
        assert!(queue.push(tenant(2), pending(1, 1, true, 1)).is_ok(), "other tenants are not concerned");
    }

    #[test]
    fn a_tenant_may_queue_few_large_requests() {
        let mut queue = Queue::new(0);
        let half = MAX_QUEUED_BYTES / 2 + 1;
        for n in 0..2 {
            queue.push(tenant(1), pending(n, n.into(), true, half)).unwrap();
        }
        let refused = queue.push(tenant(1), pending(2, 2, true, 1));
        assert!(matches!(refused, Err(Error::Overloaded { waiting: 2 })));
        queue.push(tenant(2), pending(1, 1, true, 1)).unwrap();
        queue.take_batches();
        queue.push(tenant(1), pending(2, 2, true, 1)).unwrap();
    }
}

//! Group commit: requests of one tenant that wait at the same time are appended by one statement.
//!
//! Nobody waits for company: a tenant's first request goes at once, alone; what comes while it is under way is the next
//! batch. So one statement per tenant is under way at most, which the lane's lock would see to anyway, and the busier a tenant
//! is, the larger its batches. All tenants share a few connections in turns, a batch each, so that a busy one costs the
//! others a batch's time and no more.

use super::append::{AppendRequest, Outcome, append_on};
use super::{Error, Position};
use crate::db::{self, Db};
use crate::id::{ActorId, StreamId, TenantId};
use crate::live::Doorbell;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// In requests. Larger ones bring no more.
const BATCH: usize = 64;
/// Of events in one batch; a larger request goes alone.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Per tenant. Whoever comes when so many wait would wait for seconds.
const WAITING: usize = 2_000;

/// Cheap to clone.
#[derive(Clone)]
pub struct Appender {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    doorbell: Doorbell,
    queue: Mutex<Queue>,
}

/// A tenant that is here has a batch under way, or its turn is coming.
struct Queue {
    lines: HashMap<TenantId, VecDeque<Waiting>>,
    turns: VecDeque<TenantId>,
    /// Statements that may be under way beside those that are.
    free: usize,
}

struct Waiting {
    request: AppendRequest,
    answer: oneshot::Sender<Result<Outcome, Error>>,
}

impl Appender {
    pub(crate) fn new(db: &Db, doorbell: &Doorbell) -> Self {
        let queue = Queue { lines: HashMap::new(), turns: VecDeque::new(), free: db.appends_at_once() };
        Appender { shared: Arc::new(Shared { db: db.clone(), doorbell: doorbell.clone(), queue: Mutex::new(queue) }) }
    }

    /// Decided after every request that this host was given before for the same streams. After an error it is unknown whether it
    /// happened: ask again with the same key. A caller that goes away takes nothing back.
    pub async fn append(&self, tenant: TenantId, request: AppendRequest) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        if self.shared.queue().enter(tenant, Waiting { request, answer })? {
            tokio::spawn(work(self.shared.clone()));
        }
        answered.await.unwrap_or(Err(Error::Lost))
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batch after batch, whoever's turn it is, until nobody waits. On one connection: taking one from the pool and giving it
/// back costs a round trip each.
async fn work(shared: Arc<Shared>) {
    let mut held = None;
    loop {
        gather(&shared).await;
        let Some((tenant, batch)) = shared.queue().next() else { return };
        // A task of its own: should it ever panic, its callers hear `Lost`, and the others go on.
        held = match tokio::spawn(run(shared.clone(), held.take(), tenant, batch)).await {
            Ok(held) => held,
            Err(error) => {
                tracing::error!(%error, "a batch of appends ended by itself");
                None
            }
        };
        shared.queue().leave(tenant);
    }
}

/// Lets whoever can go on right now come along: often all those that the last batch has answered. It waits for nobody.
async fn gather(shared: &Shared) {
    let mut waiting = shared.queue().first();
    while waiting < BATCH {
        tokio::task::yield_now().await;
        let now = shared.queue().first();
        if now <= waiting {
            return;
        }
        waiting = now;
    }
}

type Connection = PoolConnection<Postgres>;

/// Answers the connection, if it is good for the next batch.
async fn run(
    shared: Arc<Shared>,
    held: Option<Connection>,
    tenant: TenantId,
    batch: Vec<Waiting>,
) -> Option<Connection> {
    metrics::histogram!("eaf_append_batch_size").record(batch.len() as f64);
    let requests: Vec<&AppendRequest> = batch.iter().map(|waiting| &waiting.request).collect();
    let mut held = match held {
        Some(conn) => Ok(conn),
        None => shared.db.append_pool().acquire().await.map_err(Arc::new),
    };
    let outcomes = match &mut held {
        Ok(conn) => append_all(conn, tenant, &requests).await,
        Err(cause) => Err(cause.clone()),
    };
    let lost = outcomes.is_err();
    let outcomes =
        outcomes.unwrap_or_else(|cause| requests.iter().map(|_| Err(Error::Append(cause.clone()))).collect());
    if let Some(pos) = outcomes.iter().flatten().filter_map(Outcome::last).map(|last| last.pos).max() {
        shared.doorbell.ring(tenant, pos);
    }
    for (waiting, outcome) in batch.into_iter().zip(outcomes) {
        // A caller that has gone away finds the outcome in the ledger.
        let _ = waiting.answer.send(outcome);
    }
    if lost {
        drop(held);
        shared.db.look_at_idle_appenders();
        return None;
    }
    held.ok()
}

/// One outcome or error per request; or the one trouble that all of them share, after which it is unknown what happened.
async fn append_all(
    conn: &mut Connection,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Vec<Result<Outcome, Error>>, Arc<sqlx::Error>> {
    match append_on(conn, tenant, requests).await {
        Ok(outcomes) => Ok(outcomes.into_iter().map(Ok).collect()),
        Err(Error::Append(cause)) if db::is_transient(&*cause) => Err(cause),
        Err(error) if requests.len() == 1 => Ok(vec![Err(error)]),
        // One of them is not as it must be: it alone shall hear of it.
        Err(_) => {
            let mut outcomes = Vec::with_capacity(requests.len());
            for request in requests {
                let outcome = append_on(conn, tenant, &[request]).await;
                outcomes.push(outcome.and_then(|mut outcomes| outcomes.pop().ok_or(Error::Lost)));
            }
            Ok(outcomes)
        }
    }
}

impl Outcome {
    /// A duplicate may be the answer to an append whose first answer, and ring, got lost.
    fn last(&self) -> Option<Position> {
        match self {
            Outcome::Ok { positions } | Outcome::Duplicate { positions, .. } => positions.map(|(_, last)| last),
            _ => None,
        }
    }
}

type Turn = (TenantId, Vec<Waiting>);

impl Queue {
    /// Answers whether somebody has to begin to work.
    fn enter(&mut self, tenant: TenantId, waiting: Waiting) -> Result<bool, Error> {
        let new = !self.lines.contains_key(&tenant);
        let line = self.lines.entry(tenant).or_default();
        if line.len() >= WAITING {
            return Err(Error::Overloaded { limit: WAITING });
        }
        line.push_back(waiting);
        metrics::gauge!("eaf_append_waiting").increment(1.0);
        if !new {
            return Ok(false);
        }
        self.turns.push_back(tenant);
        let begin = self.free > 0;
        self.free -= usize::from(begin);
        Ok(begin)
    }

    /// How many wait in the line whose turn is next.
    fn first(&self) -> usize {
        self.turns.front().and_then(|tenant| self.lines.get(tenant)).map_or(0, VecDeque::len)
    }

    /// Whose turn it is, with a batch. None: nobody's, and the work ends.
    fn next(&mut self) -> Option<Turn> {
        let turn = self.turns.pop_front().and_then(|tenant| Some((tenant, take(self.lines.get_mut(&tenant)?))));
        if let Some((_, batch)) = &turn {
            metrics::gauge!("eaf_append_waiting").decrement(batch.len() as f64);
        }
        self.free += usize::from(turn.is_none());
        turn
    }

    /// After this tenant's batch.
    fn leave(&mut self, tenant: TenantId) {
        if self.lines.get(&tenant).is_some_and(VecDeque::is_empty) {
            self.lines.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
    }
}

/// The first requests of a line that can be decided together. One that shares a key with an earlier one, or a stream that
/// one of the two writes, stays for the next batch, and so does who shares with that one: the order holds.
fn take(line: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut batch: Vec<Waiting> = Vec::new();
    let mut stay = VecDeque::new();
    let (mut met, mut bytes) = (Met::default(), 0);
    while let Some(waiting) = line.pop_front() {
        let more: usize = waiting.request.events.iter().map(|event| event.data.len() + event.meta.len()).sum();
        let full = batch.len() == BATCH || (bytes + more > BATCH_BYTES && !batch.is_empty());
        if full {
            line.push_front(waiting);
            break;
        }
        if met.again(&waiting.request) {
            stay.push_back(waiting);
        } else {
            bytes += more;
            batch.push(waiting);
        }
    }
    while let Some(waiting) = stay.pop_back() {
        line.push_front(waiting);
    }
    batch
}

#[derive(Default)]
struct Met {
    keys: HashSet<(ActorId, String)>,
    written: HashSet<StreamId>,
    guarded: HashSet<StreamId>,
}

impl Met {
    /// Whether it shares something with those that it was asked about before.
    fn again(&mut self, request: &AppendRequest) -> bool {
        let mut again = !self.keys.insert((request.actor, request.key.clone()));
        for (index, write) in request.streams.iter().enumerate() {
            let writes = request.events.iter().any(|event| event.stream == index);
            again |= self.written.contains(&write.stream) || (writes && self.guarded.contains(&write.stream));
        }
        for (index, write) in request.streams.iter().enumerate() {
            let writes = request.events.iter().any(|event| event.stream == index);
            if writes { &mut self.written } else { &mut self.guarded }.insert(write.stream);
        }
        again
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

    /// Writes to one stream, or guards it.
    fn waiting(key: u32, stream: u128, writes: bool, bytes: usize) -> Waiting {
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
            streams: vec![StreamWrite { stream: StreamId(Uuid::from_u128(stream)), expected: None }],
            events: if writes { vec![event] } else { Vec::new() },
        };
        Waiting { request, answer: oneshot::channel().0 }
    }

    fn keys<'a>(line: impl IntoIterator<Item = &'a Waiting>) -> Vec<&'a str> {
        line.into_iter().map(|waiting| waiting.request.key.as_str()).collect()
    }

    fn queue(free: usize) -> Queue {
        Queue { lines: HashMap::new(), turns: VecDeque::new(), free }
    }

    #[test]
    fn what_shares_a_key_or_a_written_stream_waits_and_the_order_holds() {
        let mut line: VecDeque<_> = [
            waiting(1, 1, true, 1),
            waiting(2, 2, false, 0), // guards 2
            waiting(3, 2, false, 0), // guards may be shared
            waiting(4, 1, true, 1),  // writes 1 again
            waiting(5, 2, true, 1),  // writes what others guard
            waiting(2, 6, true, 1),  // the second one's key
            waiting(7, 7, true, 1),
        ]
        .into();
        assert_eq!(keys(&take(&mut line)), ["1", "2", "3", "7"]);
        assert_eq!(keys(&line), ["4", "5", "2"]);
        assert_eq!(keys(&take(&mut line)), ["4", "5", "2"]);
    }

    #[test]
    fn a_batch_is_bounded_in_number_and_in_bytes_and_never_empty() {
        let mut line: VecDeque<_> = (0..70).map(|n| waiting(n, n.into(), true, 1)).collect();
        assert_eq!((take(&mut line).len(), line.len()), (BATCH, 6));
        let mut line: VecDeque<_> = (0..3).map(|n| waiting(n, n.into(), true, BATCH_BYTES * 2 / 3)).collect();
        assert_eq!((take(&mut line).len(), line.len()), (1, 2));
        let mut line: VecDeque<_> = [waiting(1, 1, true, BATCH_BYTES * 2)].into();
        assert_eq!(take(&mut line).len(), 1);
    }

    #[test]
    fn tenants_take_turns_and_each_has_one_statement_under_way() {
        let (busy, quiet) = (tenant(1), tenant(2));
        let mut queue = queue(1);
        assert!(queue.enter(busy, waiting(0, 0, true, 1)).unwrap(), "a statement begins");
        let first = queue.next().unwrap();
        assert_eq!((first.0, first.1.len()), (busy, 1));
        for n in 1..=200 {
            assert!(!queue.enter(busy, waiting(n, n.into(), true, 1)).unwrap(), "its statement is under way");
        }
        assert!(!queue.enter(quiet, waiting(0, 0, true, 1)).unwrap(), "no connection is free");
        queue.leave(busy);
        let mut turns = Vec::new();
        while let Some((tenant, batch)) = queue.next() {
            turns.push((tenant, batch.len()));
            queue.leave(tenant);
        }
        assert_eq!(turns, [(quiet, 1), (busy, 64), (busy, 64), (busy, 64), (busy, 8)]);
        assert_eq!((queue.free, queue.lines.len(), queue.turns.len()), (1, 0, 0));
    }

    #[test]
    fn who_comes_when_too_many_wait_is_sent_away() {
        let mut queue = queue(0);
        for n in 0..WAITING as u32 {
            queue.enter(tenant(1), waiting(n, n.into(), true, 1)).unwrap();
        }
        let refused = queue.enter(tenant(1), waiting(9999, 1, true, 1));
        assert!(matches!(refused, Err(Error::Overloaded { limit: WAITING })));
        assert!(queue.enter(tenant(2), waiting(1, 1, true, 1)).is_ok(), "others are not concerned");
    }
}

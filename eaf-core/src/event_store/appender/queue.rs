//! Whose turn it is, and with what.

use crate::event_store::{AppendRequest, Error, Outcome};
use crate::id::{ActorId, StreamId, TenantId};
use std::collections::{HashMap, HashSet, VecDeque};
use tokio::sync::oneshot;

/// In requests. Larger ones bring no more.
pub(super) const BATCH: usize = 64;
/// Of events and answers in one batch; a larger request goes alone.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Per tenant. Whoever comes when so many wait would wait for seconds; …
const WAITING: usize = 2_000;
/// … and so many bytes are not held for one tenant.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Tenants that share a statement, at most. Each holds its lane until all of them have committed.
const TENANTS: usize = 8;
/// Requests with which a tenant still shares. For more, the way that is made for many is quicker.
const FEW: usize = 4;

pub(super) struct Waiting {
    pub request: AppendRequest,
    pub answer: oneshot::Sender<Result<Outcome, Error>>,
    /// Whether a short way may be tried.
    pub plain: bool,
    /// Of its events and its answer, which holds the command.
    bytes: usize,
}

impl Waiting {
    pub fn new(request: AppendRequest, answer: oneshot::Sender<Result<Outcome, Error>>) -> Self {
        let plain = request.is_plain();
        let events = request.events.iter().map(|event| event.data.len() + event.meta.len()).sum::<usize>();
        let bytes = events + request.answer.len();
        Waiting { request, answer, plain, bytes }
    }
}

/// A tenant's requests that are appended by one statement.
pub(super) type Turn = (TenantId, Vec<Waiting>);

/// A tenant that is here has a turn under way, or its turn is coming.
pub(super) struct Queue {
    lines: HashMap<TenantId, VecDeque<Waiting>>,
    turns: VecDeque<TenantId>,
    /// Statements that may be under way beside those that are.
    free: usize,
}

impl Queue {
    pub fn new(free: usize) -> Self {
        Queue { lines: HashMap::new(), turns: VecDeque::new(), free }
    }

    /// Answers whether somebody has to begin to work.
    pub fn enter(&mut self, tenant: TenantId, waiting: Waiting) -> Result<bool, Error> {
        let new = !self.lines.contains_key(&tenant);
        let line = self.lines.entry(tenant).or_default();
        let bytes = line.iter().map(|waiting| waiting.bytes).sum::<usize>();
        if line.len() >= WAITING || bytes > WAITING_BYTES {
            return Err(Error::Overloaded { waiting: line.len() });
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

    /// How many could be taken now: the tenants whose turn is coming, and the requests of the next one.
    pub fn coming(&self) -> usize {
        let first = self.turns.front().and_then(|tenant| self.lines.get(tenant)).map_or(0, VecDeque::len);
        self.turns.len() + first
    }

    /// Whose turn it is: one tenant, or several that may share a statement when more wait than connections are free. Empty: nobody's, and
    /// the work ends.
    pub fn next(&mut self) -> Vec<Turn> {
        let share = self.turns.len().div_ceil(self.free + 1).min(TENANTS);
        let mut turns: Vec<Turn> = Vec::new();
        let mut sharing = true;
        while sharing
            && turns.len() < share
            && let Some(line) = self.turns.front().and_then(|tenant| self.lines.get_mut(tenant))
        {
            sharing = may_share(&*line);
            if !(sharing || turns.is_empty()) {
                break;
            }
            let batch = take(line);
            metrics::gauge!("eaf_append_waiting").decrement(batch.len() as f64);
            turns.extend(self.turns.pop_front().map(|tenant| (tenant, batch)));
        }
        self.free += usize::from(turns.is_empty());
        turns
    }

    /// After a turn. What a short way left out goes first, and not such a way again.
    pub fn leave(&mut self, tenant: TenantId, left_out: Vec<Waiting>) {
        let line = self.lines.entry(tenant).or_default();
        let again = !left_out.is_empty();
        metrics::gauge!("eaf_append_waiting").increment(left_out.len() as f64);
        for waiting in left_out.into_iter().rev() {
            line.push_front(Waiting { plain: false, ..waiting });
        }
        if again {
            self.turns.push_front(tenant);
        } else if line.is_empty() {
            self.lines.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
    }
}

/// Whether they may go the way that several tenants can share.
pub(super) fn may_share<'a>(requests: impl IntoIterator<Item = &'a Waiting, IntoIter: ExactSizeIterator>) -> bool {
    let mut requests = requests.into_iter();
    requests.len() <= FEW && requests.all(|waiting| waiting.plain)
}

/// The first requests of a line that can be decided together. One that shares a key with an earlier one, or a stream that
/// one of the two writes, stays for the next batch, and so does who shares with that one: the order holds.
fn take(line: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut batch: Vec<Waiting> = Vec::new();
    let mut stay = VecDeque::new();
    let (mut met, mut bytes) = (Met::default(), 0);
    while let Some(waiting) = line.pop_front() {
        let full = batch.len() == BATCH || (bytes + waiting.bytes > BATCH_BYTES && !batch.is_empty());
        if full {
            line.push_front(waiting);
            break;
        }
        if met.again(&waiting.request) {
            stay.push_back(waiting);
        } else {
            bytes += waiting.bytes;
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
            streams: vec![StreamWrite { stream: StreamId(Uuid::from_u128(stream)), expected: Some(0) }],
            events: if writes { vec![event] } else { Vec::new() },
        };
        Waiting::new(request, oneshot::channel().0)
    }

    fn keys<'a>(line: impl IntoIterator<Item = &'a Waiting>) -> Vec<&'a str> {
        line.into_iter().map(|waiting| waiting.request.key.as_str()).collect()
    }

    fn sizes(turns: &[Turn]) -> Vec<(TenantId, usize)> {
        turns.iter().map(|(tenant, batch)| (*tenant, batch.len())).collect()
    }

    /// Turn after turn until nobody waits.
    fn all(queue: &mut Queue) -> Vec<Vec<(TenantId, usize)>> {
        let mut all = Vec::new();
        loop {
            let turns = queue.next();
            if turns.is_empty() {
                return all;
            }
            all.push(sizes(&turns));
            for (tenant, _) in turns {
                queue.leave(tenant, Vec::new());
            }
        }
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
        let mut queue = Queue::new(1);
        assert!(queue.enter(busy, waiting(0, 0, true, 1)).unwrap(), "a statement begins");
        let first = queue.next();
        assert_eq!(sizes(&first), [(busy, 1)]);
        for n in 1..=200 {
            assert!(!queue.enter(busy, waiting(n, n.into(), true, 1)).unwrap(), "its statement is under way");
        }
        assert!(!queue.enter(quiet, waiting(0, 0, true, 1)).unwrap(), "no connection is free");
        queue.leave(busy, Vec::new());
        assert_eq!(
            all(&mut queue),
            [vec![(quiet, 1)], vec![(busy, 64)], vec![(busy, 64)], vec![(busy, 64)], vec![(busy, 8)]]
        );
        assert_eq!((queue.free, queue.lines.len(), queue.turns.len()), (1, 0, 0));
    }

    #[test]
    fn tenants_share_when_more_wait_than_connections_are_free() {
        let ask = |queue: &mut Queue, tenants: std::ops::Range<u128>| {
            for n in tenants {
                queue.enter(tenant(n), waiting(0, n, true, 1)).unwrap();
            }
        };
        let mut queue = Queue::new(3);
        ask(&mut queue, 0..3);
        assert_eq!(sizes(&queue.next()).len(), 3, "nobody else is there to take them");
        let mut queue = Queue::new(4);
        ask(&mut queue, 0..1);
        assert_eq!(sizes(&queue.next()), [(tenant(0), 1)], "there is one for each");
        ask(&mut queue, 1..3);
        queue.free = 1;
        assert_eq!(sizes(&queue.next()), [(tenant(1), 1)]);
        queue.free = 0;
        ask(&mut queue, 3..30);
        assert_eq!(queue.next().len(), TENANTS);
    }

    #[test]
    fn who_has_much_or_is_not_plain_goes_alone() {
        let mut queue = Queue::new(0);
        for n in 0..=FEW as u128 {
            queue.enter(tenant(1), waiting(n as u32, n, true, 1)).unwrap();
        }
        queue.enter(tenant(2), waiting(1, 1, true, 1)).unwrap();
        queue.enter(tenant(3), waiting(1, 1, true, BATCH_BYTES)).unwrap();
        queue.enter(tenant(4), waiting(1, 1, true, 1)).unwrap();
        queue.enter(tenant(5), waiting(1, 1, true, 1)).unwrap();
        let turns = all(&mut queue);
        assert_eq!(turns[0], [(tenant(1), FEW + 1)]);
        assert_eq!(turns[1..3], [vec![(tenant(2), 1)], vec![(tenant(3), 1)]]);
        assert_eq!(turns[3], [(tenant(4), 1), (tenant(5), 1)]);
    }

    #[test]
    fn what_was_left_out_goes_first_and_alone() {
        let mut queue = Queue::new(0);
        for n in 1..=3 {
            queue.enter(tenant(n), waiting(1, 1, true, 1)).unwrap();
        }
        let mut turns = queue.next();
        queue.enter(tenant(3), waiting(2, 2, true, 1)).unwrap();
        let (_, left_out) = turns.pop().unwrap();
        for (tenant, _) in turns {
            queue.leave(tenant, Vec::new());
        }
        queue.leave(tenant(3), left_out);
        queue.enter(tenant(4), waiting(1, 1, true, 1)).unwrap();
        assert_eq!(keys(&queue.lines[&tenant(3)]), ["1", "2"]);
        assert_eq!(all(&mut queue), [[(tenant(3), 2)], [(tenant(4), 1)]]);
    }

    #[test]
    fn who_comes_when_too_many_wait_is_sent_away() {
        let mut queue = Queue::new(0);
        for n in 0..WAITING as u32 {
            queue.enter(tenant(1), waiting(n, n.into(), true, 1)).unwrap();
        }
        let refused = queue.enter(tenant(1), waiting(9999, 1, true, 1));
        assert!(matches!(refused, Err(Error::Overloaded { waiting: WAITING })));
        assert!(queue.enter(tenant(2), waiting(1, 1, true, 1)).is_ok(), "others are not concerned");
    }

    #[test]
    fn a_tenant_whose_requests_are_large_may_have_few_of_them_wait() {
        let mut queue = Queue::new(0);
        let half = WAITING_BYTES / 2 + 1;
        for n in 0..2 {
            queue.enter(tenant(1), waiting(n, n.into(), true, half)).unwrap();
        }
        let refused = queue.enter(tenant(1), waiting(2, 2, true, 1));
        assert!(matches!(refused, Err(Error::Overloaded { waiting: 2 })));
        queue.enter(tenant(2), waiting(1, 1, true, 1)).unwrap();
        queue.next();
        queue.enter(tenant(1), waiting(2, 2, true, 1)).unwrap();
    }
}

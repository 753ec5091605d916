//! Group commit: requests that wait at the same time are appended by one statement.
//!
//! Nobody waits for company: a tenant's first request goes at once, alone; what comes while it is under way is the next
//! batch. So one statement per tenant is under way at most, which the lane's lock would see to anyway, and the busier a tenant
//! is, the larger its batches. All tenants share a few connections in turns, a batch each, so that a busy one costs the
//! others a batch's time and no more. When more tenants wait than connections are free, those with little to append share a
//! statement, and so a commit (ADR 0002).

mod queue;

use self::queue::{BATCH, Queue, Turn, Waiting, may_share};
use super::append::{AppendRequest, Outcome, append_on};
use super::append_bulk::{append_bulk, are_bulk};
use super::append_plain::append_plain;
use super::{Error, Position};
use crate::db::{self, Db};
use crate::id::TenantId;
use crate::live::Doorbell;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

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

impl Appender {
    pub(crate) fn new(db: &Db, doorbell: &Doorbell) -> Self {
        let queue = Mutex::new(Queue::new(db.appends_at_once()));
        Appender { shared: Arc::new(Shared { db: db.clone(), doorbell: doorbell.clone(), queue }) }
    }

    /// Decided after every request that this host was given before for the same streams. After an error it is unknown whether it
    /// happened: ask again with the same key. A caller that goes away takes nothing back.
    pub async fn append(&self, tenant: TenantId, request: AppendRequest) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        if self.shared.queue().enter(tenant, Waiting::new(request, answer))? {
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

/// Statement after statement, whoever's turn it is, until nobody waits. On one connection: taking one from the pool and giving it
/// back costs a round trip each.
async fn work(shared: Arc<Shared>) {
    let mut held = None;
    loop {
        gather(&shared).await;
        let turns = shared.queue().next();
        if turns.is_empty() {
            return;
        }
        let tenants: Vec<TenantId> = turns.iter().map(|(tenant, _)| *tenant).collect();
        // A task of its own: should it ever panic, its callers hear `Lost`, and the others go on.
        let left_out = match tokio::spawn(run(shared.clone(), held.take(), turns)).await {
            Ok(done) => {
                held = done.held;
                done.left_out
            }
            Err(error) => {
                tracing::error!(%error, "a batch of appends ended by itself");
                tenants.iter().map(|_| Vec::new()).collect()
            }
        };
        let mut queue = shared.queue();
        for (tenant, left_out) in tenants.into_iter().zip(left_out) {
            queue.leave(tenant, left_out);
        }
    }
}

/// Lets whoever can go on right now come along: often all those that the last batch has answered. It waits for nobody.
async fn gather(shared: &Shared) {
    let mut coming = shared.queue().coming();
    while coming < BATCH {
        tokio::task::yield_now().await;
        let now = shared.queue().coming();
        if now <= coming {
            return;
        }
        coming = now;
    }
}

type Connection = PoolConnection<Postgres>;

struct Done {
    /// If it is good for the next statement.
    held: Option<Connection>,
    /// Of each turn.
    left_out: Vec<Vec<Waiting>>,
}

async fn run(shared: Arc<Shared>, held: Option<Connection>, turns: Vec<Turn>) -> Done {
    metrics::histogram!("eaf_append_batch_size")
        .record(turns.iter().map(|(_, batch)| batch.len()).sum::<usize>() as f64);
    let mut held = match held {
        Some(conn) => Ok(conn),
        None => shared.db.append_pool().acquire().await.map_err(Arc::new),
    };
    let outcomes = match &mut held {
        Ok(conn) => append_all(conn, &turns).await,
        Err(cause) => Err(cause.clone()),
    };
    let lost = outcomes.is_err();
    let mut outcomes = match outcomes {
        Ok(outcomes) => outcomes.into_iter(),
        Err(cause) => {
            let requests = turns.iter().flat_map(|(_, batch)| batch);
            requests.map(|_| Some(Err(Error::Append(cause.clone())))).collect::<Vec<_>>().into_iter()
        }
    };
    let left_out = turns.into_iter().map(|(tenant, batch)| answer(&shared, tenant, batch, &mut outcomes)).collect();
    if lost {
        shared.db.look_at_appenders(held.ok());
        return Done { held: None, left_out };
    }
    Done { held: held.ok(), left_out }
}

/// One outcome or error per request, turn by turn; none for one that was left out, of which nothing happened. Or the one trouble
/// that all of them share, after which it is unknown what happened.
type Outcomes = Result<Vec<Option<Result<Outcome, Error>>>, Arc<sqlx::Error>>;

async fn append_all(conn: &mut Connection, turns: &[Turn]) -> Outcomes {
    if let [(tenant, batch)] = turns {
        let requests: Vec<&AppendRequest> = batch.iter().map(|waiting| &waiting.request).collect();
        if batch.iter().all(|waiting| waiting.plain) && are_bulk(&requests) {
            let outcomes = append_bulk(conn, *tenant, &requests).await;
            let outcomes = outcomes.map(|all| match all {
                Some(all) => all.into_iter().map(Some).collect(),
                None => requests.iter().map(|_| None).collect(),
            });
            return or_left_out(outcomes, requests.len());
        }
        if !may_share(batch) {
            return Ok(append_alone(conn, *tenant, &requests).await?.into_iter().map(Some).collect());
        }
    }
    let requests: Vec<(TenantId, &AppendRequest)> =
        turns.iter().flat_map(|(tenant, batch)| batch.iter().map(|waiting| (*tenant, &waiting.request))).collect();
    or_left_out(append_plain(conn, &requests).await, requests.len())
}

/// An error of a short way that is none of the connection's: one of them is not plain after all, and nothing of any was recorded.
fn or_left_out(outcomes: Result<Vec<Option<Outcome>>, Error>, asked: usize) -> Outcomes {
    match outcomes {
        Ok(outcomes) => Ok(outcomes.into_iter().map(|outcome| outcome.map(Ok)).collect()),
        Err(Error::Append(cause)) if db::is_transient(&*cause) => Err(cause),
        Err(_) => Ok((0..asked).map(|_| None).collect()),
    }
}

async fn append_alone(
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

/// Tells each what came of it, and whoever waits for this tenant's log. Gives back those that were left out.
fn answer(
    shared: &Shared,
    tenant: TenantId,
    batch: Vec<Waiting>,
    outcomes: &mut impl Iterator<Item = Option<Result<Outcome, Error>>>,
) -> Vec<Waiting> {
    let outcomes: Vec<_> = outcomes.take(batch.len()).collect();
    if let Some(pos) = outcomes.iter().flatten().flatten().filter_map(Outcome::last).map(|last| last.pos).max() {
        shared.doorbell.ring(tenant, pos);
    }
    let mut left_out = Vec::new();
    for (waiting, outcome) in batch.into_iter().zip(outcomes) {
        match outcome {
            // A caller that has gone away finds the outcome in the ledger.
            Some(outcome) => drop(waiting.answer.send(outcome)),
            None => left_out.push(waiting),
        }
    }
    metrics::counter!("eaf_append_left_out_total").increment(left_out.len() as u64);
    left_out
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

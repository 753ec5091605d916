//! Group commit: requests that wait at the same time are appended by one statement.
//!
//! A tenant's first request is appended at once, alone; requests that arrive meanwhile form the
//! tenant's next batch. So each tenant has at most one statement running, as its lane lock demands
//! anyway, and a busy tenant has larger batches. All tenants share a few connections, round robin,
//! one batch each, so that a busy tenant delays the others by one batch at most. When more tenants
//! are ready than connections are idle, tenants with few simple requests share a statement, and so
//! a commit (ADR 0002).

mod queue;

use self::queue::{BATCH, Batch, PendingAppend, Queue};
use super::append::{AppendRequest, Outcome, append_on};
use super::append_plain::append_plain;
use super::{Error, Position};
use crate::db::{self, Db};
use crate::doorbell::Doorbell;
use crate::id::TenantId;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Appender of one host, which collects waiting requests into batches. Cheap to clone.
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
        let queue = Mutex::new(Queue::new(db.max_concurrent_appends()));
        Appender { shared: Arc::new(Shared { db: db.clone(), doorbell: doorbell.clone(), queue }) }
    }

    /// Appends a request after every earlier request of this host for the same streams. After an
    /// error it is unknown whether the request was recorded: the caller repeats it with the same
    /// idempotency key. Dropping the future does not withdraw the request.
    pub async fn append(&self, tenant: TenantId, request: AppendRequest) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        if self.shared.queue().push(tenant, PendingAppend::new(request, answer))? {
            tokio::spawn(run_worker(self.shared.clone()));
        }
        answered.await.unwrap_or(Err(Error::Lost))
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends batches on one connection until no tenant is ready. It keeps the connection, because
/// acquiring and releasing one costs a round trip each.
async fn run_worker(shared: Arc<Shared>) {
    let mut connection = None;
    loop {
        yield_to_ready_tasks(&shared).await;
        let batches = shared.queue().take_batches();
        if batches.is_empty() {
            return;
        }
        let tenants: Vec<TenantId> = batches.iter().map(|(tenant, _)| *tenant).collect();
        // Batches run in a task of their own: if it panics, its callers get `Lost`, and the worker
        // continues.
        let deferred = match tokio::spawn(run_batches(shared.clone(), connection.take(), batches)).await {
            Ok(result) => {
                connection = result.connection;
                result.deferred
            }
            Err(error) => {
                tracing::error!(%error, "a batch of appends panicked");
                tenants.iter().map(|_| Vec::new()).collect()
            }
        };
        let mut queue = shared.queue();
        for (tenant, deferred) in tenants.into_iter().zip(deferred) {
            queue.complete(tenant, deferred);
        }
    }
}

/// Lets tasks that are ready to run add their requests to the queue first. Often these tasks are
/// callers whose requests the last batch answered. Waits for no timer.
async fn yield_to_ready_tasks(shared: &Shared) {
    let mut ready = shared.queue().ready_len();
    while ready < BATCH {
        tokio::task::yield_now().await;
        let now = shared.queue().ready_len();
        if now <= ready {
            return;
        }
        ready = now;
    }
}

type Connection = PoolConnection<Postgres>;

struct BatchResult {
    /// Connection for the next batches. `None`: the connection failed and must not be used again.
    connection: Option<Connection>,
    /// For each batch, the requests that the fast path deferred.
    deferred: Vec<Vec<PendingAppend>>,
}

async fn run_batches(shared: Arc<Shared>, connection: Option<Connection>, batches: Vec<Batch>) -> BatchResult {
    metrics::histogram!("eaf_append_batch_size")
        .record(batches.iter().map(|(_, batch)| batch.len()).sum::<usize>() as f64);
    let mut connection = match connection {
        Some(conn) => Ok(conn),
        None => shared.db.append_pool().acquire().await.map_err(Arc::new),
    };
    let outcomes = match &mut connection {
        Ok(conn) => append_all(conn, &batches).await,
        Err(cause) => Err(cause.clone()),
    };
    let lost = outcomes.is_err();
    let mut outcomes = match outcomes {
        Ok(outcomes) => outcomes.into_iter(),
        Err(cause) => {
            let requests = batches.iter().flat_map(|(_, batch)| batch);
            requests.map(|_| Some(Err(Error::Append(cause.clone())))).collect::<Vec<_>>().into_iter()
        }
    };
    let deferred = batches.into_iter().map(|(tenant, batch)| reply(&shared, tenant, batch, &mut outcomes)).collect();
    if lost {
        shared.db.recheck_append_pool(connection.ok());
        return BatchResult { connection: None, deferred };
    }
    BatchResult { connection: connection.ok(), deferred }
}

/// Outcome or error of each request, batch by batch; `None` for a deferred request. The outer error
/// is that of the connection: after it, it is unknown which requests are recorded.
type Outcomes = Result<Vec<Option<Result<Outcome, Error>>>, Arc<sqlx::Error>>;

async fn append_all(conn: &mut Connection, batches: &[Batch]) -> Outcomes {
    if let [(tenant, batch)] = batches
        && !batch.iter().all(|pending| pending.is_simple)
    {
        let requests: Vec<&AppendRequest> = batch.iter().map(|pending| &pending.request).collect();
        return Ok(append_general(conn, *tenant, &requests).await?.into_iter().map(Some).collect());
    }
    let requests: Vec<(TenantId, &AppendRequest)> =
        batches.iter().flat_map(|(tenant, batch)| batch.iter().map(|pending| (*tenant, &pending.request))).collect();
    or_deferred(append_plain(conn, &requests).await, requests.len())
}

/// Defers all requests after an error of the fast path, unless the connection failed. One request
/// was not simple after all, and nothing is recorded.
fn or_deferred(outcomes: Result<Vec<Option<Outcome>>, Error>, asked: usize) -> Outcomes {
    match outcomes {
        Ok(outcomes) => Ok(outcomes.into_iter().map(|outcome| outcome.map(Ok)).collect()),
        Err(Error::Append(cause)) if db::is_transient(&*cause) => Err(cause),
        Err(_) => Ok((0..asked).map(|_| None).collect()),
    }
}

async fn append_general(
    conn: &mut Connection,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Vec<Result<Outcome, Error>>, Arc<sqlx::Error>> {
    match append_on(conn, tenant, requests).await {
        Ok(outcomes) => Ok(outcomes.into_iter().map(Ok).collect()),
        Err(Error::Append(cause)) if db::is_transient(&*cause) => Err(cause),
        Err(error) if requests.len() == 1 => Ok(vec![Err(error)]),
        // One of the requests is malformed: only its caller gets the error.
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

/// Answers the callers of a batch and rings the doorbell. Returns the deferred requests.
fn reply(
    shared: &Shared,
    tenant: TenantId,
    batch: Vec<PendingAppend>,
    outcomes: &mut impl Iterator<Item = Option<Result<Outcome, Error>>>,
) -> Vec<PendingAppend> {
    let outcomes: Vec<_> = outcomes.take(batch.len()).collect();
    if let Some(pos) = outcomes.iter().flatten().flatten().filter_map(Outcome::last).map(|last| last.pos).max() {
        shared.doorbell.ring(tenant, pos);
    }
    let mut deferred = Vec::new();
    for (pending, outcome) in batch.into_iter().zip(outcomes) {
        match outcome {
            // A caller that has gone away finds the outcome in the ledger.
            Some(outcome) => drop(pending.answer.send(outcome)),
            None => deferred.push(pending),
        }
    }
    metrics::counter!("eaf_append_deferred_total").increment(deferred.len() as u64);
    deferred
}

impl Outcome {
    /// Position of the request's last event, for the doorbell. A duplicate has one too, because the
    /// first append may have been interrupted before the doorbell rang. `None`: there is no event.
    fn last(&self) -> Option<Position> {
        match self {
            Outcome::Ok { positions } | Outcome::Duplicate { positions, .. } => positions.map(|(_, last)| last),
            _ => None,
        }
    }
}

//! The doorbell: "tenant T has events up to position P". A hint, never a fact: rings may be lost or come twice, and
//! who needs certainty also looks every few seconds.
//!
//! Within the process a ring is immediate. Other hosts hear it by NOTIFY, which is sent from a connection of its own after
//! the append has committed: inside the append's transaction its commit would queue behind every other NOTIFY.

use super::listener;
use crate::clock::Ambient;
use crate::db::Db;
use crate::id::TenantId;
use sqlx::postgres::PgPool;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

const CHANNEL: &str = "eaf_doorbell";
/// A receiver that lags further behind is told so, and looks for itself.
const BACKLOG: usize = 4096;
const RECONNECT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    pub tenant: TenantId,
    /// The last position that is known to exist. 0 when it is not known.
    pub pos: u64,
}

#[derive(Clone)]
pub struct Doorbell {
    rings: broadcast::Sender<Ring>,
    outgoing: Arc<Outgoing>,
    /// Ends the tasks when the last clone is dropped.
    _tasks: Arc<Tasks>,
}

/// The newest position per tenant that other hosts have not been told yet: many appends become one NOTIFY.
#[derive(Default)]
struct Outgoing {
    waiting: Mutex<HashMap<TenantId, u64>>,
    wake: Notify,
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

impl Doorbell {
    /// Spawns a task that tells other hosts, and one that listens to them.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (rings, _) = broadcast::channel(BACKLOG);
        let outgoing = Arc::new(Outgoing::default());
        // NOTIFY also comes back to the sender, which has rung already.
        let me = ambient.uuid();
        let tasks = vec![
            tokio::spawn(tell(db.append_pool().clone(), outgoing.clone(), me)),
            tokio::spawn(listen(db.direct_url().to_owned(), rings.clone(), me)),
        ];
        Doorbell { rings, outgoing, _tasks: Arc::new(Tasks(tasks)) }
    }

    /// Call it after the commit.
    pub fn ring(&self, tenant: TenantId, pos: u64) {
        // No receiver is no failure.
        let _ = self.rings.send(Ring { tenant, pos });
        let mut waiting = self.outgoing.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = waiting.entry(tenant).or_default();
        *newest = pos.max(*newest);
        drop(waiting);
        self.outgoing.wake.notify_one();
    }

    /// Rings of this process and of all others, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Ring> {
        self.rings.subscribe()
    }
}

async fn tell(pool: PgPool, outgoing: Arc<Outgoing>, me: Uuid) {
    loop {
        outgoing.wake.notified().await;
        let waiting = std::mem::take(&mut *outgoing.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            continue;
        }
        let payloads: Vec<String> = waiting.iter().map(|(tenant, pos)| format!("{me} {tenant} {pos}")).collect();
        let told = sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) payload")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&pool)
            .await;
        if let Err(error) = told {
            tracing::warn!(%error, "other hosts were not told of new events; they find them by themselves");
        }
    }
}

async fn listen(url: String, rings: broadcast::Sender<Ring>, me: Uuid) {
    loop {
        let Err(error) = listener::hear(&url, CHANNEL, |payload| pass_on(payload, &rings, me)).await;
        tracing::warn!(error = &error as &dyn std::error::Error, "the doorbell's connection was lost");
        tokio::time::sleep(RECONNECT).await;
    }
}

fn pass_on(payload: &str, rings: &broadcast::Sender<Ring>, me: Uuid) {
    match parse(payload) {
        Some((from, _)) if from == me => {}
        Some((_, ring)) => {
            let _ = rings.send(ring);
        }
        None => tracing::warn!("a ring that is not of our making was ignored"),
    }
}

fn parse(payload: &str) -> Option<(Uuid, Ring)> {
    let mut words = payload.split(' ');
    let from = words.next()?.parse().ok()?;
    let tenant = words.next()?.parse().ok()?;
    let pos = words.next()?.parse().ok()?;
    Some((from, Ring { tenant, pos }))
}

//! Doorbell: the notification "tenant T has events up to position P". It is a hint: rings may be
//! lost or repeated, so receivers that need every event also poll.
//!
//! Within the process a ring arrives at once. Other hosts receive it by NOTIFY, on another
//! connection and after the append's commit. Inside the append's transaction, the commit would wait
//! for NOTIFY's lock, which is one for the whole database.

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
/// Maximum number of rings that a receiver may leave unread. A receiver with more unread rings gets
/// [`RecvError::Lagged`](broadcast::error::RecvError::Lagged) and polls.
const CAPACITY: usize = 4096;
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    pub tenant: TenantId,
    /// Position of the last event that is known in the tenant's log; 0 if unknown.
    pub pos: u64,
}

#[derive(Clone)]
pub struct Doorbell {
    rings: broadcast::Sender<Ring>,
    outgoing: Arc<Outgoing>,
    /// Tasks that send to and listen to other hosts. They are aborted when the last clone of the
    /// doorbell is dropped.
    _tasks: Arc<Tasks>,
}

/// Newest position per tenant that was not yet sent to other hosts. Many appends in a row share one
/// NOTIFY.
#[derive(Default)]
struct Outgoing {
    pending: Mutex<HashMap<TenantId, u64>>,
    wake: Notify,
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

impl Doorbell {
    /// Spawns a task that notifies other hosts, and a task that listens to their notifications.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (rings, _) = broadcast::channel(CAPACITY);
        let outgoing = Arc::new(Outgoing::default());
        // PostgreSQL also delivers a NOTIFY to its sender, which ignores its own by this id.
        let sender = ambient.uuid();
        let tasks = vec![
            tokio::spawn(send(db.append_pool().clone(), outgoing.clone(), sender)),
            tokio::spawn(listen(db.direct_url().to_owned(), rings.clone(), sender)),
        ];
        Doorbell { rings, outgoing, _tasks: Arc::new(Tasks(tasks)) }
    }

    /// Notifies this process and other hosts that the tenant has events up to `pos`. The caller has
    /// committed these events before.
    pub fn ring(&self, tenant: TenantId, pos: u64) {
        // Sending fails only without a receiver.
        let _ = self.rings.send(Ring { tenant, pos });
        let mut pending = self.outgoing.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = pending.entry(tenant).or_default();
        *newest = pos.max(*newest);
        drop(pending);
        self.outgoing.wake.notify_one();
    }

    /// Returns a receiver of all later rings, of this process and of other hosts.
    pub fn subscribe(&self) -> broadcast::Receiver<Ring> {
        self.rings.subscribe()
    }
}

async fn send(pool: PgPool, outgoing: Arc<Outgoing>, sender: Uuid) {
    loop {
        outgoing.wake.notified().await;
        let pending = std::mem::take(&mut *outgoing.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if pending.is_empty() {
            continue;
        }
        let payloads: Vec<String> = pending.iter().map(|(tenant, pos)| format!("{sender} {tenant} {pos}")).collect();
        let sent = sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) payload")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&pool)
            .await;
        if let Err(error) = sent {
            tracing::warn!(%error, "other hosts could not be notified of new events; they find them by polling");
        }
    }
}

async fn listen(url: String, rings: broadcast::Sender<Ring>, own_id: Uuid) {
    loop {
        let Err(error) = listener::listen(&url, CHANNEL, |payload| forward(payload, &rings, own_id)).await;
        tracing::warn!(error = &error as &dyn std::error::Error, "the doorbell's connection was lost");
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

fn forward(payload: &str, rings: &broadcast::Sender<Ring>, own_id: Uuid) {
    match parse(payload) {
        Some((from, _)) if from == own_id => {}
        Some((_, ring)) => {
            let _ = rings.send(ring);
        }
        None => tracing::warn!("a notification of unknown format was ignored"),
    }
}

fn parse(payload: &str) -> Option<(Uuid, Ring)> {
    let mut words = payload.split(' ');
    let from = words.next()?.parse().ok()?;
    let tenant = words.next()?.parse().ok()?;
    let pos = words.next()?.parse().ok()?;
    Some((from, Ring { tenant, pos }))
}

//! Feed: the notification "this view of this tenant has reached position P".
//!
//! Like the doorbell, the feed is a hint without data: receivers read the changed keys by
//! [`view::changed_since`](crate::view::changed_since), under the caller's row rules.

use super::listener;
use crate::clock::Ambient;
use crate::db::Db;
use crate::event_store::Position;
use crate::id::TenantId;
use sqlx::postgres::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc};
use uuid::Uuid;

const CHANNEL: &str = "eaf_view";
/// Maximum number of changes that a receiver may leave unread. A receiver with more unread changes
/// gets [`RecvError::Lagged`](broadcast::error::RecvError::Lagged) and polls.
const CAPACITY: usize = 4096;
/// Maximum number of changes that wait to be sent to other hosts. Further changes are dropped,
/// because the receivers on other hosts also poll.
const OUTGOING_CAPACITY: usize = 4096;
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub tenant: TenantId,
    pub plugin: String,
    pub view: String,
    pub position: Position,
    /// Number of rows that changed in this batch of the view.
    pub rows: usize,
}

#[derive(Clone)]
pub struct Feed {
    changes: broadcast::Sender<Change>,
    outgoing: mpsc::Sender<Change>,
    runs: Arc<Notify>,
    /// Tasks that send to and listen to other hosts. They are aborted when the last clone of the
    /// feed is dropped.
    _tasks: Arc<Tasks>,
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

impl Feed {
    /// Spawns a task that notifies other hosts, and a task that listens to their notifications.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (changes, _) = broadcast::channel(CAPACITY);
        let (outgoing, pending) = mpsc::channel(OUTGOING_CAPACITY);
        // PostgreSQL also delivers a NOTIFY to its sender, which ignores its own by this id.
        let sender = ambient.uuid();
        let tasks = vec![
            tokio::spawn(send(db.append_pool().clone(), pending, sender)),
            tokio::spawn(listen(db.direct_url().to_owned(), changes.clone(), sender)),
        ];
        Feed { changes, outgoing, runs: Arc::default(), _tasks: Arc::new(Tasks(tasks)) }
    }

    /// Notifies this process and other hosts of a change in a view. The caller has committed the
    /// change before.
    pub fn publish(&self, change: Change) {
        // Sending fails only with a full queue, which loses a hint, or without a receiver.
        let _ = self.outgoing.try_send(change.clone());
        let _ = self.changes.send(change);
    }

    /// Returns a receiver of all later changes, of this process and of other hosts.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Wakes the engine of this process, because a workflow run became due here.
    pub(crate) fn runs_due(&self) {
        self.runs.notify_one();
    }

    /// Waits until this process has made a workflow run due, or returns at once if it has since the
    /// last call. A run that another host makes due is not signalled, so the caller also polls
    /// [`workflow::claim`](crate::workflow::claim).
    pub async fn run_due(&self) {
        self.runs.notified().await;
    }
}

async fn send(pool: PgPool, mut pending: mpsc::Receiver<Change>, sender: Uuid) {
    let mut batch = Vec::new();
    while pending.recv_many(&mut batch, 256).await > 0 {
        let payloads: Vec<String> = batch.drain(..).map(|change| payload(sender, &change)).collect();
        let sent = sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) payload")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&pool)
            .await;
        if let Err(error) = sent {
            tracing::warn!(%error, "other hosts could not be notified of changed views");
        }
    }
}

async fn listen(url: String, changes: broadcast::Sender<Change>, own_id: Uuid) {
    loop {
        let Err(error) = listener::listen(&url, CHANNEL, |payload| forward(payload, &changes, own_id)).await;
        tracing::warn!(error = &error as &dyn std::error::Error, "the feed's connection was lost");
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

fn forward(payload: &str, changes: &broadcast::Sender<Change>, own_id: Uuid) {
    match parse(payload) {
        Some((from, _)) if from == own_id => {}
        Some((_, change)) => {
            let _ = changes.send(change);
        }
        None => tracing::warn!("a notification of unknown format was ignored"),
    }
}

fn payload(sender: Uuid, change: &Change) -> String {
    format!("{sender} {} {} {} {} {}", change.tenant, change.plugin, change.view, change.position, change.rows)
}

fn parse(payload: &str) -> Option<(Uuid, Change)> {
    let mut words = payload.split(' ');
    let from = words.next()?.parse().ok()?;
    let change = Change {
        tenant: words.next()?.parse().ok()?,
        plugin: words.next()?.to_owned(),
        view: words.next()?.to_owned(),
        position: words.next()?.parse().ok()?,
        rows: words.next()?.parse().ok()?,
    };
    Some((from, change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_parses_to_the_change_that_it_was_made_of() {
        let change = Change {
            tenant: TenantId::derive("acme"),
            plugin: "dcm".into(),
            view: "requests".into(),
            position: Position { epoch: 1, pos: 42 },
            rows: 3,
        };
        let sender = Uuid::from_u128(7);
        assert_eq!(parse(&payload(sender, &change)), Some((sender, change)));
        assert_eq!(parse("nonsense"), None);
    }
}

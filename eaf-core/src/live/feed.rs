//! The feed: "this view of this tenant has come to position P". Like the doorbell a hint without data; which keys
//! changed is asked with [`view::changed_since`](crate::view::changed_since), under the caller's row rules.

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
/// A receiver that lags further behind is told so, and asks for itself.
const BACKLOG: usize = 4096;
/// What waits to be told to other hosts; more is dropped, they look every few seconds anyway.
const OUTGOING: usize = 4096;
const RECONNECT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub tenant: TenantId,
    pub plugin: String,
    pub view: String,
    pub position: Position,
    /// How many rows changed on the way; with none there is nothing to ask for.
    pub rows: usize,
}

#[derive(Clone)]
pub struct Feed {
    changes: broadcast::Sender<Change>,
    outgoing: mpsc::Sender<Change>,
    runs: Arc<Notify>,
    /// Ends the tasks when the last clone is dropped.
    _tasks: Arc<Tasks>,
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

impl Feed {
    /// Spawns a task that tells other hosts, and one that listens to them.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        let (outgoing, waiting) = mpsc::channel(OUTGOING);
        // NOTIFY also comes back to the sender, which has told already.
        let me = ambient.uuid();
        let tasks = vec![
            tokio::spawn(tell(db.append_pool().clone(), waiting, me)),
            tokio::spawn(listen(db.direct_url().to_owned(), changes.clone(), me)),
        ];
        Feed { changes, outgoing, runs: Arc::default(), _tasks: Arc::new(Tasks(tasks)) }
    }

    /// Call it after the commit.
    pub fn publish(&self, change: Change) {
        // A full queue loses a hint; no receiver is no failure.
        let _ = self.outgoing.try_send(change.clone());
        let _ = self.changes.send(change);
    }

    /// Changes made by this process and by all others, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// A run has become due in this process.
    pub(crate) fn runs_due(&self) {
        self.runs.notify_one();
    }

    /// Completes when a run has become due in this process since the last time. Other hosts' runs are found by
    /// [`workflow::claim`](crate::workflow::claim) alone: ask it also when nothing was told.
    pub async fn run_due(&self) {
        self.runs.notified().await;
    }
}

async fn tell(pool: PgPool, mut waiting: mpsc::Receiver<Change>, me: Uuid) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, 256).await > 0 {
        let payloads: Vec<String> = batch.drain(..).map(|change| payload(me, &change)).collect();
        let told = sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) payload")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&pool)
            .await;
        if let Err(error) = told {
            tracing::warn!(%error, "other hosts were not told of changed views");
        }
    }
}

async fn listen(url: String, changes: broadcast::Sender<Change>, me: Uuid) {
    loop {
        let Err(error) = listener::hear(&url, CHANNEL, |payload| pass_on(payload, &changes, me)).await;
        tracing::warn!(error = &error as &dyn std::error::Error, "the live feed's connection was lost");
        tokio::time::sleep(RECONNECT).await;
    }
}

fn pass_on(payload: &str, changes: &broadcast::Sender<Change>, me: Uuid) {
    match parse(payload) {
        Some((from, _)) if from == me => {}
        Some((_, change)) => {
            let _ = changes.send(change);
        }
        None => tracing::warn!("a change that is not of our making was ignored"),
    }
}

fn payload(me: Uuid, change: &Change) -> String {
    format!("{me} {} {} {} {} {}", change.tenant, change.plugin, change.view, change.position, change.rows)
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
    fn a_change_reads_as_it_was_told() {
        let change = Change {
            tenant: TenantId::derive("acme"),
            plugin: "dcm".into(),
            view: "requests".into(),
            position: Position { epoch: 1, pos: 42 },
            rows: 3,
        };
        let me = Uuid::from_u128(7);
        assert_eq!(parse(&payload(me, &change)), Some((me, change)));
        assert_eq!(parse("nonsense"), None);
    }
}

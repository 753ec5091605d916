//! Feed: the notification "this view of this tenant has reached position P".
//!
//! Like the doorbell, the feed is a hint without data: receivers read the changed keys by
//! [`view::changed_since`](crate::view::changed_since), under the caller's row rules.

use crate::clock::Ambient;
use crate::db::Db;
use crate::event_store::Position;
use crate::id::TenantId;
use crate::notification::{Channel, Tasks, UnknownFormat};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast, mpsc};

const CHANNEL: &str = "eaf_view";
/// Maximum number of changes that a receiver may leave unread. A receiver with more unread changes
/// gets [`RecvError::Lagged`](broadcast::error::RecvError::Lagged) and polls.
const CAPACITY: usize = 4096;
/// Maximum number of changes that wait to be sent to other hosts. Further changes are dropped,
/// because the receivers on other hosts also poll.
const OUTGOING_CAPACITY: usize = 4096;
/// Maximum number of changes that one statement sends to other hosts.
const BATCH: usize = 256;

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

impl Feed {
    /// Spawns a task that notifies other hosts, and a task that listens to their notifications.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (changes, _) = broadcast::channel(CAPACITY);
        let (outgoing, pending) = mpsc::channel(OUTGOING_CAPACITY);
        let channel = Channel::new(db, ambient, CHANNEL);
        let tasks = vec![tokio::spawn(send(channel.clone(), pending)), tokio::spawn(channel.listen(changes.clone()))];
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

async fn send(channel: Channel, mut pending: mpsc::Receiver<Change>) {
    let mut batch = Vec::new();
    while pending.recv_many(&mut batch, BATCH).await > 0 {
        channel.notify(batch.drain(..)).await;
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} {}", self.tenant, self.plugin, self.view, self.position, self.rows)
    }
}

impl FromStr for Change {
    type Err = UnknownFormat;

    fn from_str(payload: &str) -> Result<Self, UnknownFormat> {
        let words: Vec<&str> = payload.split(' ').collect();
        let [tenant, plugin, view, position, rows] = words[..] else { return Err(UnknownFormat) };
        Ok(Change {
            tenant: tenant.parse().map_err(|_| UnknownFormat)?,
            plugin: plugin.to_owned(),
            view: view.to_owned(),
            position: position.parse().map_err(|_| UnknownFormat)?,
            rows: rows.parse().map_err(|_| UnknownFormat)?,
        })
    }
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
        assert_eq!(change.to_string().parse(), Ok(change));
        assert_eq!("nonsense".parse::<Change>(), Err(UnknownFormat));
    }
}

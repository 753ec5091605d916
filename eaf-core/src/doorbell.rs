//! Doorbell: the notification "tenant T has events up to position P". It is a hint: rings may be
//! lost or repeated, so receivers that need every event also poll.
//!
//! Within the process a ring arrives at once. Other hosts receive it by NOTIFY, on another
//! connection and after the append's commit. Inside the append's transaction, the commit would wait
//! for NOTIFY's lock, which is one for the whole database.

use crate::clock::Ambient;
use crate::db::Db;
use crate::id::TenantId;
use crate::notification::{Channel, Tasks, UnknownFormat};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, broadcast};

const CHANNEL: &str = "eaf_doorbell";
/// Maximum number of rings that a receiver may leave unread. A receiver with more unread rings gets
/// [`RecvError::Lagged`](broadcast::error::RecvError::Lagged) and polls.
const CAPACITY: usize = 4096;

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

impl Doorbell {
    /// Spawns a task that notifies other hosts, and a task that listens to their notifications.
    pub fn start(db: &Db, ambient: &Ambient) -> Self {
        let (rings, _) = broadcast::channel(CAPACITY);
        let outgoing = Arc::new(Outgoing::default());
        let channel = Channel::new(db, ambient, CHANNEL);
        let tasks =
            vec![tokio::spawn(send(channel.clone(), outgoing.clone())), tokio::spawn(channel.listen(rings.clone()))];
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

async fn send(channel: Channel, outgoing: Arc<Outgoing>) {
    loop {
        outgoing.wake.notified().await;
        let pending = std::mem::take(&mut *outgoing.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if !pending.is_empty() {
            channel.notify(pending.into_iter().map(|(tenant, pos)| Ring { tenant, pos })).await;
        }
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tenant, self.pos)
    }
}

impl FromStr for Ring {
    type Err = UnknownFormat;

    fn from_str(payload: &str) -> Result<Self, UnknownFormat> {
        let (tenant, pos) = payload.split_once(' ').ok_or(UnknownFormat)?;
        let tenant = tenant.parse().map_err(|_| UnknownFormat)?;
        Ok(Ring { tenant, pos: pos.parse().map_err(|_| UnknownFormat)? })
    }
}

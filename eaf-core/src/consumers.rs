//! Consumers: the views and triggers that follow each tenant's log.
//!
//! A batch is one transaction: it claims the consumer's checkpoint row, reads the events after the
//! checkpoint, writes view rows or starts runs, and advances the checkpoint. [`Runner`] runs the
//! batches of all consumers of all tenants.

pub(crate) mod checkpoint;
mod lag;
mod prepare;
pub mod projection;
pub mod rebuild;
mod retry;
mod runner;
mod status;
pub mod trigger;
mod wait_for;

pub use checkpoint::{Parked, Step, parked};
pub use prepare::{Error as PrepareError, prepare};
pub use retry::{retry, retry_all};
pub use runner::Runner;
pub use status::{Parked as ParkedTenant, Status, status};
pub use wait_for::wait_for;

use crate::crypto::Keyring;
use crate::db::Db;
use crate::live::Feed;

/// Maximum number of events per transaction of a consumer. If the component fails, the consumer
/// tries fewer events.
const BATCH: u32 = 200;

/// Views and triggers of this host: reads the log, projects rows, starts runs. Cheap to clone.
#[derive(Clone)]
pub struct Consumers {
    db: Db,
    keyring: Keyring,
    feed: Feed,
}

impl Consumers {
    pub fn new(db: &Db, keyring: &Keyring, feed: &Feed) -> Self {
        Self { db: db.clone(), keyring: keyring.clone(), feed: feed.clone() }
    }
}

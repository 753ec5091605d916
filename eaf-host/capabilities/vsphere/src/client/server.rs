//! What all sessions of one vCenter share, whatever their user is: how many calls run at a time, and
//! whether the address has answered before.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Calls that one vCenter answers at a time: it slows down for everybody when it is asked too much
/// at once.
const CALLS: usize = 8;

pub struct Server {
    calls: Semaphore,
    answered: AtomicBool,
}

impl Default for Server {
    fn default() -> Self {
        Server { calls: Semaphore::new(CALLS), answered: AtomicBool::new(false) }
    }
}

impl Server {
    pub async fn permit(&self) -> SemaphorePermit<'_> {
        self.calls.acquire().await.expect("the semaphore is never closed")
    }

    /// Whether a vCenter is known to stand at this address, so that an answer of another kind is
    /// one of a proxy whose vCenter is just starting.
    pub fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn mark_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

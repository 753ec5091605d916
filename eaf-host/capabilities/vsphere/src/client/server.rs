//! State that all sessions of one vCenter share, for all users: the number of concurrent calls, and
//! whether the address has answered as a vCenter.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Maximum number of concurrent calls to one vCenter, which slows down for all users under load.
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

    /// Whether the address is known as a vCenter, so that an answer of another kind comes from a
    /// proxy whose vCenter is starting.
    pub fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn mark_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

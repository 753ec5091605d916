//! State that all sessions with one vCenter share, whatever their user: the number of calls in
//! progress, and whether a vCenter has answered at the address.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Maximum number of calls to one vCenter that this host makes at the same time. Under load, a
/// vCenter slows down for all users.
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

    /// Whether a vCenter has answered at the address before. If so, an answer of another kind comes
    /// from a proxy whose vCenter is starting.
    pub fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn mark_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

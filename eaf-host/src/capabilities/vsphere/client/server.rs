//! What all sessions of one vCenter share, whatever their user is: how many calls run at a time,
//! whether the address has answered before, and how often each user was refused lately.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Calls that one vCenter answers at a time: it slows down for everybody when it is asked too much
/// at once.
const CALLS: usize = 8;

/// By default vCenter locks an account for minutes after 5 refused logins within 180 s. One is left
/// to people.
const REFUSALS: usize = 4;
const WINDOW: Duration = Duration::from_secs(180);

pub struct Server {
    calls: Semaphore,
    answered: AtomicBool,
    /// Per user name, when its last logins were refused. With any password: the lock is on the
    /// user.
    refused: Mutex<HashMap<String, Vec<Instant>>>,
}

impl Default for Server {
    fn default() -> Self {
        Server { calls: Semaphore::new(CALLS), answered: AtomicBool::new(false), refused: Mutex::default() }
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

    /// How long this user must not log in, so that vCenter does not lock the account; none if it
    /// may.
    pub fn pause(&self, user: &str, now: Instant) -> Option<Duration> {
        let mut refused = self.refused.lock().expect("no panic happens under this lock");
        let times = refused.get_mut(&user.to_lowercase())?;
        times.retain(|at| now.duration_since(*at) < WINDOW);
        let oldest = times.len().checked_sub(REFUSALS).and_then(|oldest| times.get(oldest))?;
        Some(WINDOW - now.duration_since(*oldest))
    }

    pub fn note_refused(&self, user: &str, now: Instant) {
        let mut refused = self.refused.lock().expect("no panic happens under this lock");
        refused.entry(user.to_lowercase()).or_default().push(now);
    }

    pub fn note_accepted(&self, user: &str) {
        self.refused.lock().expect("no panic happens under this lock").remove(&user.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_never_refused_often_enough_to_be_locked() {
        let (server, start) = (Server::default(), Instant::now());
        let mut refused = Vec::new();
        for second in 0..3_600 {
            let now = start + Duration::from_secs(second);
            if server.pause("Svc@vsphere.local", now).is_none() {
                server.note_refused("svc@VSPHERE.LOCAL", now);
                refused.push(second);
            }
        }
        assert!(refused.len() > 60, "it goes on trying: {refused:?}");
        assert!(refused.windows(5).all(|five| five[4] - five[0] >= 180), "{refused:?}");
        assert!(server.pause("other", start).is_none(), "another user is not meant");
    }

    #[test]
    fn an_accepted_login_ends_the_pause() {
        let (server, now) = (Server::default(), Instant::now());
        (0..4).for_each(|_| server.note_refused("svc", now));
        assert_eq!(server.pause("svc", now + Duration::from_secs(30)), Some(Duration::from_secs(150)));
        server.note_accepted("svc");
        assert_eq!(server.pause("svc", now), None);
    }
}

//! Activity of a connection: its phase, the time since which it is in this phase, and whether the
//! client reads.

use super::Limits;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

pub struct Activity(Mutex<State>);

struct State {
    phase: Phase,
    since: Instant,
    /// Start of the current stall, in which the client reads nothing of the response; `None`: the
    /// client reads.
    stalled: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// The headers of a request have begun to arrive and are incomplete.
    Head,
    Busy,
}

/// Guard of a request in progress; dropping the guard returns the connection to idle.
pub struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle, Instant::now());
    }
}

impl Activity {
    pub fn new(now: Instant) -> Self {
        Activity(Mutex::new(State { phase: Phase::Idle, since: now, stalled: None }))
    }

    pub fn busy(self: &Arc<Self>) -> Busy {
        self.enter(Phase::Busy, Instant::now());
        Busy(self.clone())
    }

    /// Records that bytes of the client arrived.
    pub fn on_read(&self, now: Instant) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            (state.phase, state.since) = (Phase::Head, now);
        }
    }

    /// Records the result of a write to the client. `None`: the operating system accepted the
    /// write. `Some`: the write blocks at this time, because the client does not read.
    pub fn on_write(&self, now: Option<Instant>) {
        let mut state = self.state();
        state.stalled = match now {
            Some(now) => state.stalled.or(Some(now)),
            None => None,
        };
    }

    /// Reason to close the connection; `None`: the connection stays open.
    pub fn overdue(&self, limits: &Limits, crowded: bool, now: Instant) -> Option<&'static str> {
        let state = self.state();
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        if state.stalled.is_some_and(|since| over(since, limits.stalled)) {
            return Some("the client does not read the response");
        }
        let idle = if crowded { limits.idle_when_crowded } else { limits.idle };
        match state.phase {
            Phase::Head if over(state.since, limits.head) => Some("the headers of a request are incomplete"),
            // A connection whose client still reads the end of a response is not idle.
            Phase::Idle if state.stalled.is_none() && over(state.since, idle) => Some("the connection is idle"),
            _ => None,
        }
    }

    fn enter(&self, phase: Phase, now: Instant) {
        let mut state = self.state();
        (state.phase, state.since) = (phase, now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_over(activity: &Activity, crowded: bool, now: Instant) -> bool {
        activity.overdue(&Limits::default(), crowded, now).is_some()
    }

    #[test]
    fn idle_connections_are_kept_longer_than_incomplete_requests() {
        let start = Instant::now();
        let activity = Arc::new(Activity::new(start));
        assert!(!is_over(&activity, false, start + 600 * SECOND), "longer than proxies keep one");
        assert!(is_over(&activity, false, start + 621 * SECOND));
        assert!(!is_over(&activity, true, start + 4 * SECOND) && is_over(&activity, true, start + 6 * SECOND));
        activity.on_read(start + 100 * SECOND);
        activity.on_read(start + 109 * SECOND);
        assert!(!is_over(&activity, true, start + 109 * SECOND));
        assert!(is_over(&activity, false, start + 110 * SECOND), "counted from the first byte, not from the last");
    }

    #[test]
    fn a_response_has_no_time_limit_while_the_client_reads() {
        let activity = Arc::new(Activity::new(Instant::now()));
        activity.on_read(Instant::now());
        let busy = activity.busy();
        let later = Instant::now() + 86_400 * SECOND;
        activity.on_read(later);
        assert!(!is_over(&activity, true, later));
        activity.on_write(Some(later));
        activity.on_write(Some(later + 50 * SECOND));
        assert!(is_over(&activity, false, later + 61 * SECOND));
        activity.on_write(None);
        assert!(!is_over(&activity, false, later + 61 * SECOND));
        drop(busy);
        assert!(is_over(&activity, true, later), "idle again");
    }
}

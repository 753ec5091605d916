//! What a connection is doing, and since when.

use super::Limits;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

pub struct Activity(Mutex<State>);

struct State {
    phase: Phase,
    since: Instant,
    /// Since when the client takes nothing of what is written.
    stalled: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// A request has begun, its headers have not ended.
    Head,
    Busy,
}

/// While it lives, a request is being answered.
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

    /// Bytes came in.
    pub fn read(&self, now: Instant) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            (state.phase, state.since) = (Phase::Head, now);
        }
    }

    /// The client takes what is written, or not.
    pub fn wrote(&self, now: Option<Instant>) {
        let mut state = self.state();
        state.stalled = match now {
            Some(now) => state.stalled.or(Some(now)),
            None => None,
        };
    }

    /// Why the connection is to be closed.
    pub fn overdue(&self, limits: &Limits, crowded: bool, now: Instant) -> Option<&'static str> {
        let state = self.state();
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        if state.stalled.is_some_and(|since| over(since, limits.stalled)) {
            return Some("its client takes nothing of an answer");
        }
        let idle = if crowded { limits.idle_when_crowded } else { limits.idle };
        match state.phase {
            Phase::Head if over(state.since, limits.head) => Some("the headers of a request did not end"),
            // While a slow client still takes the end of an answer, it is not idle.
            Phase::Idle if state.stalled.is_none() && over(state.since, idle) => Some("nothing was asked"),
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
    fn a_quiet_connection_stays_until_there_are_many_and_one_with_half_a_request_does_not() {
        let start = Instant::now();
        let activity = Arc::new(Activity::new(start));
        assert!(!is_over(&activity, false, start + 600 * SECOND), "longer than proxies keep one");
        assert!(is_over(&activity, false, start + 621 * SECOND));
        assert!(!is_over(&activity, true, start + 4 * SECOND) && is_over(&activity, true, start + 6 * SECOND));
        activity.read(start + 100 * SECOND);
        activity.read(start + 109 * SECOND);
        assert!(!is_over(&activity, true, start + 109 * SECOND));
        assert!(is_over(&activity, false, start + 110 * SECOND), "counted from the first byte, not from the last");
    }

    #[test]
    fn an_answer_may_take_as_long_as_it_likes_while_its_client_takes_it() {
        let activity = Arc::new(Activity::new(Instant::now()));
        activity.read(Instant::now());
        let busy = activity.busy();
        let later = Instant::now() + 86_400 * SECOND;
        activity.read(later);
        assert!(!is_over(&activity, true, later));
        activity.wrote(Some(later));
        activity.wrote(Some(later + 50 * SECOND));
        assert!(is_over(&activity, false, later + 61 * SECOND));
        activity.wrote(None);
        assert!(!is_over(&activity, false, later + 61 * SECOND));
        drop(busy);
        assert!(is_over(&activity, true, later), "idle again");
    }
}

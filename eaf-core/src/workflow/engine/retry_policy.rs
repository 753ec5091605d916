//! Retry policy: a call with a retryable failure is repeated with increasing delays. Two budgets
//! limit the repetitions: the host's own one, and one that the failure may have. Their time also
//! counts while a repeated operation runs, even for an hour, so that no call is repeated without
//! end.

use crate::workflow::Stall;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, Clone)]
pub struct RetryPolicy {
    pub initial_delay: Duration,
    pub max_delay: Duration,
    /// Host's own retry budget: the time after which a retryable failure becomes the call's answer.
    pub give_up_after: Duration,
    /// Time for which a call must fail until the domain is notified of the stall.
    pub notify_after: Duration,
    /// Time-out of a call to a provider. After it the outcome of the call is unknown.
    pub call_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            give_up_after: Duration::from_secs(24 * 3600),
            notify_after: Duration::from_secs(3),
            call_timeout: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// Delay before the next repetition of a call. `repeats` is the number of repetitions so far.
    /// `asked` is the minimum delay, in milliseconds, that the failure demands; `None`: no minimum.
    pub fn backoff(&self, repeats: u32, asked: Option<u64>) -> Duration {
        let doubled = self.initial_delay.saturating_mul(1 << repeats.min(16)).min(self.max_delay);
        doubled.max(Duration::from_millis(asked.unwrap_or_default()))
    }

    /// Whether a retry budget is exhausted, the host's own one or that of the failure. The failure
    /// is then the call's answer.
    pub fn is_exhausted(&self, stall: &Stall, now: i64) -> bool {
        let start = &stall.budget_start;
        let own = stall.failure.give_up_after_ms.map(Duration::from_millis);
        let longest = start.longest.map_or(self.give_up_after, Duration::from_millis);
        between(start.since, now) >= longest || own.is_some_and(|budget| between(start.budget_since, now) >= budget)
    }

    /// Whether to notify the domain of a stall now. There are two cases. The domain was not
    /// notified yet, and the stall has lasted for [`Self::notify_after`]. Or it was notified of
    /// another failure code, and the present code has lasted for that time.
    pub fn should_notify(&self, stall: &Stall, now: i64) -> bool {
        let is_known = stall.notified_code.as_deref().is_none_or(|code| code == stall.failure.code);
        match stall.notified {
            false => between(stall.since, now) >= self.notify_after,
            true => !is_known && between(stall.budget_start.code_since, now) >= self.notify_after,
        }
    }

    /// Whether a failed operation was started again only a short time ago, so that the new
    /// operation may soon fail in the same way.
    pub fn is_probing(&self, stall: &Stall, now: i64) -> bool {
        stall.ended.is_some_and(|at| between(at, now) < 2 * self.max_delay)
    }
}

/// Converts a time to milliseconds since 1970.
pub(super) fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

fn between(since: i64, now: i64) -> Duration {
    Duration::from_millis(now.saturating_sub(since).max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Class, Failure};

    fn locked() -> Failure {
        Failure::from_parts(Class::Transient, "locked", "locked").give_up_after(Duration::from_secs(60))
    }

    #[test]
    fn delays_grow_to_half_a_minute_and_are_never_below_the_requested_one() {
        let policy = RetryPolicy::default();
        let waits: Vec<u128> = (0..8).map(|repeats| policy.backoff(repeats, None).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(policy.backoff(0, Some(45_000)).as_secs(), 45);
        assert_eq!(policy.backoff(u32::MAX, None).as_secs(), 30);
    }

    #[test]
    fn the_budget_of_a_failure_counts_from_the_first_with_its_code() {
        let policy = RetryPolicy::default();
        let away = Failure::from_parts(Class::Transient, "away", "away");
        let stall = Stall::of_call(None, away.clone(), 0);
        let stall = Stall::of_call(Some(&stall), locked(), 50_000);
        assert!(!policy.is_exhausted(&stall, 109_999));
        assert!(policy.is_exhausted(&stall, 110_000));
        let stall = Stall::of_call(Some(&stall), away, 100_000);
        let stall = Stall::of_call(Some(&stall), locked(), 100_001);
        assert!(!policy.is_exhausted(&stall, 160_000), "another code is a break");
        assert!(policy.is_exhausted(&stall, 24 * 3_600_000), "the host's own budget counts on");
    }

    #[test]
    fn the_domain_is_notified_of_another_cause_when_it_has_lasted() {
        let policy = RetryPolicy::default();
        let away = Failure::from_parts(Class::Transient, "away", "away");
        let first = Stall::of_call(None, away.clone(), 0);
        assert!(!policy.should_notify(&first, 2_999) && policy.should_notify(&first, 3_000));
        let notified = Stall { notified: true, notified_code: Some("away".into()), ..first };
        assert!(!policy.should_notify(&Stall::of_call(Some(&notified), away, 60_000), 60_000));
        let other = Stall::of_call(Some(&notified), locked(), 60_000);
        assert!(!policy.should_notify(&other, 60_000), "seen once");
        let other = Stall::of_call(Some(&other), locked(), 90_000);
        assert!(policy.should_notify(&other, 90_000));
        assert_ne!(other.notice_since(), notified.since);
    }

    #[test]
    fn a_budget_longer_than_the_hosts_own_changes_nothing() {
        let policy = RetryPolicy::default();
        let patient = locked().give_up_after(Duration::from_secs(48 * 3600));
        assert!(policy.is_exhausted(&Stall::of_call(None, patient, 0), 24 * 3_600_000));
    }

    #[test]
    fn what_people_repair_after_the_weekend_is_tried_until_then() {
        let policy = RetryPolicy::default();
        let refused =
            Failure::from_parts(Class::Transient, "wrong-password", "").keep_trying(Duration::from_secs(120 * 3_600));
        let stall = Stall::of_call(None, refused, 0);
        assert!(!policy.is_exhausted(&stall, 119 * 3_600_000) && policy.is_exhausted(&stall, 120 * 3_600_000));
    }

    #[test]
    fn another_cause_between_does_not_shorten_the_longest_budget() {
        let policy = RetryPolicy::default();
        let refused =
            Failure::from_parts(Class::Transient, "wrong-password", "").keep_trying(Duration::from_secs(120 * 3_600));
        let stall = Stall::of_call(None, refused, 0);
        let behind = Failure::from_parts(Class::Transient, "view-behind", "");
        let stall = Stall::of_call(Some(&stall), behind, 30 * 3_600_000);
        assert!(!policy.is_exhausted(&stall, 30 * 3_600_000), "the mails would be lost");
        assert!(policy.is_exhausted(&stall, 120 * 3_600_000));
    }
}

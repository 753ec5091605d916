//! How a call is repeated whose failure may pass: pauses that grow, and two retry budgets, the
//! host's and the failure's own. Every repetition counts against them, also of an operation that
//! runs for an hour before it fails as it did before: nothing is repeated without end.

use super::kernel::{Counted, Stall};
use eaf_capability::Failure;
use std::time::Duration;
use time::OffsetDateTime;

/// How patiently calls are repeated.
#[derive(Debug, Clone)]
pub struct Patience {
    pub first: Duration,
    pub longest: Duration,
    /// After this the failure is the call's answer.
    pub budget: Duration,
    /// After this the domain hears of it.
    pub moment: Duration,
    /// A provider that does not come back: the outcome of its call is unknown.
    pub call: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            budget: Duration::from_secs(24 * 3600),
            moment: Duration::from_secs(3),
            call: Duration::from_secs(120),
        }
    }
}

impl Patience {
    /// How long to wait before the next repetition.
    pub fn backoff(&self, repeats: u32, asked: Option<u64>) -> Duration {
        let doubled = self.first.saturating_mul(1 << repeats.min(16)).min(self.longest);
        doubled.max(Duration::from_millis(asked.unwrap_or_default()))
    }

    /// Is the failure the call's answer, because the host's budget or its own is over?
    pub fn is_used_up(&self, stall: &Stall, now: i64) -> bool {
        let counted = &stall.counted;
        let own = stall.failure.give_up_after_ms.map(Duration::from_millis);
        let longest = counted.longest.map_or(self.budget, Duration::from_millis);
        between(counted.since, now) >= longest || own.is_some_and(|budget| between(counted.budget_since, now) >= budget)
    }

    /// Has the domain to be told? Of the stall itself, and of another cause that has lasted: people are shown the last one.
    pub fn is_news(&self, stall: &Stall, now: i64) -> bool {
        let known = stall.told_code.as_deref().is_none_or(|code| code == stall.failure.code);
        match stall.told {
            false => between(stall.since, now) >= self.moment,
            true => !known && between(stall.counted.code_since, now) >= self.moment,
        }
    }

    /// Was it begun again so short a time ago that it may end like the last time?
    pub fn is_on_trial(&self, stall: &Stall, now: i64) -> bool {
        stall.ended.is_some_and(|at| between(at, now) < 2 * self.longest)
    }
}

impl Stall {
    /// The beginning of a call failed, or a question about its operation.
    pub fn of_call(before: Option<&Stall>, failure: Failure, now: i64) -> Stall {
        Stall {
            since: before.map_or(now, |stall| stall.since),
            repeats: before.map_or(0, |stall| stall.repeats + 1),
            told: before.is_some_and(|stall| stall.told),
            told_code: before.and_then(|stall| stall.told_code.clone()),
            ended: before.and_then(|stall| stall.ended),
            counted: Box::new(Counted::with(before.map(|stall| &*stall.counted), &failure, now)),
            failure,
        }
    }

    /// The operation itself ended. What it ran in between is no break: it goes on counting where it
    /// was.
    pub fn of_operation(before: Option<&Stall>, counted: Option<&Counted>, failure: Failure, now: i64) -> Stall {
        let before_that = counted.or_else(|| before.map(|stall| &*stall.counted));
        let counted = Box::new(Counted::with(before_that, &failure, now));
        Stall { ended: Some(now), counted, ..Stall::of_call(before, failure, now) }
    }

    /// Since when the cause that people have to be told has lasted: the same on each repetition.
    pub fn news_since(&self) -> i64 {
        if self.told { self.counted.code_since } else { self.since }
    }

    /// What goes on counting while the operation runs that was begun again; none where only a
    /// beginning had failed.
    pub fn counted_on(&self) -> Option<Counted> {
        self.ended.map(|_| Counted::clone(&self.counted))
    }
}

impl Counted {
    fn with(before: Option<&Counted>, failure: &Failure, now: i64) -> Counted {
        let (code, budget) = (failure.code.clone(), failure.give_up_after_ms);
        let same_code = before.filter(|counted| counted.code == code);
        // A budget begins with the first failure that has it: an hour of waiting for something else
        // uses up none of its minutes.
        let same_budget = same_code.filter(|counted| counted.budget == budget);
        Counted {
            since: before.map_or(now, |counted| counted.since),
            code_since: same_code.map_or(now, |counted| counted.code_since),
            budget_since: same_budget.map_or(now, |counted| counted.budget_since),
            code,
            budget,
            longest: before.and_then(|counted| counted.longest).max(failure.keep_trying_ms),
        }
    }
}

pub fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

fn between(since: i64, now: i64) -> Duration {
    Duration::from_millis(now.saturating_sub(since).max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_capability::Class;

    fn locked() -> Failure {
        Failure::new(Class::Transient, "locked", "locked").give_up_after(Duration::from_secs(60))
    }

    #[test]
    fn repetitions_get_further_apart_up_to_half_a_minute_and_never_come_before_the_other_side_asked() {
        let patience = Patience::default();
        let waits: Vec<u128> = (0..8).map(|repeats| patience.backoff(repeats, None).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(patience.backoff(0, Some(45_000)).as_secs(), 45);
        assert_eq!(patience.backoff(u32::MAX, None).as_secs(), 30);
    }

    #[test]
    fn the_budget_of_a_failure_counts_from_when_its_code_began_without_a_break() {
        let patience = Patience::default();
        let away = Failure::new(Class::Transient, "away", "away");
        let stall = Stall::of_call(None, away.clone(), 0);
        let stall = Stall::of_call(Some(&stall), locked(), 50_000);
        assert!(!patience.is_used_up(&stall, 109_999));
        assert!(patience.is_used_up(&stall, 110_000));
        let stall = Stall::of_call(Some(&stall), away, 100_000);
        let stall = Stall::of_call(Some(&stall), locked(), 100_001);
        assert!(!patience.is_used_up(&stall, 160_000), "another code is a break");
        assert!(patience.is_used_up(&stall, 24 * 3_600_000), "the host's own budget counts on");
    }

    #[test]
    fn another_cause_is_told_when_it_has_lasted() {
        let patience = Patience::default();
        let away = Failure::new(Class::Transient, "away", "away");
        let first = Stall::of_call(None, away.clone(), 0);
        assert!(!patience.is_news(&first, 2_999) && patience.is_news(&first, 3_000));
        let told = Stall { told: true, told_code: Some("away".into()), ..first };
        assert!(!patience.is_news(&Stall::of_call(Some(&told), away, 60_000), 60_000));
        let other = Stall::of_call(Some(&told), locked(), 60_000);
        assert!(!patience.is_news(&other, 60_000), "seen once");
        let other = Stall::of_call(Some(&other), locked(), 90_000);
        assert!(patience.is_news(&other, 90_000));
        assert_ne!(other.news_since(), told.since);
    }

    #[test]
    fn a_budget_longer_than_the_hosts_own_changes_nothing() {
        let patience = Patience::default();
        let patient = locked().give_up_after(Duration::from_secs(48 * 3600));
        assert!(patience.is_used_up(&Stall::of_call(None, patient, 0), 24 * 3_600_000));
    }

    #[test]
    fn what_people_repair_after_the_weekend_is_tried_until_then() {
        let patience = Patience::default();
        let refused =
            Failure::new(Class::Transient, "wrong-password", "").keep_trying(Duration::from_secs(120 * 3_600));
        let stall = Stall::of_call(None, refused, 0);
        assert!(!patience.is_used_up(&stall, 119 * 3_600_000) && patience.is_used_up(&stall, 120 * 3_600_000));
    }

    #[test]
    fn another_cause_between_does_not_shorten_the_longest_budget() {
        let patience = Patience::default();
        let refused =
            Failure::new(Class::Transient, "wrong-password", "").keep_trying(Duration::from_secs(120 * 3_600));
        let stall = Stall::of_call(None, refused, 0);
        let behind = Failure::new(Class::Transient, "view-behind", "");
        let stall = Stall::of_call(Some(&stall), behind, 30 * 3_600_000);
        assert!(!patience.is_used_up(&stall, 30 * 3_600_000), "the mails would be lost");
        assert!(patience.is_used_up(&stall, 120 * 3_600_000));
    }
}

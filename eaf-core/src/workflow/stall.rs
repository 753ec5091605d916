//! Stall of a call: the times since which the call has been failing. The retry policy counts from
//! these times. The journal stores them with the call.

use crate::capability::Failure;
use serde::{Deserialize, Serialize};

/// Stall: state of a call that has failed and is repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Time of the call's first failure, in milliseconds since 1970.
    pub since: i64,
    pub repeats: u32,
    /// Whether the domain was notified of this stall.
    pub notified: bool,
    /// Code of the failure in the last notification of the domain. `None`: the domain was not
    /// notified.
    #[serde(default)]
    pub notified_code: Option<String>,
    pub failure: Failure,
    /// Time at which an operation of this call failed last, in milliseconds since 1970. When the
    /// operation has been started again, it is not healthy only because it runs: it may fail again.
    /// `None`: no operation has failed.
    #[serde(default)]
    pub ended: Option<i64>,
    pub budget_start: Box<BudgetStart>,
}

/// Times from which the retry budgets of a call count, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetStart {
    /// Time, in milliseconds since 1970, from which the host's own retry budget counts.
    pub since: i64,
    /// Time, in milliseconds since 1970, since which every failure of the call has had this `code`.
    pub code_since: i64,
    pub code: String,
    /// Retry budget of the last failure, in milliseconds. Two failures with the same code may have
    /// different budgets. `None`: the failure has no budget of its own.
    #[serde(default)]
    pub budget: Option<u64>,
    /// Time, in milliseconds since 1970, since which every failure of the call has had this `code`
    /// and this `budget`.
    pub budget_since: i64,
    /// Longest retry budget, in milliseconds, that any failure of the call has set in place of the
    /// host's own one. A later failure without such a budget does not remove it. `None`: no failure
    /// has set one.
    #[serde(default)]
    pub longest: Option<u64>,
}

impl Stall {
    /// Creates the stall after the start of a call failed, or a poll of its operation. `before` is
    /// the call's stall so far.
    pub fn of_call(before: Option<&Stall>, failure: Failure, now: i64) -> Stall {
        Stall {
            since: before.map_or(now, |stall| stall.since),
            repeats: before.map_or(0, |stall| stall.repeats + 1),
            notified: before.is_some_and(|stall| stall.notified),
            notified_code: before.and_then(|stall| stall.notified_code.clone()),
            ended: before.and_then(|stall| stall.ended),
            budget_start: Box::new(BudgetStart::with(before.map(|stall| &*stall.budget_start), &failure, now)),
            failure,
        }
    }

    /// Creates the stall after the operation of a call failed. The retry budgets count from
    /// `start`, if the operation had been started again, and otherwise from the stall `before`.
    pub fn of_operation(before: Option<&Stall>, start: Option<&BudgetStart>, failure: Failure, now: i64) -> Stall {
        let start = start.or_else(|| before.map(|stall| &*stall.budget_start));
        let budget_start = Box::new(BudgetStart::with(start, &failure, now));
        Stall { ended: Some(now), budget_start, ..Stall::of_call(before, failure, now) }
    }

    /// Time, in milliseconds since 1970, since which the cause has lasted of which the domain is
    /// notified next. A repetition of the notification gets the same time.
    pub fn notice_since(&self) -> i64 {
        if self.notified { self.budget_start.code_since } else { self.since }
    }

    /// Times from which the retry budgets count while an operation runs that was started again.
    /// `None`: no operation of the call has failed.
    pub fn running_budget(&self) -> Option<BudgetStart> {
        self.ended.map(|_| BudgetStart::clone(&self.budget_start))
    }
}

impl BudgetStart {
    fn with(before: Option<&BudgetStart>, failure: &Failure, now: i64) -> BudgetStart {
        let (code, budget) = (failure.code.clone(), failure.give_up_after_ms);
        let same_code = before.filter(|start| start.code == code);
        // A budget begins with the first failure that has it, so that an hour of waiting for
        // another cause uses up no part of the budget.
        let same_budget = same_code.filter(|start| start.budget == budget);
        BudgetStart {
            since: before.map_or(now, |start| start.since),
            code_since: same_code.map_or(now, |start| start.code_since),
            budget_since: same_budget.map_or(now, |start| start.budget_since),
            code,
            budget,
            longest: before.and_then(|start| start.longest).max(failure.keep_trying_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Wait;
    use super::*;
    use crate::capability::Class;
    use serde_json::json;

    #[test]
    fn a_wait_is_stored_and_read_under_the_names_of_its_members() {
        let failure = Failure::from_parts(Class::Transient, "away", "away");
        let stored = json!({
            "for": "operation",
            "handle": "task-1",
            "stall": {
                "since": 1, "repeats": 2, "notified": true, "notified_code": "away", "failure": failure, "ended": 3,
                "budget_start": {"since": 1, "code_since": 1, "code": "away", "budget": null, "budget_since": 1,
                            "longest": null},
            },
            "budget_start": null,
        });
        let wait: Wait = serde_json::from_value(stored.clone()).unwrap();
        assert!(wait.stall().unwrap().notified);
        assert_eq!(json!(wait), stored);
    }
}

//! How long a call has been failing: what its retry policy counts from, as the journal stores it
//! with the call.

use crate::capability::Failure;
use serde::{Deserialize, Serialize};

/// Repetitions of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Milliseconds since 1970.
    pub since: i64,
    pub repeats: u32,
    /// Was the domain notified?
    #[serde(rename = "told")]
    pub notified: bool,
    /// The code of the domain's last notification.
    #[serde(default, rename = "told_code")]
    pub notified_code: Option<String>,
    pub failure: Failure,
    /// When the operation itself ended last, in milliseconds since 1970. An operation that was
    /// started again after that has not recovered only because it runs.
    #[serde(default)]
    pub ended: Option<i64>,
    #[serde(rename = "counted")]
    pub budget_start: Box<BudgetStart>,
}

/// From when the retry budgets of a call count, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetStart {
    /// The host's own budget.
    pub since: i64,
    /// Since then every failure has had `code`.
    pub code_since: i64,
    pub code: String,
    /// The failure's own budget, in milliseconds. Failures of one code may have different ones.
    #[serde(default)]
    pub budget: Option<u64>,
    /// Since then every failure has had `code` and `budget`.
    pub budget_since: i64,
    /// The longest budget, in milliseconds, that a failure gave in place of the host's own: another
    /// failure in between does not shorten it.
    #[serde(default)]
    pub longest: Option<u64>,
}

impl Stall {
    /// The start of a call failed, or a poll of its operation.
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

    /// The operation itself failed. The time in which it ran is no break: the budgets go on
    /// counting.
    pub fn of_operation(before: Option<&Stall>, start: Option<&BudgetStart>, failure: Failure, now: i64) -> Stall {
        let start = start.or_else(|| before.map(|stall| &*stall.budget_start));
        let budget_start = Box::new(BudgetStart::with(start, &failure, now));
        Stall { ended: Some(now), budget_start, ..Stall::of_call(before, failure, now) }
    }

    /// Since when the cause has lasted of which the domain is to be notified: the same on each
    /// repetition.
    pub fn notice_since(&self) -> i64 {
        if self.notified { self.budget_start.code_since } else { self.since }
    }

    /// The count that goes on while an operation runs that was started again; none where only a
    /// start had failed.
    pub fn running_budget(&self) -> Option<BudgetStart> {
        self.ended.map(|_| BudgetStart::clone(&self.budget_start))
    }
}

impl BudgetStart {
    fn with(before: Option<&BudgetStart>, failure: &Failure, now: i64) -> BudgetStart {
        let (code, budget) = (failure.code.clone(), failure.give_up_after_ms);
        let same_code = before.filter(|start| start.code == code);
        // A budget begins with the first failure that has it: an hour of waiting for another cause
        // uses up none of its minutes.
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
    fn a_journal_of_an_earlier_version_is_read_and_written_as_before() {
        let failure = Failure::new(Class::Transient, "away", "away");
        let stored = json!({
            "for": "operation",
            "handle": "task-1",
            "stall": {
                "since": 1, "repeats": 2, "told": true, "told_code": "away", "failure": failure, "ended": 3,
                "counted": {"since": 1, "code_since": 1, "code": "away", "budget": null, "budget_since": 1,
                            "longest": null},
            },
            "counted": null,
        });
        let wait: Wait = serde_json::from_value(stored.clone()).unwrap();
        assert!(wait.stall().unwrap().notified);
        assert_eq!(json!(wait), stored);
    }
}

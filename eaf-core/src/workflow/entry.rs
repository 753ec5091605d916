//! One call of a run, as the journal has it and the engine works on it.

use super::stall::{BudgetStart, Stall};
use crate::capability::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// Characters of a target: it stands in clear.
const TARGET_MAX: usize = 200;

/// How a call ended.
pub type Outcome = Result<Value, Failure>;

/// One call of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// From 1, without gaps, in the order of the run's calls.
    pub sequence: i32,
    pub capability: String,
    pub function: String,
    /// The name by which the run opened the capability; none: a call to the run's own host.
    pub grant: Option<String>,
    pub args: Value,
    pub idempotency_key: String,
    pub state: State,
    /// Percent.
    pub progress: Option<u8>,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a run has few entries in memory, and a box would stand in every match")]
pub enum State {
    /// Written before acting: whether it happened is not known.
    Intent,
    Pending {
        wait: Wait,
        poll_at: OffsetDateTime,
    },
    Done(Outcome),
}

/// Why a call is not over: the journal's `handle`, sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// A timer, or another operation's progress.
    Time,
    /// An operation outside, which is polled by its handle.
    Operation {
        handle: Value,
        stall: Option<Stall>,
        /// From when the retry budgets go on counting if this operation ends as the one before did.
        #[serde(default, rename = "counted")]
        budget_start: Option<BudgetStart>,
    },
    /// The start failed and is repeated.
    Start { stall: Stall },
}

impl Wait {
    pub fn stall(&self) -> Option<&Stall> {
        match self {
            Wait::Time => None,
            Wait::Operation { stall, .. } => stall.as_ref(),
            Wait::Start { stall } => Some(stall),
        }
    }

    /// Code of the failure for which the call waits to be repeated; none while an operation runs
    /// that was started again.
    pub(super) fn retry_code(&self) -> Option<&str> {
        match self {
            Wait::Operation { stall: Some(stall), .. } if stall.ended.is_some() => None,
            wait => wait.stall().map(|stall| stall.failure.code.as_str()),
        }
    }
}

impl Entry {
    /// Roughly, what the journal stores of the entry.
    pub fn bytes(&self) -> usize {
        let result = match &self.state {
            State::Done(Ok(answer)) => answer.to_string().len(),
            _ => 0,
        };
        self.args.to_string().len() + result
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// The progress, if that is `percent` or more; 100 when the call has ended, however it ended.
    pub fn reached(&self, percent: u64) -> Option<u8> {
        if self.is_done() {
            return Some(100);
        }
        self.progress.filter(|progress| u64::from(*progress) >= percent)
    }

    pub fn stall(&self) -> Option<&Stall> {
        match &self.state {
            State::Pending { wait, .. } => wait.stall(),
            _ => None,
        }
    }

    /// From when the budgets of a running operation count that was started again.
    pub fn budget_start(&self) -> Option<&BudgetStart> {
        match &self.state {
            State::Pending { wait: Wait::Operation { budget_start, .. }, .. } => budget_start.as_ref(),
            _ => None,
        }
    }

    pub fn is_same_call(&self, other: &Entry) -> bool {
        self.capability == other.capability
            && self.function == other.function
            && self.grant == other.grant
            && self.args == other.args
    }

    /// The thing that the call acts on, in clear for lists: ids and names that the contract keeps
    /// free of personal data.
    pub(super) fn target(&self) -> Option<String> {
        let named = |name: &str| self.args.get(name).and_then(Value::as_str);
        let target = ["identity", "template", "command", "view", "path"].into_iter().find_map(named)?;
        Some(target.chars().take(TARGET_MAX).collect())
    }
}

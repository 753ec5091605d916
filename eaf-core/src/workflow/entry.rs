//! Journal entry: one call of a run, as the journal stores it and the engine works on it.

use super::stall::{BudgetStart, Stall};
use crate::capability::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// Maximum number of characters of a call's target, which the journal stores in clear.
const TARGET_MAX: usize = 200;

/// Result of a call, or the failure with which the call ended.
pub type Outcome = Result<Value, Failure>;

/// One call of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Number of the call from 1, without gaps, in the order of the run's calls.
    pub sequence: i32,
    pub capability: String,
    pub function: String,
    /// Name by which the run opened the capability. `None`: a call to the run's own host.
    pub grant: Option<String>,
    pub args: Value,
    pub idempotency_key: String,
    pub state: State,
    /// Progress of the call in percent. `None`: unknown.
    pub progress: Option<u8>,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a run has few entries in memory, and a box would stand in every match")]
pub enum State {
    /// Entry that was written before the host acted: whether the call had its effect is not known.
    Intent,
    Pending {
        wait: Wait,
        poll_at: OffsetDateTime,
    },
    Done(Outcome),
}

/// Reason why a call is not over. The journal stores it sealed, as `handle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// Wait for a timer, or for another operation's progress.
    Time,
    /// Wait for an operation outside the host, which is polled by its handle.
    Operation {
        handle: Value,
        stall: Option<Stall>,
        /// Times from which the retry budgets continue to count if this operation fails like the
        /// one before. `None`: no operation has failed before.
        #[serde(default, rename = "counted")]
        budget_start: Option<BudgetStart>,
    },
    /// Wait for the repetition of a start that failed.
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

    /// Code of the failure after which the call waits to be repeated. `None`: the call does not
    /// wait for that, or its operation was started again and runs.
    pub(super) fn retry_code(&self) -> Option<&str> {
        match self {
            Wait::Operation { stall: Some(stall), .. } if stall.ended.is_some() => None,
            wait => wait.stall().map(|stall| stall.failure.code.as_str()),
        }
    }
}

impl Entry {
    /// Approximate size, in bytes, of the content that the journal stores of the entry.
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

    /// Progress of the call if that is `percent` or more; 100 when the call has ended, with or
    /// without success. `None`: the call has less progress.
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

    /// Times from which the budgets of a running operation count. `None`: no operation runs that
    /// was started again.
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

    /// Name of the thing that the call acts on, in clear for lists: an id or name that the contract
    /// keeps free of personal data. `None`: the call has no such argument.
    pub(super) fn target(&self) -> Option<String> {
        let named = |name: &str| self.args.get(name).and_then(Value::as_str);
        let target = ["identity", "template", "command", "view", "path"].into_iter().find_map(named)?;
        Some(target.chars().take(TARGET_MAX).collect())
    }
}

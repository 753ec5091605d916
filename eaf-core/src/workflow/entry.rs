//! Journal entry: one call of a run, as the engine uses it and the journal stores it.

use super::stall::{BudgetStart, Stall};
use crate::capability::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// Maximum number of characters of [`Entry::target`], which the journal stores in clear.
const TARGET_MAX: usize = 200;

/// Result of a call, or the failure with which the call ended.
pub type Outcome = Result<Value, Failure>;

/// Journal entry: one call of a run with its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Sequence number: the calls of a run are numbered from 1, without gaps, in the order in which
    /// the code makes them.
    pub sequence: i32,
    pub capability: String,
    pub function: String,
    /// Name of the grant under which the run opened the capability. `None`: the call goes to the
    /// host itself.
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
    /// The entry was written before the host acted. It is unknown whether the call had its effect.
    Intent,
    Pending {
        wait: Wait,
        poll_at: OffsetDateTime,
    },
    Done(Outcome),
}

/// Reason why a call has not ended. The journal stores the reason sealed, in the column `handle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// The call waits for a time, or until another operation has reached some progress.
    Time,
    /// The call waits for an operation of another system, which is polled by its handle.
    Operation {
        handle: Value,
        stall: Option<Stall>,
        /// Times from which the retry budgets count on if this operation fails like an earlier one
        /// of the same call. `None`: no operation of this call has failed.
        #[serde(default)]
        budget_start: Option<BudgetStart>,
    },
    /// The call waits to be started again, after its start or its operation failed.
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

    /// Code of the failure because of which the call waits to be repeated. `None`: the call does
    /// not wait to be repeated; a failed operation that was started again counts as running.
    pub(super) fn retry_code(&self) -> Option<&str> {
        match self {
            Wait::Operation { stall: Some(stall), .. } if stall.ended.is_some() => None,
            wait => wait.stall().map(|stall| stall.failure.code.as_str()),
        }
    }
}

impl Entry {
    /// Approximate size, in bytes, of the arguments and the result that the journal stores.
    pub fn bytes(&self) -> usize {
        let result = match &self.state {
            State::Done(Ok(answer)) => answer.to_string().len(),
            _ => 0,
        };
        self.args.to_string().len() + result
    }

    /// Time at which a pending call is polled, by the host's clock; `None`: the call does not wait.
    pub fn poll_at(&self) -> Option<OffsetDateTime> {
        match &self.state {
            State::Pending { poll_at, .. } => Some(*poll_at),
            State::Intent | State::Done(_) => None,
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// Progress of the call in percent, if it is at least `percent`. A call that has ended, even
    /// without success, has 100. `None`: the progress is lower or unknown.
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

    /// Times from which the retry budgets of a running operation count. `None`: no operation runs,
    /// or no earlier one of this call has failed.
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

    /// Name or id of the thing on which the call acts, which lists show in clear because the
    /// contract keeps personal data out of it. `None`: the call has no such argument.
    pub(super) fn target(&self) -> Option<String> {
        let named = |name: &str| self.args.get(name).and_then(Value::as_str);
        let target = ["identity", "template", "command", "view", "path"].into_iter().find_map(named)?;
        Some(target.chars().take(TARGET_MAX).collect())
    }
}

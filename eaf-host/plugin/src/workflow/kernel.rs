//! What durable execution needs from the rest of the host: leases, a journal, grants, commands, rows. The engine is
//! written against this, so that a test can stop it between any two of these calls.

use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_core::actor::TraceId;
use eaf_core::contract::Recorded;
use eaf_core::grant::Denial;
use eaf_core::id::{RunId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another host has the run: whatever this one was doing is void, without a word.
    #[error("another host has taken over the run")]
    Fenced,
    /// May pass.
    #[error("{0}")]
    Store(String),
    /// The product is disabled for the tenant or stopped: the run rests, and is claimed again when it is not.
    #[error("the run rests: its product is {0}")]
    Resting(&'static str),
    /// The run can never be replayed again: the code says why.
    #[error("{1}")]
    Lost(&'static str, String),
}

/// One execution of a workflow.
#[derive(Debug, Clone)]
pub struct Run {
    pub tenant: TenantId,
    pub id: RunId,
    pub plugin: String,
    /// The package that the run started on.
    pub digest: String,
    /// Without the plugin's prefix.
    pub workflow: String,
    pub event: Recorded,
    /// Id of the business thing.
    pub key: String,
    pub trace: TraceId,
    /// How often the run itself failed and was begun again.
    pub attempts: i32,
}

/// How a call ended.
pub type Outcome = Result<Value, Failure>;

/// One call of a run.
#[derive(Debug, Clone)]
pub struct Entry {
    pub sequence: i32,
    pub capability: String,
    pub function: String,
    pub grant: Option<String>,
    pub args: Value,
    pub idempotency_key: String,
    pub state: State,
    pub progress: Option<u8>,
}

#[derive(Debug, Clone)]
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

/// Why a call is not over: what its journal row keeps of it, sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// A timer, or another operation's progress.
    Time,
    /// An operation that lives outside; asked for by its handle.
    Operation {
        handle: Value,
        stall: Option<Stall>,
        /// From when the retry budgets go on counting if this operation ends as the one before it did.
        #[serde(default)]
        counted: Option<Counted>,
    },
    /// The beginning failed and is repeated.
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
}

/// Repetitions of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Milliseconds since 1970.
    pub since: i64,
    pub repeats: u32,
    /// Was the domain told?
    pub told: bool,
    /// The code that the domain was told last.
    #[serde(default)]
    pub told_code: Option<String>,
    pub failure: Failure,
    /// When the operation itself ended last, in milliseconds since 1970. What was begun again after that has not
    /// recovered only because it runs.
    #[serde(default)]
    pub ended: Option<i64>,
    pub counted: Box<Counted>,
}

/// From when the retry budgets of a call count, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
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
    /// The longest budget that a failure gave in place of the host's own, in milliseconds: what comes between does not
    /// shorten it.
    #[serde(default)]
    pub longest: Option<u64>,
}

/// What an operator allowed under a name.
#[derive(Debug, Clone)]
pub struct Grant {
    pub scope: Value,
}

/// Why a run sleeps, for lists. Never personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    pub code: String,
    pub message: String,
}

/// Both sides of a replay that took another way. Arguments may be personal data: the calls are only named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Divergence {
    pub sequence: i32,
    pub recorded: String,
    /// None: it ended.
    pub replayed: Option<String>,
}

impl Entry {
    /// What the journal keeps of it, roughly.
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

    /// How far it is, if that is `percent` or more; 100 when it has ended, however it ended.
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

    /// What the budgets of an operation count from that was begun again and runs.
    pub fn counted(&self) -> Option<&Counted> {
        match &self.state {
            State::Pending { wait: Wait::Operation { counted, .. }, .. } => counted.as_ref(),
            _ => None,
        }
    }

    pub fn is_same_call(&self, other: &Entry) -> bool {
        self.capability == other.capability
            && self.function == other.function
            && self.grant == other.grant
            && self.args == other.args
    }

    fn described(&self) -> String {
        let grant = self.grant.as_deref().map(|grant| format!(" by {grant}")).unwrap_or_default();
        format!("{}.{}{grant}", self.capability, self.function)
    }
}

impl Divergence {
    pub fn between(recorded: &Entry, replayed: &Entry) -> Self {
        let (recorded_call, mut call) = (recorded.described(), replayed.described());
        if call == recorded_call {
            call.push_str(", with other arguments");
        }
        Divergence { sequence: recorded.sequence, recorded: recorded_call, replayed: Some(call) }
    }

    /// The code returned where the journal has this call.
    pub fn ended(recorded: &Entry) -> Self {
        Divergence { sequence: recorded.sequence, recorded: recorded.described(), replayed: None }
    }
}

/// A run that this host may touch until its lease ends.
pub struct Claimed<L> {
    pub run: Run,
    pub lease: L,
}

/// Every write compares the lease's fence and answers [`Error::Fenced`] if it is an old one.
#[async_trait]
pub trait Kernel: Send + Sync + 'static {
    type Lease: Clone + Send + Sync + 'static;

    fn now(&self) -> OffsetDateTime;
    /// Renew at least this often.
    fn renew_every(&self) -> Duration;

    /// Completes when a run became due in this process.
    async fn due(&self);
    async fn claim(&self, limit: usize) -> Result<Vec<Claimed<Self::Lease>>, Error>;
    async fn renew(&self, lease: &Self::Lease) -> Result<(), Error>;
    /// Gives the run back as it is, due at once.
    async fn release(&self, lease: &Self::Lease) -> Result<(), Error>;
    async fn load(&self, lease: &Self::Lease) -> Result<Vec<Entry>, Error>;

    /// A new row: with [`State::Intent`] before an effect, with another state where nothing outside happens.
    async fn write(&self, lease: &Self::Lease, entry: &Entry) -> Result<(), Error>;
    async fn pend(&self, lease: &Self::Lease, entry: &Entry) -> Result<(), Error>;
    async fn finish(&self, lease: &Self::Lease, entry: &Entry) -> Result<(), Error>;

    /// Gives the run back until `wake_at`.
    async fn suspend(
        &self,
        lease: &Self::Lease,
        wake_at: OffsetDateTime,
        waiting: Option<Waiting>,
        again: Again,
    ) -> Result<(), Error>;
    async fn complete(&self, lease: &Self::Lease, result: &Value) -> Result<(), Error>;
    async fn fail(&self, lease: &Self::Lease, failure: &Failure) -> Result<(), Error>;
    async fn stop(&self, lease: &Self::Lease, divergence: &Divergence) -> Result<(), Error>;

    /// Decides whether the run may make a call now. [`Error::Resting`]: not now, and the run is told nothing.
    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Grant, Denial>, Error>;
    /// A denial gets an audit row of its own: before its journal row, and one however often it is repeated.
    async fn denied(&self, run: &Run, entry: &Entry) -> Result<(), Error>;
    /// A command to the plugin's own domain, as the system. Exactly once per key.
    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error>;
    /// One row; `after`: the answer of the run's last command, which the row must not be older than.
    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error>;
}

/// Does giving back count as a failed attempt of the run?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It waits.
    Resume,
    /// It stopped where it should not, and is tried once more.
    Retry,
}

//! Durable runs of workflows, and their journals.
//!
//! A run is plain code whose host calls are journaled: the host writes an intent, acts, and writes
//! the result. After a crash the [`engine`] replays the code over the journal. A host may write to
//! a run only while it has the run's lease. Leases use the database's clock, and **every write
//! compares the lease's fence**: a host that was paused for longer than its lease cannot write any
//! more ([`Error::Fenced`]).
//!
//! Arguments, handles and results are sealed under the key of the run's subject. A journal row is
//! also the audit row of its call.

mod claim;
mod divergence;
mod end;
mod ended_runs;
pub mod engine;
mod entry;
mod health;
mod journal;
mod list;
mod stall;
mod suspend;
mod wake;

pub use claim::{LEASE, Lease, claim, release, renew};
pub use divergence::Divergence;
pub use end::{complete, fail, stop};
pub use ended_runs::{EndedRun, find_ended};
pub use entry::{Entry, Outcome, State, Wait};
pub use health::{Count, health};
pub use journal::Journal;
pub use list::{EntrySummary, RunState, RunSummary, entries, find, list};
pub use stall::{BudgetStart, Stall};
pub use suspend::{Attempt, Waiting, suspend};
pub use wake::{wake, wake_all, wake_calls};

use crate::actor::TraceId;
use crate::contract::Recorded;
use crate::id::{ActorId, RunId, TenantId};
use crate::{crypto, db, event_store};

/// Maximum number of journal entries of a run. A workflow that needs more must continue as another
/// run. The database checks the same maximum.
pub const MAX_ENTRIES: i32 = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another host has taken over this run")]
    Fenced,
    #[error("the run has used up its {MAX_ENTRIES} journal entries")]
    Full,
    #[error("the key under which the journal of run {0} is sealed was destroyed")]
    Erased(RunId),
    #[error("row {run}/{seq} of eaf.journal is damaged in column {column}")]
    Corrupt { run: RunId, seq: i32, column: &'static str },
    #[error("the event that started run {0} is not in the log")]
    NoEvent(RunId),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("entry {seq} of run {run} is done already, or was never intended")]
    NotOpen { run: RunId, seq: i32 },
    #[error("the due runs could not be found")]
    Find(#[source] sqlx::Error),
    #[error("the run could not be claimed")]
    Claim(#[source] sqlx::Error),
    #[error("the runs or their journals could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the run or its journal could not be written")]
    Write(#[source] sqlx::Error),
    #[error("a journal entry could not be encoded")]
    Encode(#[source] serde_json::Error),
    #[error("the journal could not be sealed or opened")]
    Crypto(#[from] crypto::Error),
    #[error("the event that started the run could not be read")]
    Event(#[from] event_store::Error),
}

/// Run: one execution of a workflow.
#[derive(Debug, Clone)]
pub struct Run {
    pub tenant: TenantId,
    pub id: RunId,
    pub plugin: String,
    /// Digest of the package that was active when the run started.
    pub digest: String,
    /// Name of the workflow without the plugin's prefix.
    pub workflow: String,
    /// Event that started the run, with its personal fields in clear.
    pub event: Recorded,
    /// Id of the thing that the run is about, such as a request.
    pub key: String,
    /// Person under whose key the run's journal is sealed.
    pub subject: ActorId,
    pub trace: TraceId,
    /// Number of attempts in a row that failed because of the run itself, such as a trap, and not
    /// because of a call.
    pub attempts: i32,
}

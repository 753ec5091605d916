//! Kernel: all that the engine needs of the host, namely leases, journal, grants, commands and
//! rows. The engine uses only this trait, so that a test can stop the engine between any two calls
//! of it.

use crate::capability::{Failure, Granted, HostCode};
use crate::grant::Denial;
use crate::workflow::{Attempt, Divergence, Entry, Lease, Outcome, Run, Waiting};
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lease is lost: writes of this host for the run have had no effect since then.
    #[error("another host has taken over the run")]
    Fenced,
    /// The database could not be reached. A repetition may succeed.
    #[error("the host's own store could not be reached")]
    Store(#[source] Cause),
    /// The provider could not clean up a call that failed for good. A repetition may succeed.
    #[error("the provider could not clean up a call that failed")]
    Abandon(#[source] Failure),
    /// The product is inactive in the tenant. The run is claimed again when the product is active.
    #[error("the product of the run is {0}")]
    Inactive(&'static str),
    /// The run can never be replayed. `code` is the reason that the domain gets and lists show.
    #[error("the run can never be replayed again")]
    Lost {
        code: HostCode,
        #[source]
        cause: Cause,
    },
}

/// Host as the engine sees it. Every write compares the lease's fence, and fails with
/// [`Error::Fenced`] if the lease is lost.
#[async_trait]
pub trait Kernel: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    /// Maximum time between two renewals of a run's lease.
    fn renew_every(&self) -> Duration;

    /// Completes when a workflow run becomes due in this process.
    async fn due(&self);
    /// Claims at most `limit` due runs of these plugins, each with a lease.
    async fn claim(&self, plugins: &[String], limit: usize) -> Result<Vec<(Run, Lease)>, Error>;
    async fn renew(&self, lease: &Lease) -> Result<(), Error>;
    /// Ends a lease and makes its run due at once.
    async fn release(&self, lease: &Lease) -> Result<(), Error>;
    async fn load(&self, lease: &Lease) -> Result<Vec<Entry>, Error>;

    /// Adds an entry to the run's journal. Before an effect the entry is an intent. If the call has
    /// no effect outside the host, the entry may have another state.
    async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates the journal entry of a call that is now pending, or still is.
    async fn set_pending(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates the journal entry of a call that has ended.
    async fn finish(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;

    /// Ends a lease and makes its run due at `wake_at`.
    async fn suspend(
        &self,
        lease: &Lease,
        wake_at: OffsetDateTime,
        waiting: Waiting,
        attempt: Attempt,
    ) -> Result<(), Error>;
    async fn complete(&self, lease: &Lease, result: &Value) -> Result<(), Error>;
    async fn fail(&self, lease: &Lease, failure: &Failure) -> Result<(), Error>;
    async fn stop(&self, lease: &Lease, divergence: &Divergence) -> Result<(), Error>;

    /// Decides whether the run may call the capability now. Returns the grant with its connection,
    /// or the denial. Fails with [`Error::Inactive`] if the product is inactive and the call has to
    /// wait.
    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Granted, Denial>, Error>;
    /// Records a denied call in the audit. It is called before the journal has the denial, so it
    /// may be repeated: the repetition adds no second audit row.
    async fn denied(&self, run: &Run, entry: &Entry) -> Result<(), Error>;
    /// Gives a command to the plugin's own domain, as the system. Commands with the same
    /// idempotency key `key` have their effect once.
    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error>;
    /// Reads one row of a view for the run. `after` is the answer to the run's last command: the
    /// row must not be older than that command.
    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error>;
    /// Reads the settings of the run's plugin in its tenant that hold now.
    async fn settings(&self, run: &Run) -> Result<Outcome, Error>;
}

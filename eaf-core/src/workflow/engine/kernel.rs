//! Port of the engine to the host: leases, a journal, grants, commands, rows. The engine is written
//! against this trait, so that a test can stop the engine between any two of its calls.

use crate::capability::{Failure, Granted};
use crate::grant::Denial;
use crate::workflow::{Attempt, Divergence, Entry, Lease, Outcome, Run, Waiting};
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lease is lost: all that this host has done for the run since then has no effect.
    #[error("another host has taken over the run")]
    Fenced,
    /// Failed request to the store. A repetition may succeed.
    #[error("the host's own store could not be reached")]
    Store(#[source] Cause),
    /// Failed cleanup of a call that was abandoned. A repetition may succeed.
    #[error("the provider could not clean up a call that failed")]
    Abandon(#[source] Failure),
    /// The product is disabled for the tenant or stopped: the run is claimed again when the product
    /// is active.
    #[error("the product of the run is {0}")]
    Inactive(&'static str),
    /// The run cannot be replayed. `code` is the reason for the domain and for lists.
    #[error("the run can never be replayed again")]
    Lost {
        code: &'static str,
        #[source]
        cause: Cause,
    },
}

/// Host as the engine uses it. Every write compares the lease's fence and fails with
/// [`Error::Fenced`] if the lease is lost.
#[async_trait]
pub trait Kernel: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    /// Maximum time between two renewals of a lease.
    fn renew_every(&self) -> Duration;

    /// Completes when a run became due in this process.
    async fn due(&self);
    /// Claims at most `limit` due runs of these plugins.
    async fn claim(&self, plugins: &[String], limit: usize) -> Result<Vec<(Run, Lease)>, Error>;
    async fn renew(&self, lease: &Lease) -> Result<(), Error>;
    /// Ends the lease and makes the run due at once.
    async fn release(&self, lease: &Lease) -> Result<(), Error>;
    async fn load(&self, lease: &Lease) -> Result<Vec<Entry>, Error>;

    /// Adds an entry to the journal: as an intent before an effect, or in another state if the call
    /// has no effect outside the host.
    async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates the journal entry of a call that has become pending, or still is.
    async fn set_pending(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates the journal entry of a call that has ended.
    async fn finish(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;

    /// Ends the lease and makes the run due at `wake_at`.
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

    /// Decides whether the run may make a call now, and returns the grant with its connection, or
    /// the denial. Fails with [`Error::Inactive`] if the call has to wait.
    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Granted, Denial>, Error>;
    /// Records a denied call in the audit, before the journal contains the denial. A repetition
    /// adds no second row.
    async fn denied(&self, run: &Run, entry: &Entry) -> Result<(), Error>;
    /// Gives a command to the plugin's own domain, as the system, exactly once per `key`.
    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error>;
    /// Reads one row of a view. `after` is the answer of the run's last command; the row must not
    /// be older than that command.
    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error>;
}

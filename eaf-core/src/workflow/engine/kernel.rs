//! The engine's port to the host: leases, a journal, grants, commands, rows. The engine is
//! written against this trait, so that a test can stop it between any two of these calls.

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
    /// All that this host did for the run since is void.
    #[error("another host has taken over the run")]
    Fenced,
    /// A repetition may succeed.
    #[error("the host's own store could not be reached")]
    Store(#[source] Cause),
    /// A repetition may succeed.
    #[error("the provider could not clean up a call that failed")]
    Abandon(#[source] Failure),
    /// The product is disabled for the tenant or stopped: the run is claimed again when it is not.
    #[error("the product of the run is {0}")]
    Inactive(&'static str),
    /// `code` says why to the domain and to lists.
    #[error("the run can never be replayed again")]
    Lost {
        code: &'static str,
        #[source]
        cause: Cause,
    },
}

/// Every write compares the lease's fence and answers [`Error::Fenced`] if the lease is lost.
#[async_trait]
pub trait Kernel: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    /// Renew at least this often.
    fn renew_every(&self) -> Duration;

    /// Completes when a run became due in this process.
    async fn due(&self);
    /// Claims at most `limit` due runs of these plugins.
    async fn claim(&self, plugins: &[String], limit: usize) -> Result<Vec<(Run, Lease)>, Error>;
    async fn renew(&self, lease: &Lease) -> Result<(), Error>;
    /// Gives the run back as it is, due at once.
    async fn release(&self, lease: &Lease) -> Result<(), Error>;
    async fn load(&self, lease: &Lease) -> Result<Vec<Entry>, Error>;

    /// Adds an entry: as an intent before an effect, in another state where the call reaches
    /// nothing outside.
    async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates an entry that is pending now.
    async fn set_pending(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;
    /// Updates an entry that is done now.
    async fn finish(&self, lease: &Lease, entry: &Entry) -> Result<(), Error>;

    /// Gives the run back until `wake_at`.
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

    /// Decides whether the run may make a call now, and answers its grant with the connection.
    /// [`Error::Inactive`]: not now, and without a denial.
    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Granted, Denial>, Error>;
    /// Audits a denied call in a row of its own, before the journal says so; one row, however often
    /// it is repeated.
    async fn denied(&self, run: &Run, entry: &Entry) -> Result<(), Error>;
    /// Gives a command to the plugin's own domain, as the system. Exactly once per key.
    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error>;
    /// Reads one row. `after`: the answer of the run's last command, which the row must not be
    /// older than.
    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error>;
}

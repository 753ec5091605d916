//! Engine: claims runs that are due, polls the operations that they wait for, and runs their code
//! over the journal.
//!
//! Nothing of a run is held in memory between two executions. A host that dies loses its lease, and
//! the next host replays the run.
//!
//! | file | story |
//! |---|---|
//! | `engine` | the loop that claims runs |
//! | [`drive`] | one execution of a run under its lease, and how that ends |
//! | [`execution`] | replay over the journal, frontier, suspension |
//! | [`executor`] | where the code of a run comes from: the packages |
//! | [`effects`] | acting for one run, by [`authorise`], [`act`], [`advance`] and [`call`] |
//! | [`retry_policy`], [`stall`] | repetition of a failed call, and notification of the domain |
//! | [`end`] | the end of a run without a result |
//! | [`kernel`] | what the engine needs of the host; [`postgres`] is that over this crate |

mod act;
mod advance;
mod authorise;
mod call;
mod drive;
mod effects;
mod end;
mod execution;
mod executor;
mod kernel;
#[cfg(any(test, feature = "testing"))]
pub mod memory_kernel;
mod postgres;
mod retry_policy;
mod stall;

#[cfg(test)]
mod tests;

pub use effects::RunEffects;
pub use execution::{Abort, Execution, Stop};
pub use executor::{Ended, Executor, Package, Packages};
pub use kernel::{Error, Kernel};
pub use postgres::PostgresKernel;
pub use retry_policy::RetryPolicy;

use crate::capability::Capabilities;
use crate::trace;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

/// Maximum difference between the clocks of the host and of the database with which a due run is
/// found in time. With a larger difference, the run is found a little late.
const CLOCK_SLACK: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub struct Config {
    pub retry_policy: RetryPolicy,
    /// Maximum number of runs that this host executes at the same time.
    pub concurrency: usize,
    /// Maximum time between two searches for due runs, even if no notification arrives.
    pub idle: Duration,
    /// Number of executions of a run in a row that may trap. After the last of them the run fails.
    pub attempts: i32,
}

impl Default for Config {
    fn default() -> Self {
        Config { retry_policy: RetryPolicy::default(), concurrency: 16, idle: Duration::from_secs(2), attempts: 3 }
    }
}

/// Workflow engine of one host: claims and executes runs. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    kernel: Arc<dyn Kernel>,
    packages: Arc<dyn Packages>,
    capabilities: Arc<Capabilities>,
    config: Config,
    bell: Notify,
    /// Times at which runs that this host suspended become due.
    sleeping: Mutex<BTreeSet<OffsetDateTime>>,
    slots: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Inner {
    fn sleeps_until(&self, wake_at: OffsetDateTime) {
        self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(wake_at);
        self.bell.notify_one();
    }

    /// Time that the engine may sleep: until the next run that this host suspended may be due.
    fn nap(&self) -> Duration {
        let now = self.kernel.now();
        let mut sleeping = self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The database's clock decides, so the engine tries to claim a run for a little longer
        // after its due time.
        sleeping.retain(|due| *due + CLOCK_SLACK > now);
        let first = sleeping.first().map(|due| Duration::try_from(*due - now).unwrap_or_default() + CLOCK_SLACK / 4);
        first.map_or(self.config.idle, |nap| nap.min(self.config.idle))
    }
}

impl Engine {
    pub fn new(
        kernel: Arc<dyn Kernel>,
        packages: Arc<dyn Packages>,
        capabilities: Arc<Capabilities>,
        config: Config,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(config.concurrency));
        let (bell, sleeping, (closing, _)) = (Notify::new(), Mutex::default(), watch::channel(false));
        Engine { inner: Arc::new(Inner { kernel, packages, capabilities, config, bell, sleeping, slots, closing }) }
    }

    /// Executes due runs until `stop` completes. A run that is being executed then is released, and
    /// another host replays it.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut running = JoinSet::new();
        loop {
            self.claim_into(&mut running).await;
            tokio::select! {
                () = &mut stop => break,
                () = self.inner.bell.notified() => {}
                () = self.inner.kernel.due() => {}
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(self.inner.nap()) => {}
            }
        }
        self.inner.closing.send_replace(true);
        while running.join_next().await.is_some() {}
    }

    /// Claims and executes the runs that are due now, and returns their number.
    #[cfg(any(test, feature = "testing"))]
    pub async fn run_once(&self) -> usize {
        let mut running = JoinSet::new();
        let claimed = self.claim_into(&mut running).await;
        while running.join_next().await.is_some() {}
        claimed
    }

    async fn claim_into(&self, running: &mut JoinSet<()>) -> usize {
        let slots = self.free_slots();
        if slots.is_empty() {
            return 0;
        }
        let plugins = self.inner.packages.ids();
        let claimed = match self.inner.kernel.claim(&plugins, slots.len()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no runs could be claimed");
                return 0;
            }
        };
        let count = claimed.len();
        for ((run, lease), slot) in claimed.into_iter().zip(slots) {
            let inner = self.inner.clone();
            running.spawn(async move {
                let _slot = slot;
                let span = tracing::info_span!(
                    "run",
                    tenant = %run.tenant,
                    plugin = run.plugin,
                    workflow = run.workflow,
                    run = %run.id,
                    trace_id = %run.trace,
                );
                if let Some(of_event) = run.event.span_id.clone() {
                    trace::continue_from(&span, &trace::Position { trace: run.trace.clone(), span: of_event });
                }
                drive::drive(&inner, run, lease).instrument(span).await;
                inner.bell.notify_one();
            });
        }
        count
    }

    /// Acquires all free slots, one per run that can be executed. A lease begins at the claim, so
    /// the engine claims no more runs than it can execute at once.
    fn free_slots(&self) -> Vec<OwnedSemaphorePermit> {
        let mut slots = Vec::new();
        while let Ok(slot) = self.inner.slots.clone().try_acquire_owned() {
            slots.push(slot);
        }
        slots
    }
}

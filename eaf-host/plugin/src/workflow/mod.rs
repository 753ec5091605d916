//! Durable execution: claims runs that are due, looks at what they wait for, runs their component over the journal.
//!
//! Nothing of a run is held in memory between two executions. A host that dies loses its lease; the next one replays.
//!
//! | file | what |
//! |---|---|
//! | [`kernel`] | what this needs of the rest of the host |
//! | [`execution`] | one execution: replay, frontier, suspension |
//! | [`effects`] | acting: authorise, intent, call, result |
//! | [`repetition`] | how patiently a call is repeated: pauses and retry budgets |
//! | [`end`] | telling the domain that a run ends without a result |
//! | [`component`] | the WebAssembly side |
//! | [`core`] | [`kernel`] over `eaf_core` |

pub mod component;
pub mod core;
pub mod effects;
mod end;
pub mod execution;
pub mod kernel;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod repetition;

#[cfg(test)]
mod tests;

use super::{Plugin, Plugins};
use crate::engine::chain;
use component::Ended;
use eaf_capability::{Class, Failure};
use effects::{ANSWER_MAX, Acting, Providers, failure, too_large};
use end::{Ending, end};
use execution::{Execution, Stop};
use kernel::{Again, Claimed, Entry, Error, Kernel, Run, Waiting};
use repetition::Patience;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

/// By how much the host's clock and the database's may differ before a run is found a little late.
const SLACK: Duration = Duration::from_millis(100);
/// Until a run whose product rests is looked at again, where no host's claim leaves it out before.
const REST: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub struct Config {
    pub patience: Patience,
    /// Runs that are executed at one time.
    pub concurrency: usize,
    /// Looked for due runs at least this often, also when no doorbell rang.
    pub idle: Duration,
    /// How often a run that trapped is begun again before it has failed.
    pub attempts: i32,
}

impl Default for Config {
    fn default() -> Self {
        Config { patience: Patience::default(), concurrency: 16, idle: Duration::from_secs(2), attempts: 3 }
    }
}

/// The workflow engine of one host. Cheap to clone.
pub struct Engine<K: Kernel> {
    inner: Arc<Inner<K>>,
}

impl<K: Kernel> Clone for Engine<K> {
    fn clone(&self) -> Self {
        Engine { inner: self.inner.clone() }
    }
}

struct Inner<K: Kernel> {
    kernel: Arc<K>,
    plugins: Plugins,
    providers: Arc<Providers>,
    config: Config,
    bell: Notify,
    /// When the runs that this host put to sleep are due.
    sleeping: Mutex<BTreeSet<OffsetDateTime>>,
    slots: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl<K: Kernel> Inner<K> {
    fn sleeps_until(&self, wake_at: OffsetDateTime) {
        self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(wake_at);
        self.bell.notify_one();
    }

    /// How long nothing is known to be due.
    fn nap(&self) -> Duration {
        let now = self.kernel.now();
        let mut sleeping = self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The database's clock decides what is due; what just was is looked for a little longer.
        sleeping.retain(|due| *due + SLACK > now);
        let first = sleeping.first().map(|due| Duration::try_from(*due - now).unwrap_or_default() + SLACK / 4);
        first.map_or(self.config.idle, |nap| nap.min(self.config.idle))
    }
}

impl<K: Kernel> Engine<K> {
    pub fn new(kernel: Arc<K>, plugins: Plugins, providers: Arc<Providers>, config: Config) -> Self {
        let slots = Arc::new(Semaphore::new(config.concurrency));
        let (bell, sleeping, (closing, _)) = (Notify::new(), Mutex::default(), watch::channel(false));
        Engine { inner: Arc::new(Inner { kernel, plugins, providers, config, bell, sleeping, slots, closing }) }
    }

    /// Executes runs until `stop` ends; what is under way then is given back, and replayed by the next host.
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

    /// Claims and executes what is due now.
    #[cfg(any(test, feature = "testing"))]
    pub async fn run_once(&self) -> usize {
        let mut running = JoinSet::new();
        let claimed = self.claim_into(&mut running).await;
        while running.join_next().await.is_some() {}
        claimed
    }

    async fn claim_into(&self, running: &mut JoinSet<()>) -> usize {
        // A lease runs from its claim: only what can be worked on at once is claimed.
        let mut slots = Vec::new();
        while let Ok(slot) = self.inner.slots.clone().try_acquire_owned() {
            slots.push(slot);
        }
        if slots.is_empty() {
            return 0;
        }
        let claimed = match self.inner.kernel.claim(slots.len()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "no runs could be claimed");
                return 0;
            }
        };
        let count = claimed.len();
        for (claimed, slot) in claimed.into_iter().zip(slots) {
            let inner = self.inner.clone();
            running.spawn(async move {
                let _slot = slot;
                let span = tracing::info_span!(
                    "run",
                    tenant = %claimed.run.tenant,
                    plugin = claimed.run.plugin,
                    workflow = claimed.run.workflow,
                    run = %claimed.run.id,
                    trace_id = %claimed.run.trace,
                );
                execute(&inner, claimed).instrument(span).await;
                inner.bell.notify_one();
            });
        }
        count
    }
}

/// One execution under its lease. If the lease is lost everything is dropped, in the middle of whatever it is.
async fn execute<K: Kernel>(inner: &Arc<Inner<K>>, claimed: Claimed<K::Lease>) {
    let Claimed { run, lease } = claimed;
    let outcome = tokio::select! {
        biased;
        lost = keep_lease(inner.kernel.as_ref(), &lease) => Err(lost),
        () = closed(inner) => inner.kernel.release(&lease).await,
        outcome = execute_caught(inner, &run, &lease) => outcome,
    };
    match outcome {
        Ok(()) => {}
        Err(Error::Fenced) => tracing::info!("the run is another host's now"),
        Err(Error::Resting(why)) => rest(inner, &lease, why).await,
        // The lease runs out and the run is replayed, here or elsewhere.
        Err(error) => tracing::warn!(error = %chain(&error), "an execution was given up"),
    }
}

/// Gives the lease back and says why the run stands: no host claims the run until its product is there again.
async fn rest<K: Kernel>(inner: &Inner<K>, lease: &K::Lease, why: &'static str) {
    tracing::info!(why, "the run rests");
    let wake_at = inner.kernel.now() + REST;
    let waiting = Waiting { code: "product-resting".into(), message: why.into() };
    match inner.kernel.suspend(lease, wake_at, Some(waiting), Again::Resume).await {
        Ok(()) => inner.sleeps_until(wake_at),
        Err(error) => tracing::warn!(error = %chain(&error), "a run that rests could not be suspended"),
    }
}

/// A panic of the host's own code is one more way to trap: counted, and not repeated for ever.
async fn execute_caught<K: Kernel>(inner: &Arc<Inner<K>>, run: &Run, lease: &K::Lease) -> Result<(), Error> {
    // Its own task catches the panic; in a set, so that it goes when this is dropped.
    let mut task = JoinSet::new();
    let (shared, of_run, of_lease) = (inner.clone(), run.clone(), lease.clone());
    let execution = async move { execute_leased(&shared, &of_run, &of_lease).await };
    task.spawn(execution.instrument(tracing::Span::current()));
    match task.join_next().await {
        Some(Ok(Err(Error::Lost(code, error)))) => {
            tracing::error!(code, error, "the run can never be replayed again");
            let lost = failure(Class::Permanent, code, "the run's journal can no longer be read or written");
            end(inner, run, lease, Ending::Failed(lost)).await
        }
        Some(Ok(outcome)) => outcome,
        Some(Err(panic)) => {
            tracing::error!(error = %panic, attempts = run.attempts, "an execution panicked");
            trapped(inner, run, lease, "the host's own code panicked").await
        }
        None => Ok(()),
    }
}

async fn closed<K: Kernel>(inner: &Inner<K>) {
    let mut closing = inner.closing.subscribe();
    // The sender is in `inner`: it cannot be gone.
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn keep_lease<K: Kernel>(kernel: &K, lease: &K::Lease) -> Error {
    loop {
        tokio::time::sleep(kernel.renew_every()).await;
        match kernel.renew(lease).await {
            Ok(()) => {}
            Err(Error::Fenced) => return Error::Fenced,
            Err(error) => tracing::warn!(error = %chain(&error), "a lease could not be renewed"),
        }
    }
}

async fn execute_leased<K: Kernel>(inner: &Arc<Inner<K>>, run: &Run, lease: &K::Lease) -> Result<(), Error> {
    let Some(plugin) = inner.plugins.get(&run.plugin) else {
        let waiting = Waiting { code: "no-plugin".into(), message: format!("{} is not loaded", run.plugin) };
        let wake_at = inner.kernel.now() + Duration::from_secs(30);
        return inner.kernel.suspend(lease, wake_at, Some(waiting), Again::Resume).await;
    };
    if plugin.digest != run.digest {
        // It goes on if its journal replays on the active package; else it stops and shows both sides.
        tracing::info!(from = run.digest, to = plugin.digest, "a run meets another package than it started on");
    }
    let acting = Arc::new(Acting {
        kernel: inner.kernel.clone(),
        lease: lease.clone(),
        run: run.clone(),
        providers: inner.providers.clone(),
        patience: inner.config.patience.clone(),
        on_stall: on_stall(&plugin, &run.workflow),
        requests: plugin.manifest.requests.clone(),
    });
    let mut journal: BTreeMap<i32, Entry> =
        inner.kernel.load(lease).await?.into_iter().map(|entry| (entry.sequence, entry)).collect();
    acting.advance(&mut journal).await?;

    let Some(component) = &plugin.workflow else {
        let none = failure(Class::Permanent, "no-workflow", "the package has no workflow component");
        return end(inner, run, lease, Ending::Failed(none)).await;
    };
    let input = json!({"event": run.event, "key": run.key}).to_string();
    let ended = component.run(Execution::new(acting, journal), &run.workflow, input.as_bytes()).await;
    settle(inner, run, lease, ended).await
}

async fn settle<K: Kernel>(inner: &Arc<Inner<K>>, run: &Run, lease: &K::Lease, ended: Ended) -> Result<(), Error> {
    let kernel = &inner.kernel;
    match ended {
        Ended::Returned(Ok(result)) if result.len() > ANSWER_MAX => {
            end(inner, run, lease, Ending::Failed(too_large("the run's result"))).await
        }
        Ended::Returned(Ok(result)) => {
            let result: Value = serde_json::from_slice(&result).unwrap_or(Value::Null);
            count(run, "done");
            kernel.complete(lease, &result).await
        }
        Ended::Returned(Err(failure)) => {
            tracing::warn!(class = ?failure.class, code = failure.code, "a run failed");
            end(inner, run, lease, Ending::Failed(failure)).await
        }
        Ended::Stopped(Stop::Suspended { wake_at, waiting }) => {
            kernel.suspend(lease, wake_at, waiting, Again::Resume).await?;
            inner.sleeps_until(wake_at);
            Ok(())
        }
        Ended::Stopped(Stop::Diverged(divergence)) => {
            tracing::error!(?divergence, "a replay took another way than the journal; the run stands still");
            end(inner, run, lease, Ending::Diverged(divergence)).await
        }
        Ended::Stopped(Stop::Limit(failure)) => {
            tracing::error!(code = failure.code, "a run went over a limit");
            end(inner, run, lease, Ending::Failed(failure)).await
        }
        Ended::Stopped(Stop::Kernel(error)) => Err(error),
        Ended::Trapped { reason, panic } => {
            tracing::error!(
                reason,
                untrusted_guest_text = panic,
                attempts = run.attempts,
                "a workflow component stopped"
            );
            trapped(inner, run, lease, &reason).await
        }
    }
}

/// A trap is a bug or a limit, yet may have been this host's load: tried again a few times, further apart.
async fn trapped<K: Kernel>(inner: &Arc<Inner<K>>, run: &Run, lease: &K::Lease, reason: &str) -> Result<(), Error> {
    if run.attempts + 1 >= inner.config.attempts {
        return end(inner, run, lease, Ending::Failed(stopped(reason))).await;
    }
    let backoff = inner.config.patience.backoff(run.attempts.max(0) as u32, None);
    let wake_at: OffsetDateTime = inner.kernel.now() + backoff;
    let waiting = Waiting { code: "component-stopped".into(), message: reason.to_owned() };
    inner.kernel.suspend(lease, wake_at, Some(waiting), Again::Retry).await
}

fn stopped(reason: &str) -> Failure {
    failure(Class::Permanent, "component-stopped", &format!("the workflow component stopped: {reason}"))
}

fn on_stall(plugin: &Plugin, workflow: &str) -> Option<String> {
    plugin.description.workflows.iter().find(|described| described.name == workflow)?.on_stall.clone()
}

fn count(run: &Run, ended: &'static str) {
    metrics::counter!("eaf_runs_total", "plugin" => run.plugin.clone(), "workflow" => run.workflow.clone(), "ended" => ended)
        .increment(1);
}

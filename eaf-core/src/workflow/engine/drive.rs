//! One execution of a run under its lease: from the claim to the suspension or the end of the run.
//!
//! When the lease is lost, the execution is dropped at whatever point it is.

use super::effects::{ANSWER_MAX, RunEffects, too_large};
use super::end::{Ending, count, end};
use super::{Ended, Error, Execution, Inner, Kernel, Stop};
use crate::capability::{Class, Failure, HostCode};
use crate::workflow::{Attempt, Entry, Lease, Run, Waiting};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::Instrument;

/// Delay until a run is claimed again whose product was inactive or not loaded.
const INACTIVE_DELAY: Duration = Duration::from_secs(30);

pub(super) async fn drive(inner: &Arc<Inner>, run: Run, lease: Lease) {
    let outcome = tokio::select! {
        biased;
        lost = keep_lease(inner.kernel.as_ref(), &lease) => Err(lost),
        () = closed(inner) => inner.kernel.release(&lease).await,
        outcome = execute_caught(inner, &run, &lease) => outcome,
    };
    match outcome {
        Ok(()) => {}
        Err(Error::Fenced) => tracing::info!("the run is another host's now"),
        Err(Error::Inactive(why)) => suspend_inactive(inner, &lease, why).await,
        // The lease expires, and this host or another one replays the run.
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "an execution was dropped"),
    }
}

async fn keep_lease(kernel: &dyn Kernel, lease: &Lease) -> Error {
    loop {
        tokio::time::sleep(kernel.renew_every()).await;
        match kernel.renew(lease).await {
            Ok(()) => {}
            Err(Error::Fenced) => return Error::Fenced,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease could not be renewed");
            }
        }
    }
}

async fn closed(inner: &Inner) {
    let mut closing = inner.closing.subscribe();
    // The sender is in `inner`, so it is not dropped during this wait.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Suspends a run because its product is inactive, for the reason `why`. No host claims the run
/// until the product is active again.
async fn suspend_inactive(inner: &Inner, lease: &Lease, why: &'static str) {
    tracing::info!(why, "the product of the run is inactive");
    let wake_at = inner.kernel.now() + INACTIVE_DELAY;
    let waiting = Waiting { code: HostCode::ProductInactive.as_str().into(), message: why.into() };
    match inner.kernel.suspend(lease, wake_at, waiting, Attempt::Continue).await {
        Ok(()) => inner.sleeps_until(wake_at),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a run of an inactive product could not be suspended"
            );
        }
    }
}

/// Executes a run. A panic of the host's own code counts as a trap, so that the run is not repeated
/// for ever.
async fn execute_caught(inner: &Arc<Inner>, run: &Run, lease: &Lease) -> Result<(), Error> {
    // A task of its own catches the panic. It is in a set, so that the task ends when this future
    // is dropped.
    let mut task = JoinSet::new();
    let (shared, of_run, of_lease) = (inner.clone(), run.clone(), *lease);
    let execution = async move { execute(&shared, &of_run, &of_lease).await };
    task.spawn(execution.instrument(tracing::Span::current()));
    match task.join_next().await {
        Some(Ok(Err(Error::Lost { code, cause }))) => {
            tracing::error!(
                code = code.as_str(),
                error = cause.as_ref() as &dyn std::error::Error,
                "the run cannot be replayed"
            );
            let lost = Failure::new(Class::Permanent, code, "the run's journal can no longer be read or written");
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

async fn execute(inner: &Arc<Inner>, run: &Run, lease: &Lease) -> Result<(), Error> {
    let Some(package) = inner.packages.find(&run.plugin) else {
        let waiting =
            Waiting { code: HostCode::NoPlugin.as_str().into(), message: format!("{} is not loaded", run.plugin) };
        return inner.kernel.suspend(lease, inner.kernel.now() + INACTIVE_DELAY, waiting, Attempt::Continue).await;
    };
    if package.domain().digest() != run.digest {
        // The run continues if its journal replays on the active package; otherwise it stops and
        // shows both sides of the divergence.
        tracing::info!(from = run.digest, to = package.domain().digest(), "a run meets another package");
    }
    let effects = Arc::new(RunEffects {
        kernel: inner.kernel.clone(),
        lease: *lease,
        run: run.clone(),
        capabilities: inner.capabilities.clone(),
        retry_policy: inner.config.retry_policy.clone(),
        package: package.clone(),
    });
    let entries = inner.kernel.load(lease).await?.into_iter();
    let mut journal: BTreeMap<i32, Entry> = entries.map(|entry| (entry.sequence, entry)).collect();
    effects.advance(&mut journal).await?;

    let Some(executor) = package.executor() else {
        let none = Failure::new(Class::Permanent, HostCode::NoWorkflow, "the package has no workflow component");
        return end(inner, run, lease, Ending::Failed(none)).await;
    };
    let input = json!({"event": run.event, "key": run.key}).to_string();
    let ended = executor.run(Execution::new(effects, journal), &run.workflow, input.as_bytes()).await;
    settle(inner, run, lease, ended).await
}

async fn settle(inner: &Inner, run: &Run, lease: &Lease, ended: Ended) -> Result<(), Error> {
    match ended {
        Ended::Returned(Ok(result)) if result.len() > ANSWER_MAX => {
            end(inner, run, lease, Ending::Failed(too_large("the run's result"))).await
        }
        Ended::Returned(Ok(result)) => {
            let result: Value = serde_json::from_slice(&result).unwrap_or(Value::Null);
            count(run, "done");
            inner.kernel.complete(lease, &result).await
        }
        Ended::Returned(Err(failure)) => {
            tracing::warn!(class = ?failure.class, code = failure.code, "a run failed");
            end(inner, run, lease, Ending::Failed(failure)).await
        }
        Ended::Stopped(stop) => stopped(inner, run, lease, stop).await,
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

async fn stopped(inner: &Inner, run: &Run, lease: &Lease, stop: Stop) -> Result<(), Error> {
    match stop {
        Stop::Suspended { wake_at, waiting } => {
            inner.kernel.suspend(lease, wake_at, waiting, Attempt::Continue).await?;
            inner.sleeps_until(wake_at);
            Ok(())
        }
        Stop::Diverged(divergence) => {
            tracing::error!(?divergence, "a replay took another way than the journal; the run is stopped");
            end(inner, run, lease, Ending::Diverged(divergence)).await
        }
        Stop::Limit(failure) => {
            tracing::error!(code = failure.code, "a run went over a limit");
            end(inner, run, lease, Ending::Failed(failure)).await
        }
        Stop::Kernel(error) => Err(error),
    }
}

/// Handles a trap of the workflow component. A trap is a bug or an exceeded limit, which may come
/// from a high load of this host. So the run is repeated a few times, with increasing delays.
async fn trapped(inner: &Inner, run: &Run, lease: &Lease, reason: &str) -> Result<(), Error> {
    if run.attempts + 1 >= inner.config.attempts {
        let message = format!("the workflow component stopped: {reason}");
        let failure = Failure::new(Class::Permanent, HostCode::ComponentStopped, message);
        return end(inner, run, lease, Ending::Failed(failure)).await;
    }
    let backoff = inner.config.retry_policy.backoff(run.attempts.max(0) as u32, None);
    let waiting = Waiting { code: HostCode::ComponentStopped.as_str().into(), message: reason.to_owned() };
    inner.kernel.suspend(lease, inner.kernel.now() + backoff, waiting, Attempt::Count).await
}

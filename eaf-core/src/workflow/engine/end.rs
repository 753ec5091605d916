//! End of a run without a result. The domain is notified before the run ends, so that no thing of
//! the domain waits for ever.

use super::{Error, Inner};
use crate::capability::{Class, Failure, HostCode};
use crate::workflow::{Attempt, Divergence, Lease, Run, Waiting};
use serde_json::json;

/// Maximum number of times that the notification of the domain is repeated, which takes about an
/// hour. After them the run ends without the notification.
const NOTIFICATIONS_MAX: i32 = 120;

pub(super) enum Ending {
    Failed(Failure),
    Diverged(Divergence),
}

impl Ending {
    /// Failure that the notification of the domain contains.
    fn failure(&self) -> Failure {
        match self {
            Ending::Failed(failure) => failure.clone(),
            Ending::Diverged(_) => {
                let message = "the workflow's code and the run's journal took different ways";
                Failure::new(Class::Permanent, HostCode::Diverged, message)
            }
        }
    }
}

pub(super) async fn end(inner: &Inner, run: &Run, lease: &Lease, ending: Ending) -> Result<(), Error> {
    if let Some(busy) = notify_domain(inner, run, lease, &ending.failure()).await? {
        let wake_at = inner.kernel.now() + inner.config.retry_policy.backoff(run.attempts.max(0) as u32, None);
        let waiting = Waiting { code: busy.code, message: busy.message };
        inner.kernel.suspend(lease, wake_at, waiting, Attempt::Count).await?;
        inner.sleeps_until(wake_at);
        return Ok(());
    }
    match ending {
        Ending::Failed(failure) => {
            count(run, "failed");
            inner.kernel.fail(lease, &failure).await
        }
        Ending::Diverged(divergence) => {
            count(run, "stopped");
            inner.kernel.stop(lease, &divergence).await
        }
    }
}

/// Notifies the domain by the workflow's `on_failure` command. `None`: the run may end. Otherwise
/// returns the failure because of which the domain cannot accept the command now, and the run
/// waits.
async fn notify_domain(inner: &Inner, run: &Run, lease: &Lease, failure: &Failure) -> Result<Option<Failure>, Error> {
    let package = inner.packages.find(&run.plugin);
    let Some(command) = package.and_then(|package| package.workflow(&run.workflow)?.on_failure.clone()) else {
        return Ok(None);
    };
    // The lease is renewed first, because a command is not fenced: a host that lost the run must
    // not give it.
    inner.kernel.renew(lease).await?;
    let body = json!({"key": run.key, "event": run.event.id, "code": failure.code, "message": failure.message});
    let key = format!("run:{}:ended", run.id);
    match inner.kernel.submit(run, &command, &body, &key).await {
        Ok(Ok(_)) => Ok(None),
        Ok(Err(refused)) if refused.class.is_retryable() && run.attempts < NOTIFICATIONS_MAX => Ok(Some(refused)),
        Ok(Err(refused)) => {
            tracing::error!(command, code = refused.code, "the domain refused the notification of a run's end");
            Ok(None)
        }
        Err(error @ Error::Store(_)) if run.attempts < NOTIFICATIONS_MAX => {
            tracing::warn!(command, error = &error as &dyn std::error::Error, "a run's end could not be notified");
            Ok(Some(Failure::new(Class::Transient, HostCode::Store, "the host's own store could not be reached")))
        }
        Err(error @ (Error::Store(_) | Error::Lost { .. })) => {
            tracing::error!(command, error = &error as &dyn std::error::Error, "a run ends without notification");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn count(run: &Run, ended: &'static str) {
    let (plugin, workflow) = (run.plugin.clone(), run.workflow.clone());
    metrics::counter!("eaf_runs_total", "plugin" => plugin, "workflow" => workflow, "ended" => ended).increment(1);
}

//! How a run ends without a result. The domain is told first, so that nothing waits for it for ever; only then is it
//! over.

use super::effects::failure;
use super::kernel::{Again, Divergence, Error, Kernel, Run, Waiting};
use super::{Inner, count};
use crate::Plugin;
use crate::engine::chain;
use eaf_capability::{Class, Failure};
use serde_json::json;

/// How often the telling is repeated before the run ends without it; about an hour.
const TELLINGS_MAX: i32 = 120;

pub(super) enum Ending {
    Failed(Failure),
    Diverged(Divergence),
}

impl Ending {
    /// As the domain is told.
    fn failure(&self) -> Failure {
        match self {
            Ending::Failed(failure) => failure.clone(),
            Ending::Diverged(_) => {
                failure(Class::Permanent, "diverged", "the workflow's code and the run's journal took different ways")
            }
        }
    }
}

pub(super) async fn end<K: Kernel>(inner: &Inner<K>, run: &Run, lease: &K::Lease, ending: Ending) -> Result<(), Error> {
    if let Some(busy) = tell(inner, run, lease, &ending.failure()).await? {
        let wake_at = inner.kernel.now() + inner.config.patience.backoff(run.attempts.max(0) as u32, None);
        let waiting = Waiting { code: busy.code, message: busy.message };
        inner.kernel.suspend(lease, wake_at, Some(waiting), Again::Retry).await?;
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

/// Why the domain could not take it in just now, if it could not.
async fn tell<K: Kernel>(
    inner: &Inner<K>,
    run: &Run,
    lease: &K::Lease,
    failure: &Failure,
) -> Result<Option<Failure>, Error> {
    let Some(command) = inner.plugins.get(&run.plugin).and_then(|plugin| on_failure(&plugin, &run.workflow)) else {
        return Ok(None);
    };
    // A command is not fenced: whoever lost the run must not speak for it.
    inner.kernel.renew(lease).await?;
    let body = json!({"key": run.key, "event": run.event.id, "code": failure.code, "message": failure.message});
    let key = format!("run:{}:ended", run.id);
    match inner.kernel.submit(run, &command, &body, &key).await {
        Ok(Ok(_)) => Ok(None),
        Ok(Err(refused)) if refused.class.is_retryable() && run.attempts < TELLINGS_MAX => Ok(Some(refused)),
        Ok(Err(refused)) => {
            tracing::error!(command, code = refused.code, "the domain did not take note of a run's end");
            Ok(None)
        }
        Err(Error::Store(error)) if run.attempts < TELLINGS_MAX => {
            tracing::warn!(command, error, "the domain could not be told of a run's end");
            Ok(Some(failure_of_store()))
        }
        Err(error @ (Error::Store(_) | Error::Lost(..))) => {
            tracing::error!(command, error = %chain(&error), "the domain was not told of a run's end");
            Ok(None)
        }
        Err(error @ (Error::Fenced | Error::Resting(_))) => Err(error),
    }
}

fn failure_of_store() -> Failure {
    failure(Class::Transient, "store", "the host's own store could not be reached")
}

fn on_failure(plugin: &Plugin, workflow: &str) -> Option<String> {
    plugin.description.workflows.iter().find(|described| described.name == workflow)?.on_failure.clone()
}

//! Steps of one call, from its intent to its outcome: the call is started, then polled, and the
//! journal is written after each step.

use super::effects::{ANSWER_MAX, too_large};
use super::retry_policy::millis;
use super::{Error, RunEffects};
use crate::capability::{Class, Failure, Granted, HostCode, Polled, Started};
use crate::workflow::{Entry, Outcome, Stall, State, Wait};
use serde_json::Value;
use std::time::Duration;

/// Step at which a call of a capability failed.
enum FailedAt {
    Start,
    /// The poll of the operation with this handle failed. The operation itself may continue.
    Poll(Value),
    Operation,
}

impl RunEffects {
    /// Makes a call for which the journal has no entry.
    pub(super) async fn begin(&self, mut entry: Entry, after: Option<&Value>) -> Result<Entry, Error> {
        let granted = match self.authorise(&entry).await? {
            Ok(granted) => granted,
            Err(denied) => {
                self.kernel.denied(&self.run, &entry).await?;
                entry.state = State::Done(Err(denied));
                return self.write(entry).await;
            }
        };
        if entry.function == "open" {
            entry.state = State::Done(Ok(Value::Null));
            return self.write(entry).await;
        }
        self.kernel.write(&self.lease, &entry).await?;
        self.start(entry, granted, after).await
    }

    /// Repeats a call for which the journal has only an intent. It is unknown whether the call had
    /// its effect.
    pub(super) async fn begin_again(&self, entry: Entry, after: Option<&Value>) -> Result<Entry, Error> {
        match self.authorise(&entry).await? {
            Ok(granted) => self.start(entry, granted, after).await,
            Err(denied) => self.deny(entry, denied).await,
        }
    }

    async fn start(&self, entry: Entry, granted: Granted, after: Option<&Value>) -> Result<Entry, Error> {
        let started = match (entry.capability.as_str(), entry.function.as_str()) {
            ("flow", "submit") => {
                let command = entry.args["command"].as_str().unwrap_or_default();
                let submitted = self.kernel.submit(&self.run, command, &entry.args["body"], &entry.idempotency_key);
                of_own_host(self.instrumented(&entry, submitted).await)?
            }
            ("flow", "read") => {
                let (view, key) = (entry.args["view"].as_str(), entry.args["key"].as_str());
                let row = self.kernel.read(&self.run, view.unwrap_or_default(), key.unwrap_or_default(), after);
                of_own_host(self.instrumented(&entry, row).await)?
            }
            ("flow", "settings") => {
                let settings = self.kernel.settings(&self.run);
                of_own_host(self.instrumented(&entry, settings).await)?
            }
            (capability, _) => match self.capabilities.get(capability) {
                None => Err(no_provider()),
                Some(capability) => {
                    let call = self.call(&entry, granted);
                    let started = self.with_timeout(capability.as_ref(), capability.start(&call));
                    self.instrumented(&entry, async { Ok(started.await) }).await?
                }
            },
        };
        match started {
            Ok(Started::Done(answer)) => self.finish(entry, Ok(answer)).await,
            Ok(Started::Pending { handle, poll_after }) => self.still_running(entry, handle, None, poll_after).await,
            Err(failure) => self.failed(entry, FailedAt::Start, failure).await,
        }
    }

    pub(super) async fn poll(&self, entry: Entry, handle: Value) -> Result<Entry, Error> {
        let granted = match self.authorise(&entry).await? {
            Ok(granted) => granted,
            Err(denied) => return self.deny(entry, denied).await,
        };
        let Some(capability) = self.capabilities.get(&entry.capability) else {
            return self.finish(entry, Err(no_provider())).await;
        };
        let call = self.call(&entry, granted);
        let polled = self.with_timeout(capability.as_ref(), capability.poll(&call, &handle));
        match self.instrumented(&entry, async { Ok(polled.await) }).await? {
            Ok(Polled::Done(answer)) => self.finish(entry, Ok(answer)).await,
            Ok(Polled::Running { progress, poll_after }) => {
                self.still_running(entry, handle, progress, poll_after).await
            }
            Ok(Polled::Ended(failure)) => self.failed(entry, FailedAt::Operation, failure).await,
            Err(failure) => self.failed(entry, FailedAt::Poll(handle), failure).await,
        }
    }

    pub(super) async fn finish(&self, mut entry: Entry, outcome: Outcome) -> Result<Entry, Error> {
        self.notify_recovered(&entry).await?;
        if let Err(failure) = &outcome {
            self.abandon(&entry, failure).await?;
        }
        let is_too_large = outcome.as_ref().is_ok_and(|answer| answer.to_string().len() > ANSWER_MAX);
        entry.state = State::Done(if is_too_large { Err(too_large("the call's answer")) } else { outcome });
        self.kernel.finish(&self.lease, &entry).await?;
        Ok(entry)
    }

    /// Lets the provider clean up the data that it stores about a call that failed for good.
    async fn abandon(&self, entry: &Entry, failure: &Failure) -> Result<(), Error> {
        let Some(capability) = self.capabilities.get(&entry.capability) else { return Ok(()) };
        let call = self.call(entry, Granted::without_connection(entry.grant.as_deref().unwrap_or_default()));
        match self.with_timeout(capability.as_ref(), capability.abandon(&call, failure)).await {
            Ok(()) => Ok(()),
            Err(error) if error.class.is_retryable() => Err(Error::Abandon(error)),
            Err(error) => {
                tracing::warn!(code = error.code, "a provider could not clean up a call that failed");
                Ok(())
            }
        }
    }

    async fn still_running(
        &self,
        mut entry: Entry,
        handle: Value,
        progress: Option<u8>,
        poll_after: Duration,
    ) -> Result<Entry, Error> {
        let now = millis(self.now());
        let before = entry.stall().cloned();
        let budget_start = entry.budget_start().cloned().or_else(|| before.as_ref().and_then(Stall::running_budget));
        let stall = before.filter(|stall| self.retry_policy.is_probing(stall, now));
        if stall.is_none() {
            self.notify_recovered(&entry).await?;
        }
        entry.progress = progress.map(|progress| progress.min(100)).or(entry.progress);
        let wait = Wait::Operation { handle, stall, budget_start };
        entry.state = State::Pending { wait, poll_at: self.now() + poll_after };
        self.set_pending(entry).await
    }

    /// Handles a failure of a call. A retryable failure makes the call wait for its repetition,
    /// until a retry budget is exhausted. Any other failure becomes the call's answer.
    async fn failed(&self, mut entry: Entry, at: FailedAt, failure: Failure) -> Result<Entry, Error> {
        if !failure.class.is_retryable() {
            return self.finish(entry, Err(failure)).await;
        }
        let now = millis(self.now());
        let budget_start = entry.budget_start().cloned();
        let stall = match at {
            FailedAt::Operation => Stall::of_operation(entry.stall(), budget_start.as_ref(), failure, now),
            FailedAt::Start | FailedAt::Poll(_) => Stall::of_call(entry.stall(), failure, now),
        };
        if self.retry_policy.is_exhausted(&stall, now) {
            return self.finish(entry, Err(stall.failure)).await;
        }
        let stall = self.notify_stalled(&entry, stall, now).await?;
        let poll_at = self.now() + self.retry_policy.backoff(stall.repeats, stall.failure.retry_after_ms);
        let wait = match at {
            FailedAt::Poll(handle) => Wait::Operation { handle, stall: Some(stall), budget_start },
            FailedAt::Start | FailedAt::Operation => Wait::Start { stall },
        };
        entry.state = State::Pending { wait, poll_at };
        self.set_pending(entry).await
    }
}

fn no_provider() -> Failure {
    Failure::new(Class::Configuration, HostCode::NoProvider, "this host does not offer the capability")
}

/// Converts the answer to a command or a read that this host serves itself. If the store cannot be
/// reached, the call has a retryable failure. A lost lease stays an error.
fn of_own_host(answer: Result<Outcome, Error>) -> Result<Result<Started, Failure>, Error> {
    match answer {
        Ok(outcome) => Ok(outcome.map(Started::Done)),
        Err(error @ Error::Store(_)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a call to the own domain is repeated");
            Ok(Err(Failure::new(Class::Transient, HostCode::Store, "the host's own store could not be reached")))
        }
        Err(error) => Err(error),
    }
}

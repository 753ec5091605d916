//! Call to a provider: its parameters, its time-out, its tracing span and its metric.

use super::{Error, RunEffects};
use crate::capability::{Call, Capability, Class, Failure, Granted, HostCode};
use crate::workflow::Entry;
use std::future::Future;
use std::time::Instant;
use tracing::{Instrument, field};

impl RunEffects {
    pub(super) fn call(&self, entry: &Entry, granted: Granted) -> Call {
        Call {
            tenant: self.run.tenant,
            plugin: self.run.plugin.clone(),
            run: self.run.id,
            event: self.run.event.id,
            sequence: entry.sequence,
            idempotency_key: entry.idempotency_key.clone(),
            granted,
            function: entry.function.clone(),
            args: entry.args.clone(),
            trace: self.run.trace.clone(),
        }
    }

    /// Waits for a provider's answer until the time-out; after it, the outcome of the call is
    /// unknown. A retryable failure gets the capability's own retry budget.
    pub(super) async fn with_timeout<T>(
        &self,
        capability: &dyn Capability,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let timeout = capability.call_timeout().unwrap_or(self.retry_policy.call_timeout);
        let late =
            |_| Err(Failure::new(Class::UnknownOutcome, HostCode::NoAnswer, "the call did not come back in time"));
        let ended = tokio::time::timeout(timeout, call).await.unwrap_or_else(late);
        ended.map_err(|failure| match capability.retry_budget() {
            Some(budget) if failure.class.is_retryable() => failure.keep_trying(budget),
            _ => failure,
        })
    }

    pub(super) async fn instrumented<T>(
        &self,
        entry: &Entry,
        call: impl Future<Output = Result<Result<T, Failure>, Error>>,
    ) -> Result<Result<T, Failure>, Error> {
        let span = tracing::info_span!(
            "host_call",
            tenant = %self.run.tenant,
            plugin = self.run.plugin,
            run = %self.run.id,
            seq = entry.sequence,
            capability = entry.capability,
            function = entry.function,
            grant = entry.grant,
            trace_id = %self.run.trace,
            outcome = field::Empty,
        );
        let started = Instant::now();
        let ended = call.instrument(span.clone()).await;
        let outcome = match &ended {
            Ok(Ok(_)) => "ok",
            Ok(Err(failure)) => failure.class.as_str(),
            Err(_) => "kernel",
        };
        let code = ended.as_ref().ok().and_then(|answer| answer.as_ref().err()).map(|failure| failure.code.as_str());
        span.record("outcome", outcome);
        span.in_scope(|| tracing::info!(outcome, code, millis = started.elapsed().as_millis() as u64, "host call"));
        let (capability, function) = (entry.capability.clone(), entry.function.clone());
        metrics::histogram!("eaf_host_call_seconds", "capability" => capability, "function" => function, "outcome" => outcome)
            .record(started.elapsed().as_secs_f64());
        ended
    }
}

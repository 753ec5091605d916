//! Acting at a run's frontier: authorise, write the intent, act, write what came of it.
//!
//! A failure that may pass is no answer: the call stays pending and is repeated with the same key, as [`Patience`] says.
//! When that takes longer than a moment the domain is told by the workflow's `on_stall` command, and told again when it
//! went through.

use super::kernel::{Entry, Error, Grant, Kernel, Outcome, Run, Stall, State, Wait};
use super::repetition::{Patience, millis};
use crate::manifest::Request;
use async_trait::async_trait;
use eaf_capability::{Call, Class, Failure, Polled, Provider, Started};
use eaf_core::grant::Denial;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tracing::Instrument;

/// An answer, as JSON; a larger one is the call's failure.
pub const ANSWER_MAX: usize = 1 << 20;

/// What an execution does when the journal has no answer.
#[async_trait]
pub trait Effects: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    /// The same on every repetition of a call.
    fn idempotency_key(&self, sequence: i32) -> String;
    fn log(&self, level: &str, message: &str);
    /// A new entry that reaches nothing outside.
    async fn write(&self, entry: Entry) -> Result<Entry, Error>;
    /// An entry of that kind whose row exists.
    async fn pend(&self, entry: Entry) -> Result<Entry, Error>;
    async fn begin(&self, entry: Entry, after: Option<&Value>) -> Result<Entry, Error>;
    /// The intent is written; whether it happened is not known.
    async fn begin_again(&self, entry: Entry, after: Option<&Value>) -> Result<Entry, Error>;
}

pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// [`Effects`] of one run, for as long as this host holds its lease.
pub struct Acting<K: Kernel> {
    pub kernel: Arc<K>,
    pub lease: K::Lease,
    pub run: Run,
    pub providers: Arc<Providers>,
    pub patience: Patience,
    pub on_stall: Option<String>,
    /// What the package asked an operator for.
    pub requests: Vec<Request>,
}

#[async_trait]
impl<K: Kernel> Effects for Acting<K> {
    fn now(&self) -> OffsetDateTime {
        self.kernel.now()
    }

    fn idempotency_key(&self, sequence: i32) -> String {
        format!("{}:{sequence}", self.run.id)
    }

    fn log(&self, level: &str, message: &str) {
        let (plugin, run, trace_id) = (&self.run.plugin, self.run.id, &self.run.trace);
        let untrusted_guest_text: String = message.chars().take(2_000).collect();
        match level {
            "error" | "warn" => tracing::warn!(plugin, %run, %trace_id, untrusted_guest_text, "a workflow says"),
            _ => tracing::debug!(plugin, %run, %trace_id, untrusted_guest_text, "a workflow says"),
        }
    }

    async fn write(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.write(&self.lease, &entry).await?;
        Ok(entry)
    }

    async fn pend(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.pend(&self.lease, &entry).await?;
        Ok(entry)
    }

    async fn begin(&self, mut entry: Entry, after: Option<&Value>) -> Result<Entry, Error> {
        let grant = match self.authorise(&entry).await? {
            Ok(grant) => grant,
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
        self.start(entry, grant, after).await
    }

    async fn begin_again(&self, entry: Entry, after: Option<&Value>) -> Result<Entry, Error> {
        match self.authorise(&entry).await? {
            Ok(grant) => self.start(entry, grant, after).await,
            Err(denied) => self.deny(entry, denied).await,
        }
    }
}

impl<K: Kernel> Acting<K> {
    /// Looks at every call that is due: asks for operations, repeats beginnings, ends timers. Writes what is new.
    pub async fn advance(&self, journal: &mut BTreeMap<i32, Entry>) -> Result<(), Error> {
        let after = last_command(journal);
        for entry in journal.values_mut() {
            let State::Pending { wait, poll_at } = &entry.state else { continue };
            if *poll_at > self.now() || entry.function == "progress-reaches" {
                continue;
            }
            let due = entry.clone();
            *entry = match wait.clone() {
                Wait::Time => self.finish(due, Ok(Value::Null)).await?,
                Wait::Start { .. } => self.begin_again(due, after.as_ref()).await?,
                Wait::Operation { handle, .. } => self.poll(due, handle).await?,
            };
        }
        self.advance_progress(journal).await
    }

    async fn advance_progress(&self, journal: &mut BTreeMap<i32, Entry>) -> Result<(), Error> {
        let is_watching = |entry: &&Entry| entry.function == "progress-reaches" && !entry.is_done();
        let watchers: Vec<Entry> = journal.values().filter(is_watching).cloned().collect();
        for mut watcher in watchers {
            let watched = watcher.args["operation"].as_i64().and_then(|sequence| journal.get(&(sequence as i32)));
            let Some(watched) = watched else { continue };
            let percent = watcher.args["percent"].as_u64().unwrap_or(100);
            if let Some(reached) = watched.reached(percent) {
                watcher = self.finish(watcher, Ok(json!(reached))).await?;
            } else if let (State::Pending { poll_at, .. }, State::Pending { .. }) = (&watched.state, &watcher.state) {
                watcher.state = State::Pending { wait: Wait::Time, poll_at: *poll_at };
            }
            journal.insert(watcher.sequence, watcher);
        }
        Ok(())
    }

    async fn start(&self, entry: Entry, grant: Grant, after: Option<&Value>) -> Result<Entry, Error> {
        let started = match (entry.capability.as_str(), entry.function.as_str()) {
            ("flow", "submit") => {
                let command = entry.args["command"].as_str().unwrap_or_default();
                let submitted = self.kernel.submit(&self.run, command, &entry.args["body"], &entry.idempotency_key);
                done(self.observed(&entry, submitted).await)?
            }
            ("flow", "read") => {
                let (view, key) = (entry.args["view"].as_str(), entry.args["key"].as_str());
                let row = self.kernel.read(&self.run, view.unwrap_or_default(), key.unwrap_or_default(), after);
                done(self.observed(&entry, row).await)?
            }
            (capability, _) => match self.providers.get(capability) {
                None => Err(failure(Class::Configuration, "no-provider", "this host does not offer the capability")),
                Some(provider) => {
                    let call = self.call(&entry, &grant);
                    let started = self.in_time(provider.as_ref(), provider.start(&call));
                    self.observed(&entry, async { Ok(started.await) }).await?
                }
            },
        };
        match started {
            Ok(Started::Done(answer)) => self.finish(entry, Ok(answer)).await,
            Ok(Started::Pending { handle, poll_after }) => self.under_way(entry, handle, None, poll_after).await,
            Err(failure) => self.failed(entry, Failed::Beginning, failure).await,
        }
    }

    async fn poll(&self, entry: Entry, handle: Value) -> Result<Entry, Error> {
        let grant = match self.authorise(&entry).await? {
            Ok(grant) => grant,
            Err(denied) => return self.deny(entry, denied).await,
        };
        let Some(provider) = self.providers.get(&entry.capability) else {
            let gone = failure(Class::Configuration, "no-provider", "this host does not offer the capability");
            return self.finish(entry, Err(gone)).await;
        };
        let call = self.call(&entry, &grant);
        let polled = self.in_time(provider.as_ref(), provider.poll(&call, &handle));
        match self.observed(&entry, async { Ok(polled.await) }).await? {
            Ok(Polled::Done(answer)) => self.finish(entry, Ok(answer)).await,
            Ok(Polled::Running { progress, poll_after }) => self.under_way(entry, handle, progress, poll_after).await,
            Ok(Polled::Ended(failure)) => self.failed(entry, Failed::Operation, failure).await,
            Err(failure) => self.failed(entry, Failed::Question(handle), failure).await,
        }
    }

    async fn finish(&self, mut entry: Entry, outcome: Outcome) -> Result<Entry, Error> {
        self.tell_recovered(&entry).await?;
        if let Err(failure) = &outcome {
            self.give_up(&entry, failure).await?;
        }
        let is_too_large = outcome.as_ref().is_ok_and(|answer| answer.to_string().len() > ANSWER_MAX);
        entry.state = State::Done(if is_too_large { Err(too_large("the call's answer")) } else { outcome });
        self.kernel.finish(&self.lease, &entry).await?;
        Ok(entry)
    }

    /// What the provider keeps of a call must not wait for ever for one that is over.
    async fn give_up(&self, entry: &Entry, failure: &Failure) -> Result<(), Error> {
        let Some(provider) = self.providers.get(&entry.capability) else { return Ok(()) };
        let call = self.call(entry, &Grant { scope: Value::Null });
        match self.in_time(provider.as_ref(), provider.abandon(&call, failure)).await {
            Ok(()) => Ok(()),
            Err(error) if error.class.is_retryable() => Err(Error::Store(error.message)),
            Err(error) => {
                tracing::warn!(code = error.code, "a provider could not put away a call that failed");
                Ok(())
            }
        }
    }

    async fn under_way(
        &self,
        mut entry: Entry,
        handle: Value,
        progress: Option<u8>,
        poll_after: Duration,
    ) -> Result<Entry, Error> {
        let now = millis(self.now());
        let before = entry.stall().cloned();
        let counted = entry.counted().cloned().or_else(|| before.as_ref().and_then(Stall::counted_on));
        let stall = before.filter(|stall| self.patience.is_on_trial(stall, now));
        if stall.is_none() {
            self.tell_recovered(&entry).await?;
        }
        entry.progress = progress.map(|progress| progress.min(100)).or(entry.progress);
        let wait = Wait::Operation { handle, stall, counted };
        entry.state = State::Pending { wait, poll_at: self.now() + poll_after };
        self.kernel.pend(&self.lease, &entry).await?;
        Ok(entry)
    }

    /// A failure that may pass is repeated until a budget is used up; any other is the answer.
    async fn failed(&self, mut entry: Entry, what: Failed, failure: Failure) -> Result<Entry, Error> {
        if !failure.class.is_retryable() {
            return self.finish(entry, Err(failure)).await;
        }
        let now = millis(self.now());
        let counted = entry.counted().cloned();
        let mut stall = match what {
            Failed::Operation => Stall::of_operation(entry.stall(), counted.as_ref(), failure, now),
            Failed::Beginning | Failed::Question(_) => Stall::of_call(entry.stall(), failure, now),
        };
        if self.patience.is_used_up(&stall, now) {
            return self.finish(entry, Err(stall.failure)).await;
        }
        if self.patience.is_news(&stall, now) && self.tell(&entry, &stall, Told::Stalled).await? {
            stall = Stall { told: true, told_code: Some(stall.failure.code.clone()), ..stall };
        }
        let poll_at = self.now() + self.patience.backoff(stall.repeats, stall.failure.retry_after_ms);
        let wait = match what {
            Failed::Question(handle) => Wait::Operation { handle, stall: Some(stall), counted },
            Failed::Beginning | Failed::Operation => Wait::Start { stall },
        };
        entry.state = State::Pending { wait, poll_at };
        self.kernel.pend(&self.lease, &entry).await?;
        Ok(entry)
    }

    async fn deny(&self, entry: Entry, denied: Failure) -> Result<Entry, Error> {
        self.kernel.denied(&self.run, &entry).await?;
        self.finish(entry, Err(denied)).await
    }

    /// Every live call is authorised, also its repetitions: a grant that was taken away ends them.
    async fn authorise(&self, entry: &Entry) -> Result<Result<Grant, Failure>, Error> {
        let Some(name) = &entry.grant else { return Ok(Ok(Grant { scope: Value::Null })) };
        if entry.function == "open" && !self.is_requested(entry, name) {
            let message = format!("plugin.toml does not request this interface of {} as {name}", entry.capability);
            return Ok(Err(failure(Class::Denied, "not-requested", &message)));
        }
        let granted = self.kernel.grant(&self.run, &entry.capability, name).await?;
        let capability = &entry.capability;
        Ok(granted.map_err(|denial| match denial {
            Denial::NotGranted => {
                let message = format!("{capability} was not granted under the name {name}");
                failure(Class::Denied, "not-granted", &message)
            }
            Denial::Expired => {
                let message = format!("the grant of {capability} under the name {name} has expired");
                failure(Class::Denied, "grant-expired", &message)
            }
        }))
    }

    /// Is the interface one of those that are asked for under this name? What was granted for reading changes nothing.
    fn is_requested(&self, entry: &Entry, grant: &str) -> bool {
        let lists = |interfaces: &[String]| {
            interfaces.is_empty() || interfaces.iter().any(|known| entry.args["interface"] == known.as_str())
        };
        let requests = self.requests.iter();
        requests
            .filter(|request| request.capability == entry.capability && request.grant == grant)
            .any(|request| lists(&request.interfaces))
    }

    async fn tell_recovered(&self, entry: &Entry) -> Result<(), Error> {
        match entry.stall() {
            Some(stall) if stall.told => self.tell(entry, stall, Told::Recovered).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Does the domain know now? It also does when it took no interest.
    ///
    /// The key is the stall's own, so that a crash after telling tells the same again and the ledger answers.
    async fn tell(&self, entry: &Entry, stall: &Stall, told: Told) -> Result<bool, Error> {
        let Some(command) = &self.on_stall else { return Ok(false) };
        let since = if told == Told::Stalled { stall.news_since() } else { stall.since };
        let key = format!("{}:stall:{since}:{}", entry.idempotency_key, told.word());
        let body = json!({
            "key": self.run.key,
            "stalled": told == Told::Stalled,
            "code": stall.failure.code,
            "message": stall.failure.message,
        });
        match self.kernel.submit(&self.run, command, &body, &key).await {
            Ok(Ok(_)) => Ok(true),
            // The domain may have moved on, or be out of reach; that must not hold up the run.
            Ok(Err(failure)) => {
                tracing::warn!(run = %self.run.id, command, code = failure.code, "the domain did not take note of a stall");
                Ok(failure.class == Class::Rejected)
            }
            Err(Error::Store(error)) => {
                tracing::warn!(run = %self.run.id, command, error, "the domain could not be told of a stall");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn call(&self, entry: &Entry, grant: &Grant) -> Call {
        Call {
            tenant: self.run.tenant,
            plugin: self.run.plugin.clone(),
            run: self.run.id,
            event: self.run.event.id,
            sequence: entry.sequence,
            idempotency_key: entry.idempotency_key.clone(),
            grant: entry.grant.clone().unwrap_or_default(),
            scope: grant.scope.clone(),
            function: entry.function.clone(),
            args: entry.args.clone(),
            trace: self.run.trace.clone(),
        }
    }

    async fn in_time<T>(
        &self,
        provider: &dyn Provider,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let ended = tokio::time::timeout(provider.call_timeout().unwrap_or(self.patience.call), call).await;
        let late = |_| Err(failure(Class::UnknownOutcome, "no-answer", "the call did not come back in time"));
        ended.unwrap_or_else(late).map_err(|failure| match provider.retry_budget() {
            Some(budget) if failure.class.is_retryable() => failure.keep_trying(budget),
            _ => failure,
        })
    }

    /// Runs a call under its span and counts it.
    async fn observed<T>(
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
        );
        let started = Instant::now();
        let ended = call.instrument(span.clone()).await;
        let outcome = match &ended {
            Ok(Ok(_)) => "ok",
            Ok(Err(failure)) => failure.class.as_str(),
            Err(_) => "kernel",
        };
        let code = ended.as_ref().ok().and_then(|answer| answer.as_ref().err()).map(|failure| failure.code.as_str());
        span.in_scope(|| tracing::info!(outcome, code, millis = started.elapsed().as_millis() as u64, "host call"));
        metrics::histogram!("eaf_host_call_seconds", "capability" => entry.capability.clone(), "function" => entry.function.clone(), "outcome" => outcome)
            .record(started.elapsed().as_secs_f64());
        ended
    }
}

/// What it was that failed.
#[derive(PartialEq)]
enum Failed {
    Beginning,
    /// Asking for the operation of this handle, which may go on.
    Question(Value),
    Operation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Stalled,
    Recovered,
}

impl Told {
    fn word(self) -> &'static str {
        match self {
            Told::Stalled => "stalled",
            Told::Recovered => "recovered",
        }
    }
}

/// The answer of the run's last command: reads must not be older.
pub fn last_command(journal: &BTreeMap<i32, Entry>) -> Option<Value> {
    journal.values().rev().find_map(|entry| match &entry.state {
        State::Done(Ok(answer)) if entry.capability == "flow" && entry.function == "submit" => Some(answer.clone()),
        _ => None,
    })
}

pub fn too_large(what: &str) -> Failure {
    failure(Class::Permanent, "too-large", &format!("{what} is more than is kept"))
}

pub fn failure(class: Class, code: &str, message: &str) -> Failure {
    Failure::new(class, code, message)
}

/// A store that cannot be reached now is a failure that passes; a lost lease is not.
fn done(answer: Result<Outcome, Error>) -> Result<Result<Started, Failure>, Error> {
    match answer {
        Ok(outcome) => Ok(outcome.map(Started::Done)),
        Err(Error::Store(error)) => {
            tracing::warn!(error, "a call to the own domain is repeated");
            Ok(Err(failure(Class::Transient, "store", "the host's own store could not be reached")))
        }
        Err(error) => Err(error),
    }
}

//! [`Kernel`] over `eaf_core`: PostgreSQL, the command bus, the views.

use super::effects::failure;
use super::kernel::{
    self, Again, Claimed, Divergence, Entry, Error, Grant, Kernel, Outcome, Run, State, Wait, Waiting,
};
use crate::Plugins;
use crate::engine::chain;
use async_trait::async_trait;
use eaf_capability::{Class, Failure};
use eaf_core::Core;
use eaf_core::actor::Caller;
use eaf_core::audit;
use eaf_core::command_bus::{self, Answer, Request};
use eaf_core::contract::{ColumnType, DomainError, ViewType};
use eaf_core::event_store::Position;
use eaf_core::grant::{self, Authorization, Denial, Resting};
use eaf_core::id::{ActorId, HostId};
use eaf_core::{crypto, db, view, workflow as journal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A view that should show the run's own command is waited for this long; then the read is repeated later.
const OWN_WRITE: Duration = Duration::from_secs(2);

/// Of a failure's message, in clear.
const DETAIL_MAX: usize = 500;

pub struct CoreKernel {
    core: Arc<Core>,
    plugins: Plugins,
    host: HostId,
    lease: Duration,
}

/// A result as it is sealed in the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sealed {
    Ok(Value),
    Err(Failure),
}

impl CoreKernel {
    /// `lease`: how long a run waits at most when this host dies.
    pub fn new(core: Arc<Core>, plugins: Plugins, host: HostId, lease: Duration) -> Self {
        CoreKernel { core, plugins, host, lease }
    }

    fn after(&self, at: OffsetDateTime) -> Duration {
        Duration::try_from(at - self.now()).unwrap_or_default()
    }
}

#[async_trait]
impl Kernel for CoreKernel {
    type Lease = journal::Lease;

    fn now(&self) -> OffsetDateTime {
        self.core.world.now()
    }

    fn renew_every(&self) -> Duration {
        self.lease / 3
    }

    async fn due(&self) {
        self.core.feed.run_due().await;
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed<journal::Lease>>, Error> {
        let plugins: Vec<String> = self.plugins.all().iter().map(|plugin| plugin.id().to_owned()).collect();
        let claimed = journal::claim(&self.core, self.host, self.lease, &plugins, limit as u32).await.map_err(store)?;
        Ok(claimed.into_iter().map(|(run, lease)| Claimed { run: from_core(run), lease }).collect())
    }

    async fn renew(&self, lease: &journal::Lease) -> Result<(), Error> {
        journal::renew(&self.core, lease).await.map_err(store)
    }

    async fn release(&self, lease: &journal::Lease) -> Result<(), Error> {
        journal::release(&self.core, lease).await.map_err(store)
    }

    async fn load(&self, lease: &journal::Lease) -> Result<Vec<Entry>, Error> {
        let entries = journal::load(&self.core, lease).await.map_err(store)?;
        entries.into_iter().map(entry).collect()
    }

    async fn write(&self, lease: &journal::Lease, entry: &Entry) -> Result<(), Error> {
        let new = journal::NewEntry {
            seq: entry.sequence,
            capability: entry.capability.clone(),
            grant: entry.grant.clone(),
            function: entry.function.clone(),
            args: entry.args.clone(),
            idempotency_key: entry.idempotency_key.clone(),
            target: target(entry),
            result: finished(entry),
        };
        journal::intend(&self.core, lease, &[new]).await.map_err(store)?;
        match entry.state {
            State::Pending { .. } => self.pend(lease, entry).await,
            _ => Ok(()),
        }
    }

    async fn pend(&self, lease: &journal::Lease, entry: &Entry) -> Result<(), Error> {
        let State::Pending { wait, poll_at } = &entry.state else { return Ok(()) };
        let after = self.after(*poll_at);
        let handle = serde_json::to_value(wait).map_err(|error| Error::Store(error.to_string()))?;
        journal::pend(&self.core, lease, entry.sequence, &handle, after).await.map_err(store)?;
        let is_running_again = matches!(wait, Wait::Operation { stall: Some(stall), .. } if stall.ended.is_some());
        match wait.stall() {
            Some(stall) if !is_running_again => {
                journal::retry(&self.core, lease, entry.sequence, &stall.failure.code, after).await
            }
            _ => journal::progress(&self.core, lease, entry.sequence, entry.progress, after).await,
        }
        .map_err(store)
    }

    async fn finish(&self, lease: &journal::Lease, entry: &Entry) -> Result<(), Error> {
        let Some(finished) = finished(entry) else { return Ok(()) };
        journal::finish(&self.core, lease, entry.sequence, &finished).await.map_err(store)
    }

    async fn suspend(
        &self,
        lease: &journal::Lease,
        wake_at: OffsetDateTime,
        waiting: Option<Waiting>,
        again: Again,
    ) -> Result<(), Error> {
        let waiting = waiting.unwrap_or_else(|| Waiting { code: "waiting".into(), message: "waiting".into() });
        let reason = journal::Reason {
            code: waiting.code,
            params: Map::from_iter([("message".to_owned(), Value::String(waiting.message))]),
        };
        let after = self.after(wake_at);
        match again {
            Again::Resume => journal::suspend(&self.core, lease, journal::Wake::After(after), &reason).await,
            Again::Retry => journal::retry_run(&self.core, lease, after, &reason).await,
        }
        .map_err(store)
    }

    async fn complete(&self, lease: &journal::Lease, result: &Value) -> Result<(), Error> {
        journal::complete(&self.core, lease, result).await.map_err(store)
    }

    async fn fail(&self, lease: &journal::Lease, failure: &Failure) -> Result<(), Error> {
        let class = failure.class.as_str();
        journal::fail(&self.core, lease, class, &failure.code).await.map_err(store)
    }

    async fn stop(&self, lease: &journal::Lease, divergence: &Divergence) -> Result<(), Error> {
        let divergence = journal::Divergence {
            seq: divergence.sequence,
            journal: Some(divergence.recorded.clone()),
            call: divergence.replayed.clone(),
        };
        journal::stop(&self.core, lease, &divergence).await.map_err(store)
    }

    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Grant, Denial>, Error> {
        let found = grant::authorize(&self.core.db, run.tenant, &run.plugin, capability, name).await;
        match found.map_err(|error| Error::Store(chain(&error)))? {
            Authorization::Granted(grant) => Ok(Ok(Grant { scope: grant.scope })),
            Authorization::Denied(denial) => Ok(Err(denial)),
            Authorization::Resting(resting) => Err(rests(resting)),
        }
    }

    async fn denied(&self, run: &Run, entry: &Entry) -> Result<(), Error> {
        let record = audit::Entry {
            actor: ActorId::SYSTEM,
            act: format!("{}.{}", entry.capability, entry.function),
            object: format!("{}/{}/{}", run.plugin, entry.grant.as_deref().unwrap_or_default(), run.id),
            outcome: "denied".into(),
            trace: run.trace.clone(),
        };
        let mut tx = self.core.db.tenant(run.tenant).await.map_err(|error| Error::Store(chain(&error)))?;
        let id = run.id.of_denial(entry.sequence);
        let recorded = audit::record_denied_call(&mut tx, id, &run.plugin, entry.grant.as_deref(), &record).await;
        recorded.map_err(|error| Error::Store(chain(&error)))?;
        tx.commit().await.map_err(|error| Error::Store(chain(&error)))
    }

    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error> {
        let resting = grant::resting(&self.core.db, run.tenant, &run.plugin).await;
        if let Some(resting) = resting.map_err(|error| Error::Store(chain(&error)))? {
            return Err(rests(resting));
        }
        let Some(plugin) = self.plugins.get(&run.plugin) else {
            return Err(Error::Store(format!("plugin {} is not loaded", run.plugin)));
        };
        let request = Request {
            name: command.to_owned(),
            body: body.clone(),
            idempotency_key: key.to_owned(),
            dry_run: false,
            precondition: None,
        };
        let caller = Caller::system(run.tenant, run.trace.clone());
        match command_bus::execute(&self.core, plugin.domain.as_ref(), &caller, request).await {
            Ok(Answer::Accepted { command_id, position, subject, .. }) => {
                Ok(Ok(json!({"command_id": command_id, "position": position, "subject": subject})))
            }
            Ok(Answer::Rejected(rejection)) => {
                let message = format!("the command {command} was rejected");
                Ok(Err(failure(Class::Rejected, &rejection.code, &message)))
            }
            Err(error) => refused(error),
        }
    }

    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error> {
        let plugin = self.plugins.get(&run.plugin);
        let described =
            plugin.as_ref().and_then(|plugin| plugin.description.views.iter().find(|known| known.name == view));
        let Some(described) = described else {
            return Ok(Err(failure(Class::NotFound, "unknown-view", &format!("the package declares no view {view}"))));
        };
        let own: Option<Position> =
            after.and_then(|answer| answer["position"].as_str()).and_then(|position| position.parse().ok());
        if let Some(position) = own {
            match view::wait_for(
                &self.core.db,
                &self.core.feed,
                run.tenant,
                &run.plugin,
                described,
                position,
                OWN_WRITE,
            )
            .await
            {
                Ok(()) | Err(view::Error::OtherEpoch) => {}
                Err(view::Error::Behind) => {
                    return Ok(Err(failure(
                        Class::Transient,
                        "view-behind",
                        "the view has not seen the last command yet",
                    )));
                }
                Err(error) => return Err(Error::Store(chain(&error))),
            }
        }
        let caller = Caller::system(run.tenant, run.trace.clone());
        let row = view::get(&self.core.db, &caller, &run.plugin, described, key).await;
        let row = row.map_err(|error| Error::Store(chain(&error)))?;
        Ok(Ok(row.map_or(Value::Null, |row| as_plugin_sees(row, described))))
    }
}

fn rests(resting: Resting) -> Error {
    Error::Resting(match resting {
        Resting::NotEnabled => "not enabled for the tenant",
        Resting::Stopped => "stopped for all tenants",
    })
}

fn store(error: journal::Error) -> Error {
    match error {
        journal::Error::Fenced => Error::Fenced,
        journal::Error::Erased(_) | journal::Error::Crypto(crypto::Error::Destroyed) => {
            Error::Lost("erased", chain(&error))
        }
        journal::Error::Full => Error::Lost("journal-entries", chain(&error)),
        journal::Error::Corrupt { .. }
        | journal::Error::NoEvent(_)
        | journal::Error::NotOpen { .. }
        | journal::Error::Crypto(crypto::Error::Tampered | crypto::Error::Malformed) => {
            Error::Lost("corrupt", chain(&error))
        }
        error => Error::Store(chain(&error)),
    }
}

/// What will be no better the next time is a failure; what may pass is repeated.
fn refused(error: command_bus::Error) -> Result<Outcome, Error> {
    use command_bus::Error as Bus;
    let (class, code) = match &error {
        Bus::UnknownCommand { .. } => (Class::NotFound, "unknown-command"),
        Bus::Conflict { .. } => (Class::Transient, "conflict"),
        Bus::UnknownEvent(_) => (Class::Transient, "event-unknown"),
        Bus::Overloaded { .. } => (Class::Transient, "overloaded"),
        Bus::Generation => (Class::Transient, "generation"),
        Bus::Domain(DomainError::Deadline) => (Class::Transient, "domain-deadline"),
        Bus::Domain(DomainError::Unavailable { .. }) => (Class::Transient, "domain-unavailable"),
        Bus::PersonErased | Bus::Erased => (Class::Permanent, "erased"),
        Bus::Db(_) | Bus::Store(_) | Bus::Ledger(_) | Bus::People(_) | Bus::Crypto(_) => {
            return Err(Error::Store(chain(&error)));
        }
        _ if db::is_transient(&error) => return Err(Error::Store(chain(&error))),
        _ => (Class::Permanent, "command-refused"),
    };
    tracing::warn!(error = %chain(&error), "a workflow's command was refused");
    Ok(Err(failure(class, code, "the command could not be carried out")))
}

fn from_core(run: journal::Run) -> Run {
    let journal::Run { tenant, id, plugin, digest, workflow, event, key, trace, attempts, .. } = run;
    Run { tenant, id, plugin, digest, workflow, event, key, trace, attempts }
}

fn entry(entry: journal::Entry) -> Result<Entry, Error> {
    let seq = entry.seq;
    let corrupt = |column: &str| Error::Lost("corrupt", format!("eaf.journal, row {seq}, column {column}"));
    let state = match entry.state {
        journal::State::Intent => State::Intent,
        journal::State::Done => {
            let sealed = entry.result.ok_or_else(|| corrupt("result"))?;
            State::Done(match serde_json::from_value(sealed).map_err(|_| corrupt("result"))? {
                Sealed::Ok(answer) => Ok(answer),
                Sealed::Err(failure) => Err(failure),
            })
        }
        journal::State::Pending => {
            let handle = entry.handle.ok_or_else(|| corrupt("handle"))?;
            let wait: Wait = serde_json::from_value(handle).map_err(|_| corrupt("handle"))?;
            State::Pending { wait, poll_at: entry.poll_at.ok_or_else(|| corrupt("poll_at"))? }
        }
    };
    Ok(Entry {
        sequence: entry.seq,
        capability: entry.capability,
        function: entry.function,
        grant: entry.grant,
        args: entry.args,
        idempotency_key: entry.idempotency_key,
        state,
        progress: entry.progress,
    })
}

fn finished(entry: &Entry) -> Option<journal::Finished> {
    let kernel::State::Done(outcome) = &entry.state else { return None };
    let (result, outcome, detail) = match outcome {
        Ok(answer) => (json!({"ok": answer}), "ok".to_owned(), None),
        Err(failure) => {
            let detail = failure.message.chars().take(DETAIL_MAX).collect();
            (json!({"err": failure}), failure.code.clone(), Some(detail))
        }
    };
    Some(journal::Finished { result, outcome, detail })
}

/// What a call acted on, in clear for lists: ids and names that the contract keeps free of personal data.
fn target(entry: &Entry) -> Option<String> {
    let named = |name: &str| entry.args.get(name).and_then(Value::as_str);
    let target = ["identity", "template", "command", "view", "path"].into_iter().find_map(named)?;
    Some(target.chars().take(200).collect())
}

/// Timestamps are milliseconds on the plugin's side.
fn as_plugin_sees(row: view::Row, view: &ViewType) -> Value {
    let mut columns = row.columns;
    for column in view.columns.iter().filter(|column| column.kind == ColumnType::Timestamp) {
        let Some(value) = columns.get_mut(&column.name) else { continue };
        let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        if let Some(at) = at {
            *value = json!((at.unix_timestamp_nanos() / 1_000_000) as i64);
        }
    }
    columns.insert("key".into(), Value::String(row.key));
    Value::Object(columns)
}

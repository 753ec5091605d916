//! [`Kernel`] of a real host: implemented over PostgreSQL, the command bus and the views.

use super::Packages;
use super::kernel::{Error, Kernel};
use crate::actor::Caller;
use crate::capability::granted::{self, Granted, Resolution};
use crate::capability::{Class, Failure, HostCode};
use crate::command_bus::{self, Answer, Request};
use crate::contract::{ColumnType, DomainError, ViewType};
use crate::event_store::Position;
use crate::grant::Denial;
use crate::id::{ActorId, HostId};
use crate::product::{self, Inactive};
use crate::view::PackageView;
use crate::workflow::{self, Attempt, Divergence, Entry, Lease, Outcome, Run, State, Waiting};
use crate::{Core, audit, consumers, crypto, db, setting, view};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Maximum time for which a read waits until the view shows the run's own command. After it, the
/// engine repeats the read later.
const OWN_WRITE: Duration = Duration::from_secs(2);

pub struct PostgresKernel {
    core: Arc<Core>,
    packages: Arc<dyn Packages>,
    host: HostId,
    lease: Duration,
}

impl PostgresKernel {
    /// Creates the kernel of a host. `lease` is the length of leases: if the host dies, a run waits
    /// at most for this time.
    pub fn new(core: Arc<Core>, packages: Arc<dyn Packages>, host: HostId, lease: Duration) -> Self {
        PostgresKernel { core, packages, host, lease }
    }

    fn after(&self, at: OffsetDateTime) -> Duration {
        Duration::try_from(at - self.now()).unwrap_or_default()
    }
}

#[async_trait]
impl Kernel for PostgresKernel {
    fn now(&self) -> OffsetDateTime {
        self.core.ambient.now()
    }

    fn renew_every(&self) -> Duration {
        self.lease / 3
    }

    async fn due(&self) {
        self.core.feed.run_due().await;
    }

    async fn claim(&self, plugins: &[String], limit: usize) -> Result<Vec<(Run, Lease)>, Error> {
        workflow::claim(&self.core.db, &self.core.keyring, self.host, self.lease, plugins, limit as u32)
            .await
            .map_err(of_runs)
    }

    async fn renew(&self, lease: &Lease) -> Result<(), Error> {
        workflow::renew(&self.core.db, lease).await.map_err(of_runs)
    }

    async fn release(&self, lease: &Lease) -> Result<(), Error> {
        workflow::release(&self.core.db, &self.core.feed, lease).await.map_err(of_runs)
    }

    async fn load(&self, lease: &Lease) -> Result<Vec<Entry>, Error> {
        self.core.journal.load(lease).await.map_err(of_runs)
    }

    async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        self.core.journal.write(lease, entry).await.map_err(of_runs)
    }

    async fn set_pending(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        let State::Pending { wait, poll_at } = &entry.state else { return Ok(()) };
        let set = self.core.journal.set_pending(lease, entry.sequence, wait, entry.progress, *poll_at);
        set.await.map_err(of_runs)
    }

    async fn finish(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        let State::Done(outcome) = &entry.state else { return Ok(()) };
        self.core.journal.finish(lease, entry.sequence, outcome).await.map_err(of_runs)
    }

    async fn suspend(
        &self,
        lease: &Lease,
        wake_at: OffsetDateTime,
        waiting: Waiting,
        attempt: Attempt,
    ) -> Result<(), Error> {
        workflow::suspend(&self.core.db, lease, self.after(wake_at), &waiting, attempt).await.map_err(of_runs)
    }

    async fn complete(&self, lease: &Lease, result: &Value) -> Result<(), Error> {
        workflow::complete(&self.core.db, &self.core.keyring, lease, result).await.map_err(of_runs)
    }

    async fn fail(&self, lease: &Lease, failure: &Failure) -> Result<(), Error> {
        workflow::fail(&self.core.db, lease, failure).await.map_err(of_runs)
    }

    async fn stop(&self, lease: &Lease, divergence: &Divergence) -> Result<(), Error> {
        workflow::stop(&self.core.db, lease, divergence).await.map_err(of_runs)
    }

    async fn grant(&self, run: &Run, capability: &str, name: &str) -> Result<Result<Granted, Denial>, Error> {
        let (db, connections) = (&self.core.db, &self.core.connections);
        let found = granted::resolve(db, connections, run.tenant, &run.plugin, capability, name).await;
        match found.map_err(store)? {
            Resolution::Granted(granted) => Ok(Ok(*granted)),
            Resolution::Denied(denial) => Ok(Err(denial)),
            Resolution::Inactive(inactive) => Err(of_inactive(inactive)),
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
        let mut tx = self.core.db.tenant(run.tenant).await.map_err(store)?;
        let id = run.id.of_denial(entry.sequence);
        let recorded = audit::record_denied_call(&mut tx, id, &run.plugin, entry.grant.as_deref(), &record).await;
        recorded.map_err(store)?;
        tx.commit().await.map_err(store)
    }

    async fn submit(&self, run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error> {
        let inactive = product::inactive(&self.core.db, run.tenant, &run.plugin).await;
        if let Some(inactive) = inactive.map_err(store)? {
            return Err(of_inactive(inactive));
        }
        let Some(package) = self.packages.find(&run.plugin) else {
            return Err(Error::Store(format!("plugin {} is not loaded", run.plugin).into()));
        };
        let request = Request {
            name: command.to_owned(),
            body: body.clone(),
            idempotency_key: key.to_owned(),
            dry_run: false,
            precondition: None,
        };
        let caller = Caller::system(run.tenant, run.trace.clone());
        match self.core.bus.execute(package.domain(), &caller, request).await {
            Ok(Answer::Accepted { command_id, position, subject, .. }) => {
                Ok(Ok(json!({"command_id": command_id, "position": position, "subject": subject})))
            }
            Ok(Answer::Rejected(rejection)) => {
                let message = format!("the command {command} was rejected");
                Ok(Err(Failure::from_parts(Class::Rejected, &rejection.code, message)))
            }
            Err(error) => refused(error),
        }
    }

    async fn settings(&self, run: &Run) -> Result<Outcome, Error> {
        let Some(package) = self.packages.find(&run.plugin) else {
            return Err(Error::Store(format!("plugin {} is not loaded", run.plugin).into()));
        };
        let mut tx = self.core.db.tenant(run.tenant).await.map_err(store)?;
        let schema = package.domain().description().settings.as_ref();
        let settings = setting::effective(&mut tx, &run.plugin, schema).await.map_err(store)?;
        Ok(Ok(Value::Object(settings)))
    }

    async fn read(&self, run: &Run, view: &str, key: &str, after: Option<&Value>) -> Result<Outcome, Error> {
        let package = self.packages.find(&run.plugin);
        let described = package
            .as_ref()
            .and_then(|package| package.domain().description().views.iter().find(|known| known.name == view));
        let Some(described) = described else {
            return Ok(Err(Failure::new(
                Class::NotFound,
                HostCode::UnknownView,
                format!("the package declares no view {view}"),
            )));
        };
        let own: Option<Position> =
            after.and_then(|answer| answer["position"].as_str()).and_then(|position| position.parse().ok());
        if let Some(position) = own {
            match consumers::wait_for(
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
                Err(view::Error::NotReached) => {
                    return Ok(Err(Failure::new(
                        Class::Transient,
                        HostCode::ViewBehind,
                        "the view has not seen the last command yet",
                    )));
                }
                Err(error) => return Err(store(error)),
            }
        }
        let caller = Caller::system(run.tenant, run.trace.clone());
        let row = view::get(&self.core.db, &caller, PackageView::alone(&run.plugin, described), key).await;
        let row = row.map_err(store)?;
        Ok(Ok(row.map_or(Value::Null, |row| as_plugin_sees(row, described))))
    }
}

fn of_inactive(inactive: Inactive) -> Error {
    Error::Inactive(match inactive {
        Inactive::NotEnabled => "not enabled for the tenant",
        Inactive::Stopped => "stopped for all tenants",
    })
}

fn store(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(Box::new(error))
}

fn of_runs(error: workflow::Error) -> Error {
    let lost = |code, error| Error::Lost { code, cause: Box::new(error) };
    match error {
        workflow::Error::Fenced => Error::Fenced,
        error @ (workflow::Error::Erased(_) | workflow::Error::Crypto(crypto::Error::Destroyed)) => {
            lost(HostCode::Erased, error)
        }
        error @ workflow::Error::Full => lost(HostCode::JournalEntries, error),
        error @ (workflow::Error::Corrupt { .. }
        | workflow::Error::NoEvent(_)
        | workflow::Error::NotOpen { .. }
        | workflow::Error::Crypto(crypto::Error::Tampered | crypto::Error::Malformed)) => {
            lost(HostCode::Corrupt, error)
        }
        error => store(error),
    }
}

/// Converts an error of the command bus. If a repetition of the command would have the same result,
/// the call fails. Otherwise it is an error of the store, and the engine repeats the command.
fn refused(error: command_bus::Error) -> Result<Outcome, Error> {
    use command_bus::Error as Bus;
    let (class, code) = match &error {
        Bus::UnknownCommand { .. } => (Class::NotFound, HostCode::UnknownCommand),
        Bus::Conflict { .. } => (Class::Transient, HostCode::Conflict),
        Bus::UnknownEvent(_) => (Class::Transient, HostCode::EventUnknown),
        Bus::Overloaded { .. } => (Class::Transient, HostCode::Overloaded),
        Bus::Generation => (Class::Transient, HostCode::Generation),
        Bus::Domain(DomainError::Deadline) => (Class::Transient, HostCode::DomainDeadline),
        Bus::Domain(DomainError::Unavailable { .. }) => (Class::Transient, HostCode::DomainUnavailable),
        Bus::PersonErased | Bus::Erased => (Class::Permanent, HostCode::Erased),
        Bus::Db(_) | Bus::Store(_) | Bus::Ledger(_) | Bus::People(_) | Bus::Settings(_) | Bus::Crypto(_) => {
            return Err(store(error));
        }
        _ if db::is_transient(&error) => return Err(store(error)),
        _ => (Class::Permanent, HostCode::CommandRefused),
    };
    tracing::warn!(error = &error as &dyn std::error::Error, "a workflow's command was refused");
    Ok(Err(Failure::new(class, code, "the command could not be carried out")))
}

/// Converts a view row for a plugin: timestamps become milliseconds since 1970.
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

//! Provider of the capability `vsphere`: passes each call of a plugin to the function that it
//! names.

use super::connection::{Connections, Settings, password};
use super::connection_type::connection_type;
use super::context::Context;
use super::functions::{self, Handle, Operation};
use super::record::Records;
use super::sessions::Sessions;
use super::vcenter::VCenter;
use super::{check, choices, connection_problem, failure, observe, scope};
use async_trait::async_trait;
use eaf_capability::HostCode;
use eaf_capability::{
    Call, Capability, ChoiceQuery, Choices, Class, ConnectionProblem, ConnectionType, DRAFT_SUFFIX, Failure,
    GrantedConnection, ObservationRequest, Observations, Polled, Provider, Report, Started,
};
use eaf_core::clock::Ambient;
use eaf_core::connection::Connection;
use eaf_core::id::{ActorId, TenantId};
use serde_json::Value;
use std::sync::Arc;

pub struct VSphere {
    connections: Arc<dyn Connections>,
    records: Arc<dyn Records>,
    ambient: Ambient,
    sessions: Sessions,
}

impl VSphere {
    pub fn new(
        connections: Arc<dyn Connections>,
        records: Arc<dyn Records>,
        ambient: Ambient,
        sessions: Sessions,
    ) -> Self {
        VSphere { connections, records, ambient, sessions }
    }

    fn context<'a>(&'a self, call: &'a Call, connection: &Connection) -> Result<Context<'a>, Failure> {
        let vcenter = self.open(call.tenant, connection)?;
        Ok(Context { vcenter, call, ambient: &self.ambient, records: self.records.as_ref() })
    }

    /// Records after a call whether the connection works. A failure that does not concern the
    /// connection changes nothing.
    async fn note_use(&self, call: &Call, connection: &Connection, failure: Option<&Failure>) {
        let error = match failure {
            None => None,
            Some(failure) if connection_problem::is_news(failure) => Some(failure.code.as_str()),
            Some(_) => return,
        };
        let noted = self.connections.used(call.tenant, connection, error).await;
        if let Err(error) = noted {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what a call says of its connection is not stored"
            );
        }
    }

    async fn by_name(&self, tenant: TenantId, connection: &str) -> Result<VCenter, Failure> {
        let found = self.connections.by_name(tenant, connection).await.map_err(|e| unreadable(&e))?;
        self.open(tenant, &found.ok_or_else(|| no_connection(connection))?)
    }

    fn open(&self, tenant: TenantId, connection: &Connection) -> Result<VCenter, Failure> {
        self.open_with(tenant, connection, Settings::of(connection).map_err(incomplete_settings)?)
    }

    fn open_with(&self, tenant: TenantId, connection: &Connection, settings: Settings) -> Result<VCenter, Failure> {
        let password = password(connection).ok_or_else(|| incomplete("The connection has no password yet.".into()))?;
        self.sessions.open(tenant, &connection.name, settings, password).map_err(|e| failure::of_read(&e.into()))
    }

    async fn check_opened(&self, vcenter: Result<VCenter, Failure>) -> Report {
        match vcenter {
            Ok(vcenter) => {
                vcenter.session.end_login_pause().await;
                check::check(&vcenter, self.sessions.timeouts.contact).await
            }
            Err(failure) => failure.into(),
        }
    }
}

async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    match context.call.function.as_str() {
        "ensure-folder" => functions::ensure_folder::start(context).await,
        "clone" => functions::clone::start(context).await,
        "reconfigure" => functions::reconfigure::start(context).await,
        "power-on" => functions::power::start_on(context).await,
        "power-off" => functions::power::start_off(context).await,
        "destroy" => functions::destroy::start(context).await,
        "forget" => functions::forget::start(context).await,
        "read-vm" => functions::read_vm::start(context).await,
        "await-address" => functions::await_address::start(context).await,
        other => Err(failure::new(
            Class::Permanent,
            HostCode::UnknownFunction,
            format!("The capability vsphere has no function {other}."),
        )),
    }
}

async fn poll(context: &Context<'_>, handle: &Handle) -> Result<Polled, Failure> {
    if context.vcenter.instance_uuid().await? != handle.vcenter {
        return Ok(Polled::Ended(functions::task_lost()));
    }
    let since = handle.since;
    match &handle.operation {
        Operation::Clone { task } => functions::clone::poll(context, task, since).await,
        Operation::Reconfigure { task } => functions::reconfigure::poll(context, task, since).await,
        Operation::Power { task, wanted, object } => {
            functions::power::poll(context, task, *wanted, object, since).await
        }
        Operation::Destroy { task, is_repeated } => functions::destroy::poll(context, task, *is_repeated, since).await,
        Operation::Address { until } => functions::await_address::poll(context, *until).await,
    }
}

#[async_trait]
impl Capability for VSphere {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        let connection = granted(call)?;
        let started = async { start(&self.context(call, connection)?).await }.await;
        self.note_use(call, connection, started.as_ref().err()).await;
        started
    }

    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        let connection = granted(call)?;
        let context = self.context(call, connection)?;
        let Ok(handle) = serde_json::from_value::<Handle>(handle.clone()) else {
            // Another version of the host stored this handle, and this version cannot read it.
            return Ok(Polled::Ended(functions::task_lost()));
        };
        // If the operation was started with the same address and user, that login has worked, so a
        // refused login is retryable now. An admin may have changed the settings to another account
        // meanwhile.
        let account = context.vcenter.account();
        if handle.account == account {
            context.vcenter.session.mark_worked();
        }
        let polled = poll(&context, &handle).await;
        self.note_use(call, connection, polled.as_ref().err()).await;
        match polled {
            // The operation of the handle is gone. The workflow engine starts the function again,
            // which begins with a read.
            Err(failure) if failure.class == Class::UnknownOutcome => Ok(Polled::Ended(failure)),
            // Any other failure concerns only this poll, and the operation continues.
            polled => polled,
        }
    }
}

#[async_trait]
impl Provider for VSphere {
    fn observable(&self) -> Option<Value> {
        Some(observe::observable())
    }

    async fn observe(&self, request: &ObservationRequest) -> Observations {
        let call = observe::call(request);
        let connection = match granted(&call) {
            Ok(connection) => connection,
            Err(failure) => return failure.into(),
        };
        let observed = match self.context(&call, connection) {
            Ok(context) => observe::observe(&context, request).await,
            Err(failure) => failure.into(),
        };
        self.note_use(&call, connection, observed.failure.as_ref()).await;
        observed
    }

    fn connection_problem(&self, failure: &Failure) -> ConnectionProblem {
        connection_problem::of(failure)
    }

    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        self.check_opened(self.by_name(tenant, connection).await).await
    }

    async fn check_draft(&self, tenant: TenantId, draft: &Connection, _: Option<ActorId>) -> Report {
        let draft = Connection { name: format!("{}{DRAFT_SUFFIX}", draft.name), ..draft.clone() };
        self.check_opened(self.open(tenant, &draft)).await
    }

    async fn choices(
        &self,
        tenant: TenantId,
        connection: &Connection,
        query: &ChoiceQuery<'_>,
    ) -> Result<Choices, Failure> {
        let settings = Settings::of_login(connection).map_err(incomplete_settings)?;
        let vcenter = Arc::new(self.open_with(tenant, connection, settings)?);
        choices::choices(&vcenter, self.sessions.timeouts.contact, query).await
    }

    async fn close_connection(&self, tenant: TenantId, connection: &str) {
        self.sessions.forget(tenant, connection);
        self.sessions.forget(tenant, &format!("{connection}{DRAFT_SUFFIX}"));
    }

    async fn close(&self) {
        self.sessions.close().await;
    }

    fn connections(&self) -> ConnectionType {
        connection_type()
    }

    fn scope(&self) -> Value {
        scope::schema()
    }
}

/// Connection that the call's grant names.
fn granted(call: &Call) -> Result<&Connection, Failure> {
    match &call.granted.connection {
        GrantedConnection::Found(connection) => Ok(connection),
        GrantedConnection::Missing(_) => Err(no_connection(&call.granted.name)),
        GrantedConnection::Unreadable(_) => Err(unreadable_settings()),
    }
}

fn incomplete_settings(why: String) -> Failure {
    incomplete(format!("The connection is not complete: {why}."))
}

fn incomplete(why: String) -> Failure {
    failure::new(Class::Configuration, HostCode::ConnectionSettings, why)
}

fn no_connection(name: &str) -> Failure {
    failure::new(
        Class::Configuration,
        HostCode::ConnectionMissing,
        format!("There is no vCenter connection behind {name:?}. A tenant admin can set it."),
    )
}

fn unreadable(error: &super::connection::Error) -> Failure {
    tracing::error!(error = error as &dyn std::error::Error, "a connection could not be read");
    unreadable_settings()
}

fn unreadable_settings() -> Failure {
    failure::new(Class::Transient, HostCode::ConnectionUnreadable, "The connection's settings could not be read.")
}

//! Capabilities: host APIs that workflows of plugins call. Each capability is a crate in
//! `eaf-host/capabilities/` that registers itself.
//!
//! A new capability needs:
//!
//! 1. its WIT package in `sdk/wit/deps/<name>/`;
//! 2. a crate `eaf-host/capabilities/<name>` with a [`Provider`], its [`ConnectionType`] with form
//!    and texts, and `inventory::submit!`;
//! 3. its dependency in `eaf-host/eaf/Cargo.toml`, so that the crate is linked;
//! 4. its interfaces with their functions in the [`Registration`];
//! 5. its failure codes as an enum ([`failure_codes!`](eaf_core::failure_codes)), with a sentence
//!    for each in its own `texts/{de,en}.toml`, and for each of its functions in
//!    `audit_texts/{de,en}.toml`.
//!
//! The host refuses two providers with the same name. Every connection to a server that a tenant
//! named goes through [`egress::Policy`].
//!
//! Workflows call a capability through the trait [`Capability`] of eaf-core: **every effect must be
//! repeatable**.

pub mod choices;
pub mod connection_type;
pub mod contact;
pub mod egress;
mod host_mail;
pub mod login_limiter;
mod observation;
mod report;
pub mod text;

pub use choices::{Choice, ChoiceQuery, ChoiceSelection, Choices, matches_search};
pub use connection_type::{ConnectionType, Field, Input, Violation};
pub use eaf_core::capability::{
    Call, Capabilities, Capability, Class, Failure, FailureCode, Granted, GrantedConnection, HostCode, Polled, Started,
};
pub use host_mail::HostMail;
pub use login_limiter::LoginLimiter;
pub use observation::{ConnectionProblem, ObservationRequest, Observations, ResourceState};
pub use report::{Finding, Kind, Report, Verdict};

use async_trait::async_trait;
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::db::TenantTx;
use eaf_core::id::{ActorId, TenantId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use text::Texts;
use text::mails::Templates;

/// Suffix of the connection name under which caches, such as that of sessions, store the state of a
/// draft. No stored connection has such a name, so a draft never replaces the state of a stored
/// connection.
pub const DRAFT_SUFFIX: &str = "/draft";

/// Failure of a provider's statement in a transaction of the host.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Implementation of a capability and of its connections, as workflow runs, tenant admins and the
/// host use it.
#[async_trait]
pub trait Provider: Capability {
    /// Repeats one item of a call that has ended, because an admin asks for it. In the capability
    /// `mail`, an item is a mail, identified by its Message-ID.
    async fn repeat_item(&self, _call: &Call, _item: &str) -> Result<Value, Failure> {
        Err(Failure::new(
            Class::Permanent,
            HostCode::UnknownFunction,
            "items of this capability's calls cannot be repeated",
        ))
    }

    /// Closes sessions and other resources that are open at other systems, because the host stops.
    /// Must return within seconds.
    async fn close(&self) {}

    /// Tests a stored connection for a tenant admin. The report has one finding per requirement.
    async fn check(&self, tenant: TenantId, connection: &str) -> Report;

    /// Tests a stored connection as [`check`](Self::check) does, and additionally causes a visible
    /// effect for the actor, such as a test mail to them.
    async fn test_with_effect(&self, tenant: TenantId, connection: &str, _actor: ActorId) -> Report {
        self.check(tenant, connection).await
    }

    /// Tests settings that are not stored, such as those in a form. If `_effect_for` is an actor,
    /// the test has a visible effect for that actor, such as a test mail; `None`: no effect.
    async fn check_draft(&self, _tenant: TenantId, _draft: &Connection, _effect_for: Option<ActorId>) -> Report {
        Failure::new(Class::Permanent, HostCode::UnknownFunction, "connections of this capability cannot be tested")
            .into()
    }

    /// Closes sessions and other resources of a connection, because the connection was deleted or
    /// its settings changed.
    async fn close_connection(&self, _tenant: TenantId, _connection: &str) {}

    /// Sends a mail of the host itself, such as an invitation, over a stored connection. Returns
    /// after the mail server has accepted the mail, which may take minutes.
    async fn send_host_mail(&self, _tenant: TenantId, _connection: &str, _mail: &HostMail<'_>) -> Result<(), Failure> {
        Err(Failure::new(Class::Permanent, HostCode::UnknownFunction, "this capability sends no mails of the host"))
    }

    /// Carries out one piece of the capability's own work that is due, such as sending a digest.
    /// Returns false if none was due. Several hosts may call this at the same time.
    async fn run_due(&self) -> bool {
        false
    }

    /// Updates records of the capability that depend on a connection, in the transaction that
    /// stores its settings. The host wakes the calls that wait for the connection.
    async fn connection_stored(&self, _tx: &mut TenantTx, _connection: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// Lists choices for a field of a form. The list is read with the connection's login and
    /// limited to the grant's scope.
    async fn choices(
        &self,
        _tenant: TenantId,
        _connection: &Connection,
        _query: &ChoiceQuery<'_>,
    ) -> Result<Choices, Failure> {
        Err(choices::no_such_list())
    }

    /// JSON Schema that the data of a managed resource matches if polling can read the resource.
    /// `None`: the capability does not observe its resources.
    fn observable(&self) -> Option<Value> {
        None
    }

    /// Reads the state of managed resources over one connection, one call after the other and in as
    /// few calls as possible. The result omits a resource whose state is unknown.
    async fn observe(&self, _request: &ObservationRequest) -> Observations {
        Observations { states: Vec::new(), failure: None }
    }

    /// Tells whether a failure is a problem of the connection, or concerns only the call.
    fn connection_problem(&self, _failure: &Failure) -> ConnectionProblem {
        ConnectionProblem::None
    }

    /// Description of this capability's connections: schemas and form.
    fn connections(&self) -> ConnectionType {
        ConnectionType::none()
    }

    /// JSON Schema of the scope of this capability's grants. A grant denies everything that its
    /// scope does not name.
    fn scope(&self) -> Value {
        serde_json::json!({ "type": "object", "additionalProperties": false })
    }
}

/// Providers of the host, by the name of the capability, such as `mail`.
pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// Returns the providers as the workflow engine uses them: only by the trait [`Capability`].
pub fn capabilities(providers: &Providers) -> Capabilities {
    providers.iter().map(|(name, provider)| (name.clone(), provider.clone() as Arc<dyn Capability>)).collect()
}

/// Information about the active packages that providers need. The crate of the plugin runtime
/// implements this trait.
pub trait Packages: Send + Sync {
    /// Names of the plugin's roles that hold a permission. `permission` is given without the
    /// plugin's prefix. Empty if there is no such plugin or permission.
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String>;
    /// Templates of the folder `mails/` of the plugin's package; `None` if there is no such plugin.
    fn mails(&self, plugin: &str) -> Option<Arc<Templates>>;
    /// Definition of a view of the plugin; `None` if there is no such plugin or view.
    fn view(&self, plugin: &str, name: &str) -> Option<ViewType>;
}

/// Services of the host that providers use. The host creates each provider from them once, at
/// start.
pub struct ProviderDependencies {
    pub core: Arc<eaf_core::Core>,
    pub packages: Arc<dyn Packages>,
    /// Egress policy, which limits the servers that a tenant's connection may name.
    pub egress: Arc<egress::Policy>,
    /// Login limiter for logins at the servers that tenants' connections name.
    pub login_limiter: Arc<LoginLimiter>,
    /// Public URL of this host without a trailing slash; links in mails begin with it.
    pub public_url: String,
}

/// Registration of a capability by its crate. The host creates the provider from it.
pub struct Registration {
    /// Name of the capability, and of its WIT package.
    pub name: &'static str,
    /// Interfaces of the capability's WIT package, which workflows import.
    pub interfaces: &'static [Interface],
    /// Failure codes that the capability's calls can have, besides those of [`HostCode`]:
    /// [`FailureCode::ALL`] of the enum by which it makes failures.
    pub failure_codes: &'static [&'static str],
    /// Sentences for the capability's failure codes, in the table `failures`. No other capability
    /// may use the same codes.
    pub texts: Texts,
    /// Texts of the audit for each function: a title in the table `acts`, and in the table `done`
    /// the sentence of a call that succeeded, with the parameters `who` and `thing`.
    pub audit: Texts,
    pub make: fn(&ProviderDependencies) -> Arc<dyn Provider>,
}

inventory::collect!(Registration);

/// Interface that workflows import: one WIT resource with the function `open` and these methods.
/// When a workflow calls a method, the host calls [`Capability::start`] with the method's name as
/// the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// Name of the interface in WIT, such as `lifecycle`.
    pub name: &'static str,
    /// Names of the interface's methods in WIT, such as `power-on`.
    pub functions: &'static [&'static str],
}

/// Lists the interfaces of all capabilities in this binary, each with the name of its capability.
pub fn interfaces() -> Vec<(&'static str, Interface)> {
    let registrations = inventory::iter::<Registration>.into_iter();
    let named = |one: &'static Registration| one.interfaces.iter().map(|interface| (one.name, *interface));
    registrations.flat_map(named).collect()
}

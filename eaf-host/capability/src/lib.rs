//! Host APIs that plugins can use. Each capability is a crate in `eaf-host/capabilities/` that
//! registers itself.
//!
//! A new capability needs:
//!
//! 1. its WIT package in `sdk/wit/deps/<name>/`;
//! 2. a crate `eaf-host/capabilities/<name>` with a [`Provider`], its [`ConnectionType`] with form
//!    and texts, and `inventory::submit!`;
//! 3. a line in `eaf-host/eaf/src/capabilities.rs`, so that the crate is linked;
//! 4. its interfaces with their functions in the [`Registration`];
//! 5. a sentence for each of its failures in its own `texts/{de,en}.toml`.
//!
//! The host sorts the providers by name and refuses two of one name. Connections to a server that a
//! tenant named go through [`egress::Policy`] without exception.
//!
//! Workflows call a capability by the trait [`Capability`] of the core: **every effect must be
//! repeatable**.

pub mod choices;
pub mod connection_type;
pub mod contact;
pub mod egress;
pub mod login_limiter;
mod observation;
mod report;
pub mod text;

pub use choices::{Choice, ChoiceQuery, ChoiceSelection, Choices, matches_search};
pub use connection_type::{ConnectionType, Field, Input, Violation};
pub use eaf_core::capability::{
    Call, Capabilities, Capability, Class, Failure, Granted, GrantedConnection, Polled, Started,
};
pub use login_limiter::LoginLimiter;
pub use observation::{ConnectionProblem, ObservationRequest, Observations, ResourceState};
pub use report::{Finding, Kind, Report, Verdict};

use async_trait::async_trait;
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, TenantId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use text::failures::Texts;
use text::mails::Templates;

/// Suffix of a draft's connection name in caches such as those of sessions. No stored connection
/// has such a name, so a draft never replaces the cached state of a stored connection.
pub const DRAFT_SUFFIX: &str = "/draft";

/// Capability with its connections, as runs, tenant admins and the host itself use it.
#[async_trait]
pub trait Provider: Capability {
    /// Repeats one item of a finished call at an admin's request. In the capability `mail`, an item
    /// is a mail, given by its Message-ID.
    async fn repeat_item(&self, _call: &Call, _item: &str) -> Result<Value, Failure> {
        Err(Failure::new(Class::Permanent, "unknown-function", "items of this capability's calls cannot be repeated"))
    }

    /// Closes open resources of other systems, such as sessions, when the host stops. Must end
    /// within seconds.
    async fn close(&self) {}

    /// Tests a stored connection for the tenant admin; the report has one finding per requirement.
    async fn check(&self, tenant: TenantId, connection: &str) -> Report;

    /// Tests a stored connection as [`check`](Self::check) does, with an effect for the actor, such
    /// as a mail to them.
    async fn test_with_effect(&self, tenant: TenantId, connection: &str, _actor: ActorId) -> Report {
        self.check(tenant, connection).await
    }

    /// Tests settings that are not stored, such as those of a form. With `_effect_for`, the test
    /// has an effect for that actor, such as a mail; none: no effect.
    async fn check_draft(&self, _tenant: TenantId, _draft: &Connection, _effect_for: Option<ActorId>) -> Report {
        Failure::new(Class::Permanent, "unknown-function", "connections of this capability cannot be tested").into()
    }

    /// Closes open resources of a connection that was deleted or whose settings changed.
    async fn close_connection(&self, _tenant: TenantId, _connection: &str) {}

    /// Lists choices for a field, with the connection's login and within the grant's scope.
    async fn choices(
        &self,
        _tenant: TenantId,
        _connection: &Connection,
        _query: &ChoiceQuery<'_>,
    ) -> Result<Choices, Failure> {
        Err(choices::no_such_list())
    }

    /// JSON Schema of the data of those managed resources that polling can read; none: the
    /// capability has no observation.
    fn observable(&self) -> Option<Value> {
        None
    }

    /// Reads managed resources over one connection, in as few calls as possible and in sequence.
    /// The result omits a resource whose state is unknown.
    async fn observe(&self, _request: &ObservationRequest) -> Observations {
        Observations { states: Vec::new(), failure: None }
    }

    /// Distinguishes a failure of the connection from a failure of the call.
    fn connection_problem(&self, _failure: &Failure) -> ConnectionProblem {
        ConnectionProblem::None
    }

    /// Shape of this capability's connections.
    fn connections(&self) -> ConnectionType {
        ConnectionType::none()
    }

    /// JSON Schema of the scopes of this capability's grants. A scope denies everything that it
    /// does not name.
    fn scope(&self) -> Value {
        serde_json::json!({ "type": "object", "additionalProperties": false })
    }
}

/// Providers of a host, by name of the capability.
pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// Converts providers to the capabilities of the workflow engine.
pub fn capabilities(providers: &Providers) -> Capabilities {
    providers.iter().map(|(name, provider)| (name.clone(), provider.clone() as Arc<dyn Capability>)).collect()
}

/// Facts about the active packages that providers need; the plugin runtime implements this trait.
pub trait Packages: Send + Sync {
    /// Roles that hold a permission of the plugin; `permission` is named without the plugin's
    /// prefix. Empty: there is no such plugin or permission.
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String>;
    /// Mail templates of the plugin; none: there is no such plugin.
    fn mails(&self, plugin: &str) -> Option<Arc<Templates>>;
    /// View of the plugin; none: there is no such plugin or view.
    fn view(&self, plugin: &str, name: &str) -> Option<ViewType>;
}

/// Services of the host from which providers are created, once, at start.
pub struct ProviderDependencies {
    pub core: Arc<eaf_core::Core>,
    pub packages: Arc<dyn Packages>,
    /// Policy that limits the servers which a tenant's connection may name.
    pub egress: Arc<egress::Policy>,
    /// Limiter of logins at servers which a tenant's connection names.
    pub login_limiter: Arc<LoginLimiter>,
    /// Public address of this host without a trailing slash, the prefix of links in mails.
    pub public_url: String,
}

/// Registration of a capability by its crate, with which the host creates the provider.
pub struct Registration {
    /// Name of the capability and of its WIT package.
    pub name: &'static str,
    /// Interfaces of the capability's WIT package.
    pub interfaces: &'static [Interface],
    /// Sentences for the failure codes of the capability. No other capability may have one of these
    /// codes.
    pub texts: Texts,
    pub make: fn(&ProviderDependencies) -> Arc<dyn Provider>,
}

inventory::collect!(Registration);

/// Interface that workflows import: one resource with the function `open` and these methods. A call
/// of a method is a [`Capability::start`] with the method's name as its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// Name in WIT, such as `lifecycle`.
    pub name: &'static str,
    /// Names of the methods in WIT, such as `power-on`.
    pub functions: &'static [&'static str],
}

/// Lists all interfaces in this binary, each with the name of its capability.
pub fn interfaces() -> Vec<(&'static str, Interface)> {
    let registrations = inventory::iter::<Registration>.into_iter();
    let named = |one: &'static Registration| one.interfaces.iter().map(|interface| (one.name, *interface));
    registrations.flat_map(named).collect()
}

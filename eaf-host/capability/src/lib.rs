//! What plugins can reach. One crate per capability in `eaf-host/capabilities/`; each registers
//! itself.
//!
//! A new capability needs:
//!
//! 1. its WIT package in `sdk/wit/deps/<name>/`;
//! 2. a crate `eaf-host/capabilities/<name>` with a [`Provider`], its [`ConnectionType`] with form
//!    and texts, and `inventory::submit!`;
//! 3. a line in `eaf-host/eaf/src/capabilities.rs`, so that the crate is linked;
//! 4. its imports in `eaf-host/plugin/src/imports/`;
//! 5. a sentence for each of its failures in `text/failures/{de,en}.toml`.
//!
//! The host sorts the providers by name and refuses two of one name. A server that a tenant names
//! is reached through [`egress::Policy`] and in no other way.
//!
//! The calls of workflows are the trait [`Capability`] of the core: **every effect must be
//! repeatable**.

pub mod choices;
pub mod connection_type;
pub mod contact;
pub mod egress;
pub mod logins;
mod observed;
mod report;
pub mod text;

pub use choices::{Asked, Choice, Choices, Wanted, is_like};
pub use connection_type::{ConnectionType, Field, Flaw, Input};
pub use eaf_core::capability::{Call, Capabilities, Capability, Class, Failure, Polled, Started};
pub use logins::Logins;
pub use observed::{Observed, Seen, Trouble, Watch};
pub use report::{Finding, Kind, Report, Verdict};

use async_trait::async_trait;
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, TenantId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use text::mails::Templates;

/// What the name of a draft ends with where something stays open for it, such as a session. No
/// stored connection has such a name, so that what is open for that one stays.
pub const DRAFT: &str = "/draft";

/// A capability with its connections: what runs, tenant admins and the host itself ask of it.
#[async_trait]
pub trait Provider: Capability {
    /// Repeats one item of a call that is over, because an admin wants it; of a mail its
    /// Message-ID.
    async fn repeat_item(&self, _call: &Call, _item: &str) -> Result<Value, Failure> {
        Err(Failure::new(Class::Permanent, "unknown-function", "nothing of this capability is done again"))
    }

    /// Closes what is open elsewhere, such as sessions, when the host stops. Takes seconds at most.
    async fn close(&self) {}

    /// Tests a stored connection for the tenant admin: all that is needed, and what is wrong.
    async fn check(&self, tenant: TenantId, connection: &str) -> Report;

    /// As [`check`](Self::check), with an effect for the person who asks, such as a mail to them.
    async fn test_with_effect(&self, tenant: TenantId, connection: &str, _actor: ActorId) -> Report {
        self.check(tenant, connection).await
    }

    /// Tests settings that are not stored, such as those in a form. `effect_for`: for whom the test
    /// has an effect.
    async fn check_draft(&self, _tenant: TenantId, _draft: &Connection, _effect_for: Option<ActorId>) -> Report {
        Failure::new(Class::Permanent, "unknown-function", "connections of this capability cannot be tested").into()
    }

    /// Closes what is open for a connection that was deleted or has other settings.
    async fn close_connection(&self, _tenant: TenantId, _connection: &str) {}

    /// Lists values of the other system to choose from, with the connection's login and within the
    /// grant's scope.
    async fn choices(
        &self,
        _tenant: TenantId,
        _connection: &Connection,
        _asked: &Asked<'_>,
    ) -> Result<Choices, Failure> {
        Err(choices::nothing())
    }

    /// The members of a thing's data that can be read again; none: nothing can.
    fn observable(&self) -> Option<Value> {
        None
    }

    /// Reads what it manages for a plugin over one connection, in as few calls as possible, one
    /// after the other. A thing whose state is not known is not in the answer.
    async fn observe(&self, _watch: &Watch) -> Observed {
        Observed { seen: Vec::new(), failure: None }
    }

    /// Tells a failure of the connection from one of the call.
    fn connection_trouble(&self, _failure: &Failure) -> Trouble {
        Trouble::None
    }

    /// Describes what may be stored as a connection of this capability.
    fn connections(&self) -> ConnectionType {
        ConnectionType::none()
    }

    /// JSON Schema of the scopes that a grant of this capability may have. What a scope does not
    /// name is denied.
    fn scope(&self) -> Value {
        serde_json::json!({ "type": "object", "additionalProperties": false })
    }
}

/// The providers of a host, by name.
pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// The calls of these providers, for the workflow engine.
pub fn capabilities(providers: &Providers) -> Capabilities {
    providers.iter().map(|(name, provider)| (name.clone(), provider.clone() as Arc<dyn Capability>)).collect()
}

/// What a provider may ask about the packages whose runs call it. The plugin runtime answers, from
/// the active packages.
pub trait Packages: Send + Sync {
    /// Roles that hold a permission of the plugin, named without its prefix. Empty: no such plugin
    /// or permission.
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String>;
    /// None: no such plugin.
    fn mails(&self, plugin: &str) -> Option<Arc<Templates>>;
    /// One of the plugin's views. None: no such plugin or view.
    fn view(&self, plugin: &str, name: &str) -> Option<ViewType>;
}

/// What a provider is made from, once, at start.
pub struct Parts {
    pub core: Arc<eaf_core::Core>,
    pub packages: Arc<dyn Packages>,
    /// Which servers a tenant's connection may name.
    pub egress: Arc<egress::Policy>,
    /// Refused logins at those servers.
    pub logins: Arc<Logins>,
    /// Where people reach this host, without a slash at the end: links in mails begin with it.
    pub public_url: String,
}

/// A provider's registration.
pub struct Registration {
    pub name: &'static str,
    pub make: fn(&Parts) -> Arc<dyn Provider>,
}

inventory::collect!(Registration);

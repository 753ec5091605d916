//! Who acts, in which tenant, with which rights: established once at the edge and passed down as the first argument.

use crate::id::{ActorId, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    Person,
    Service,
    System,
}

/// The languages that every text of the product exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    De,
    En,
}

impl Locale {
    pub fn as_str(self) -> &'static str {
        match self {
            Locale::De => "de",
            Locale::En => "en",
        }
    }
}

/// W3C trace id, 32 lower-case hex digits. Generated at the edge or taken from `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceId(pub String);

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who administers: an operator or a person, or the system where nobody is named. Acts of one command have one trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub actor: ActorId,
    /// On the command line: `operator`, or where none is named the operating system's user, such as `os:root@web-1`.
    pub origin: Option<String>,
    pub trace: TraceId,
}

/// A caller inside one tenant. `permissions` are full names (`dcm.request`), resolved from the roles by the host.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant: TenantId,
    pub actor: ActorId,
    pub kind: ActorKind,
    /// Display name; personal data: never to a log, an id or a key. Empty for the system.
    pub name: String,
    pub roles: Vec<String>,
    pub permissions: Vec<String>,
    pub locale: Locale,
    pub trace: TraceId,
}

impl Caller {
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|p| p == permission)
    }

    /// The system inside a tenant, e.g. a workflow that submits a command. It holds every permission of `plugin`
    /// implicitly: rules for people are decided by `kind`.
    pub fn system(tenant: TenantId, trace: TraceId) -> Self {
        Caller {
            tenant,
            actor: ActorId::SYSTEM,
            kind: ActorKind::System,
            name: String::new(),
            roles: vec!["system".into()],
            permissions: Vec::new(),
            locale: Locale::En,
            trace,
        }
    }
}

//! Callers and their rights. The host identifies the caller of a request once, where the request
//! arrives, and passes the caller down as an argument.

use crate::id::{ActorId, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    Person,
    Service,
    System,
}

/// Language of a person. Every text of the product exists in each of these languages.
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

/// W3C trace id: 32 lower-case hex digits, from the request's header `traceparent` or generated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceId(pub String);

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Author of an act in the audit trail, with the trace id. All acts of one HTTP request, or of one
/// command on the command line, have the same trace id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Actor of the act: an operator or a member. The system, if an act on the command line names
    /// no operator.
    pub actor: ActorId,
    /// Origin of an act on the command line: `operator`, or the user of the operating system, such
    /// as `os:root@web-1`, if no operator is named. `None` for other acts.
    pub origin: Option<String>,
    pub trace: TraceId,
}

/// Groups of a member, and the people for whom the member stands in or whom the member manages. The
/// rules of products read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affiliation {
    pub groups: Vec<String>,
    /// Persons for whom the member is the deputy now.
    pub stands_in_for: Vec<Principal>,
    /// Actor ids of the persons whose manager the member is.
    pub manages: Vec<ActorId>,
    pub cost_centre: String,
}

/// Person for whom a deputy stands in, with the rights of that person. Rules of products need them,
/// because a deputy may act where the person may.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Principal {
    pub id: ActorId,
    pub roles: Vec<String>,
    /// Permissions with the plugin's prefix, as [`Caller::permissions`]. Empty in the directory,
    /// which knows roles only: the host derives the permissions from `roles`.
    #[serde(default)]
    pub permissions: Vec<String>,
    pub groups: Vec<String>,
    /// Actor ids of the persons whose manager the person is.
    pub manages: Vec<ActorId>,
}

/// Actor in whose name a request is made in one tenant, with roles and permissions.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant: TenantId,
    pub actor: ActorId,
    pub kind: ActorKind,
    /// Display name of the caller; empty for the system. It is personal data, so it must not be in
    /// logs, ids or keys.
    pub name: String,
    pub roles: Vec<String>,
    /// Permissions of the caller with the plugin's prefix, such as `dcm.request`. The host derives
    /// them from `roles`.
    pub permissions: Vec<String>,
    /// Groups of the caller, and people for whom the caller acts. Empty for the system.
    pub affiliation: Affiliation,
    pub locale: Locale,
    pub trace: TraceId,
}

impl Caller {
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|p| p == permission)
    }

    /// Creates a caller that is the system, for example for a workflow that gives a command. The
    /// system has no permissions: rules check its `kind` instead.
    pub fn system(tenant: TenantId, trace: TraceId) -> Self {
        Caller {
            tenant,
            actor: ActorId::SYSTEM,
            kind: ActorKind::System,
            name: String::new(),
            roles: vec!["system".into()],
            permissions: Vec::new(),
            affiliation: Affiliation::default(),
            locale: Locale::En,
            trace,
        }
    }
}

//! Circumstances of a call of a domain component: time, tenant, and the caller with the persons for
//! whom the caller stands in.

use crate::actor::{self, ActorKind, Affiliation, Caller};
use crate::id::{ActorId, CommandId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Context {
    /// Current time by the host's clock, in milliseconds since 1970.
    pub now: i64,
    pub tenant: TenantId,
    pub actor: ContextActor,
    /// Language of the caller: `de` or `en`.
    pub locale: String,
    pub settings: Map<String, Value>,
    /// Seed for random values of the plugin: 32 random bytes, in hex.
    pub seed: String,
    /// Id of the command, equal on every retry with the same idempotency key. A plugin may use it
    /// as the id of a thing that the command creates.
    pub command_id: CommandId,
    pub trace_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContextActor {
    pub id: ActorId,
    pub kind: ActorKind,
    pub name: String,
    pub roles: Vec<String>,
    /// Permissions of the actor, without the plugin's prefix.
    pub permissions: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// Persons for whom the caller is the deputy now.
    #[serde(default)]
    pub stands_in_for: Vec<Principal>,
    /// Actor ids of the persons whose manager the caller is.
    #[serde(default)]
    pub manages: Vec<ActorId>,
    /// Cost centre of the caller. Empty: none is known.
    #[serde(default)]
    pub cost_centre: String,
}

/// Person for whom the caller stands in, as a plugin sees the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub id: ActorId,
    /// Permissions of the person, without the plugin's prefix.
    pub permissions: Vec<String>,
    pub groups: Vec<String>,
    /// Actor ids of the persons whose manager the person is.
    pub manages: Vec<ActorId>,
}

impl ContextActor {
    /// Converts a caller to the actor that a plugin sees: permissions lose the plugin's prefix.
    pub fn of(caller: &Caller, plugin: &str) -> Self {
        let Affiliation { groups, manages, cost_centre, .. } = caller.affiliation.clone();
        ContextActor {
            id: caller.actor,
            kind: caller.kind,
            name: caller.name.clone(),
            roles: caller.roles.clone(),
            permissions: own_permissions(&caller.permissions, plugin),
            groups,
            stands_in_for: Principal::of(caller, plugin),
            manages,
            cost_centre,
        }
    }
}

impl Principal {
    /// Persons for whom the caller stands in, as the plugin `plugin` sees them.
    fn of(caller: &Caller, plugin: &str) -> Vec<Self> {
        let principal = |person: &actor::Principal| Principal {
            id: person.id,
            permissions: own_permissions(&person.permissions, plugin),
            groups: person.groups.clone(),
            manages: person.manages.clone(),
        };
        caller.affiliation.stands_in_for.iter().map(principal).collect()
    }
}

/// Permissions of the plugin `plugin`, without its prefix.
fn own_permissions(permissions: &[String], plugin: &str) -> Vec<String> {
    let own = |name: &String| name.strip_prefix(plugin).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned);
    permissions.iter().filter_map(own).collect()
}

//! References to people in the contract, which the host resolves to members.

use crate::directory::PeopleQuery;
use crate::id::ActorId;
use serde::{Deserialize, Serialize};

/// Reference to people: the current members who are in any of these sets. In a message the
/// reference is a placeholder for their names, which the host inserts in an answer; a recorded
/// message has the placeholder and so no names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct PeopleRef {
    /// Permissions, without the package's prefix, whose holders are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// Keys of groups whose members are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Persons whose managers are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managers_of: Vec<ActorId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<ActorId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ActorId>,
}

impl PeopleRef {
    /// Name of the only JSON member of an object that is a placeholder.
    pub const MARK: &str = "x-eaf-people";

    /// Makes the query for the directory. `roles_holding` returns the roles that hold a permission
    /// of the package.
    pub fn query(&self, roles_holding: impl Fn(&str) -> Vec<String>) -> PeopleQuery {
        PeopleQuery {
            roles: self.permissions.iter().flat_map(|permission| roles_holding(permission)).collect(),
            groups: self.groups.clone(),
            managers_of: self.managers_of.clone(),
            actors: self.actors.clone(),
            except: self.except.clone(),
        }
    }
}

/// Reference to people with the ids of those who are meant, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedPeople {
    pub reference: PeopleRef,
    pub actors: Vec<ActorId>,
}

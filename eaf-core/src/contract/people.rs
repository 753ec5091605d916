//! References to people, as products make them. The host resolves them to members.

use super::Permission;
use crate::departure::Departed;
use crate::directory::PeopleQuery;
use crate::id::ActorId;
use serde::{Deserialize, Serialize};

/// Reference to people: the current members who are in any of these sets. In a message, such a
/// reference stands in place of names. The host inserts the names when the message is read, so that
/// a recorded message has no names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct PeopleRef {
    /// Permissions, without the package's prefix. Refers to the members who hold one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// Keys of groups. Refers to the members of these groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Actor ids of persons. Refers to the managers of these persons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managers_of: Vec<ActorId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<ActorId>,
    /// Actor ids of persons to whom the reference never leads. Their deputies are not added for
    /// their sake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ActorId>,
    /// Permissions, without the package's prefix. The reference leads to no person who holds none
    /// of them, nor to the deputy of such a person for that person's sake. Empty: none is demanded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub must_hold: Vec<String>,
    /// Whether the reference also leads to the present deputies of these people.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_deputies: bool,
}

impl PeopleRef {
    /// Name of a JSON member. An object with this member alone stands for the names of people.
    pub const MARK: &str = "x-eaf-people";

    /// Reference to people who have left, as the things of a package with these permissions refer
    /// to them.
    pub fn to_departed(departed: &Departed, permissions: &[Permission]) -> Self {
        let is_lost = |permission: &&Permission| permission.roles.iter().any(|role| departed.roles.contains(role));
        let ids = |ids: &[String]| ids.iter().filter_map(|id| id.parse().ok()).collect();
        PeopleRef {
            permissions: permissions.iter().filter(is_lost).map(|permission| permission.name.clone()).collect(),
            groups: departed.groups.clone(),
            managers_of: ids(&departed.reports),
            actors: ids(&departed.actors),
            ..PeopleRef::default()
        }
    }

    /// Makes the query that finds the people of this reference in the directory. `roles_holding`
    /// returns the roles that hold a permission of the package.
    pub fn query(&self, roles_holding: impl Fn(&str) -> Vec<String>) -> PeopleQuery {
        let roles = |permissions: &[String]| permissions.iter().flat_map(|name| roles_holding(name)).collect();
        PeopleQuery {
            roles: roles(&self.permissions),
            groups: self.groups.clone(),
            managers_of: self.managers_of.clone(),
            actors: self.actors.clone(),
            except: self.except.clone(),
            must_have_roles: (!self.must_hold.is_empty()).then(|| roles(&self.must_hold)),
            with_deputies: self.with_deputies,
        }
    }
}

/// Reference to people, with the actor ids of the members to whom it refers, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedPeople {
    pub reference: PeopleRef,
    pub actors: Vec<ActorId>,
}

//! References to people: a product names them by permission, group, manager or id, and the host
//! resolves who is meant, for texts and mails.
//!
//! A component knows no member but the caller, and its answers may be recorded without personal
//! data. A reference is valid as a parameter of a text and in a preview:
//!
//! ```
//! # use eaf_sdk::{Message, People};
//! let people = People::who_may("approve").except("a-requesters-id");
//! let message = Message::new("approval").param("people", people);
//! # assert_eq!(message.params["people"]["x-eaf-people"]["permissions"][0], "approve");
//! ```
//!
//! The text formats the parameter with `{{ people|names }}`: “A, B or C”.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Reference to people: the current members of the tenant who hold one of the permissions, belong
/// to one of the groups, manage one of the persons or are named by actor id. People with an
/// excluded actor id, or without a permission that the reference demands, are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct People {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    managers_of: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actors: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    except: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    must_hold: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    with_deputies: bool,
}

impl People {
    /// Refers to the holders of a permission, named without the plugin's prefix.
    pub fn who_may(permission: &str) -> Self {
        People { permissions: vec![permission.into()], ..People::default() }
    }

    /// Refers to the members of the group with this key.
    pub fn in_group(key: &str) -> Self {
        People { groups: vec![key.into()], ..People::default() }
    }

    /// Refers to the manager of a person, who is named by actor id.
    pub fn manager_of(actor: &str) -> Self {
        People { managers_of: vec![actor.into()], ..People::default() }
    }

    /// Refers to the person with this actor id.
    pub fn actor(actor: &str) -> Self {
        People { actors: vec![actor.into()], ..People::default() }
    }

    /// Refers to the people to whom at least one of the two references leads, without the people
    /// whom either reference excludes. If one of the two includes deputies, the result includes
    /// those of all. If one demands a permission, the result demands it of all; of several demanded
    /// permissions one suffices.
    pub fn or(mut self, other: People) -> Self {
        add(&mut self.permissions, other.permissions);
        add(&mut self.groups, other.groups);
        add(&mut self.managers_of, other.managers_of);
        add(&mut self.actors, other.actors);
        add(&mut self.except, other.except);
        add(&mut self.must_hold, other.must_hold);
        self.with_deputies |= other.with_deputies;
        self
    }

    /// Excludes the person with this actor id, such as the requester where the four-eyes principle
    /// applies.
    pub fn except(mut self, actor: &str) -> Self {
        self.except.push(actor.into());
        self
    }

    /// Limits the reference to the holders of a permission, named without the plugin's prefix, such
    /// as that of the command for which the people are asked.
    pub fn must_hold(mut self, permission: &str) -> Self {
        add(&mut self.must_hold, vec![permission.into()]);
        self
    }

    /// Refers also to the present deputies of these people. A deputy whom the reference excludes is
    /// not among them, and an excluded person adds no deputy.
    pub fn with_deputies(mut self) -> Self {
        self.with_deputies = true;
        self
    }

    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    pub fn managers_of(&self) -> &[String] {
        &self.managers_of
    }

    pub fn actors(&self) -> &[String] {
        &self.actors
    }

    pub fn excluded(&self) -> &[String] {
        &self.except
    }

    /// Permissions of which each person must hold one; empty: the reference demands none.
    pub fn demanded(&self) -> &[String] {
        &self.must_hold
    }

    /// Tells whether the reference leads to deputies too.
    pub fn includes_deputies(&self) -> bool {
        self.with_deputies
    }
}

/// Adds the entries that a list does not have yet.
fn add(list: &mut Vec<String>, more: Vec<String>) {
    for entry in more {
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
}

impl From<People> for Value {
    fn from(people: People) -> Value {
        json!({ "x-eaf-people": people })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_document_with_the_members_that_it_has() {
        let people = People::who_may("approve").except("anna");
        assert_eq!(json!(people), json!({ "permissions": ["approve"], "except": ["anna"] }));
        let people = people.with_deputies();
        let expected = json!({ "permissions": ["approve"], "except": ["anna"], "with_deputies": true });
        assert_eq!(json!(people), expected);
        assert_eq!(Value::from(people.clone()), json!({ "x-eaf-people": expected }));
        assert_eq!(serde_json::from_value::<People>(expected).unwrap(), people);
        let limited = People::in_group("finance").must_hold("decide").must_hold("decide");
        assert_eq!(json!(limited), json!({ "groups": ["finance"], "must_hold": ["decide"] }));
    }

    #[test]
    fn a_union_demands_the_permissions_of_both_parts() {
        let (one, other) = (People::in_group("finance").must_hold("decide"), People::actor("ben"));
        assert_eq!(other.clone().or(one.clone()).demanded(), ["decide"]);
        assert_eq!(one.or(other.must_hold("approve")).demanded(), ["decide", "approve"]);
    }

    #[test]
    fn a_union_includes_deputies_if_one_part_does() {
        let (one, other) = (People::in_group("finance"), People::actor("ben").with_deputies());
        assert!(one.clone().or(other.clone()).includes_deputies() && other.or(one.clone()).includes_deputies());
        assert!(!one.clone().or(one).includes_deputies());
    }
}

//! Persons in commands: a member of a command's body that names a member of the tenant by actor id.
//!
//! `Person<S>` is checked by the host before the component decides: the person is a current member
//! and holds the permission of `S`, or the command is refused with the pointer of the value.
//!
//! ```
//! # use eaf_sdk::person::{Person, Standing};
//! enum Decider {}
//! impl Standing for Decider {
//!     const PERMISSION: Option<&'static str> = Some("decide");
//! }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct PassOn {
//!     to: Person<Decider>,
//! }
//! ```

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Says who may be named.
pub trait Standing {
    /// Permission that the person must hold, without the plugin's prefix. `None`: any current
    /// member of the tenant may be named.
    const PERMISSION: Option<&'static str>;
}

/// Standing of any current member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyMember {}

impl Standing for AnyMember {
    const PERMISSION: Option<&'static str> = None;
}

/// Actor id of a member of the tenant.
pub struct Person<S> {
    id: String,
    standing: PhantomData<S>,
}

impl<S> Person<S> {
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<S> From<&str> for Person<S> {
    fn from(id: &str) -> Self {
        Person { id: id.to_owned(), standing: PhantomData }
    }
}

impl<S> Clone for Person<S> {
    fn clone(&self) -> Self {
        Person { id: self.id.clone(), standing: PhantomData }
    }
}

impl<S> fmt::Debug for Person<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.id)
    }
}

impl<S> PartialEq for Person<S> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<S> Serialize for Person<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de, S> Deserialize<'de> for Person<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Person { id: String::deserialize(deserializer)?, standing: PhantomData })
    }
}

impl<S: Standing> JsonSchema for Person<S> {
    fn schema_name() -> Cow<'static, str> {
        format!("Person_{}", S::PERMISSION.unwrap_or("member")).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mark = match S::PERMISSION {
            Some(permission) => serde_json::json!({ "permission": permission }),
            None => serde_json::json!({}),
        };
        json_schema!({ "type": "string", "format": "uuid", "x-eaf-person": mark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Decider {}

    impl Standing for Decider {
        const PERMISSION: Option<&'static str> = Some("decide");
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Sample {
        to: Person<Decider>,
        cc: Vec<Person<AnyMember>>,
        instead: Option<Person<AnyMember>>,
    }

    #[test]
    fn the_schema_marks_members_items_and_optional_members() {
        let schema = crate::component::schema::<Sample>();
        let members = &schema["properties"];
        assert_eq!(members["to"]["x-eaf-person"]["permission"], "decide");
        assert_eq!(members["cc"]["items"]["x-eaf-person"], serde_json::json!({}));
        assert_eq!(members["instead"]["x-eaf-person"], serde_json::json!({}));
    }

    #[test]
    fn a_person_is_written_as_an_actor_id() {
        let text = r#"{"to":"a","cc":["b"],"instead":null}"#;
        let sample: Sample = serde_json::from_str(text).unwrap();
        assert_eq!((sample.to.id(), sample.cc[0].id()), ("a", "b"));
        assert_eq!(serde_json::to_string(&sample).unwrap(), text);
    }
}

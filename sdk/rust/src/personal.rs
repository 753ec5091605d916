//! Personal data in events and commands. The Rust type of a member says whose data the member
//! contains, so that no member is unmarked by mistake.
//!
//! `Personal<S>` is a text that the host encrypts under the data key of a person. That person's
//! actor id is in the member `S::MEMBER` of the same object. After the person's erasure the text is
//! empty. `Debug` never shows the text.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Says whose data a personal member contains. Another member of the same object, named by
/// `MEMBER`, contains that person's actor id.
pub trait Subject {
    /// Name of the member, beside the personal one, that contains the person's actor id.
    const MEMBER: &'static str;
}

/// Subject of personal members in a command's body: the actor who gives the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandActor {}

impl Subject for CommandActor {
    const MEMBER: &'static str = "$actor";
}

pub struct Personal<S> {
    text: Option<String>,
    subject: PhantomData<S>,
}

impl<S> Personal<S> {
    pub fn new(text: impl Into<String>) -> Self {
        Personal { text: Some(text.into()), subject: PhantomData }
    }

    /// Returns the text; empty once the person has been erased.
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }

    /// Returns the text; `None` once the person has been erased.
    pub fn into_option(self) -> Option<String> {
        self.text
    }

    pub fn to_option(&self) -> Option<String> {
        self.text.clone()
    }

    /// Returns the same text as data of another person, such as a reason that is the caller's data
    /// in a command and the requester's data in the event.
    pub fn reassign<T>(self) -> Personal<T> {
        Personal { text: self.text, subject: PhantomData }
    }
}

impl<S> Clone for Personal<S> {
    fn clone(&self) -> Self {
        Personal { text: self.text.clone(), subject: PhantomData }
    }
}

impl<S> fmt::Debug for Personal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl<S> PartialEq for Personal<S> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<S> Serialize for Personal<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de, S> Deserialize<'de> for Personal<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Personal { text: Option::deserialize(deserializer)?, subject: PhantomData })
    }
}

impl<S: Subject> JsonSchema for Personal<S> {
    fn schema_name() -> Cow<'static, str> {
        format!("Personal_{}", S::MEMBER).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-eaf-personal": { "subject": S::MEMBER } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    enum Owner {}
    impl Subject for Owner {
        const MEMBER: &'static str = "owner_id";
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Sample {
        owner_id: String,
        note: Personal<Owner>,
        remark: Option<Personal<Owner>>,
    }

    #[test]
    fn the_schema_marks_optional_members_too() {
        let schema = crate::component::schema::<Sample>();
        assert_eq!(schema["properties"]["note"]["x-eaf-personal"]["subject"], "owner_id");
        assert_eq!(schema["properties"]["remark"]["x-eaf-personal"]["subject"], "owner_id");
        assert!(schema["properties"]["owner_id"].get("x-eaf-personal").is_none());
    }

    #[test]
    fn an_erased_text_is_empty() {
        for erased in [r#"{"owner_id":"a","note":null,"remark":null}"#, r#"{"owner_id":"a"}"#] {
            let sample: Sample = serde_json::from_str(erased).unwrap();
            assert_eq!(sample.note.as_str(), "");
        }
    }

    #[test]
    fn debug_output_omits_the_text() {
        let sample = Sample { owner_id: "a".into(), note: Personal::new("likes tea"), remark: None };
        assert!(!format!("{sample:?}").contains("tea"));
    }
}

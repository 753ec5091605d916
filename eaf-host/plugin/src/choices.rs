//! Members of a command that are chosen from another system's list, as a schema marks them:
//! `"x-eaf-choices": {"capability", "grant", "of"}`.

use serde::Deserialize;
use serde_json::Value;

pub const KEYWORD: &str = "x-eaf-choices";

/// Source of a list: `of` is a word of the capability, such as `template`.
#[derive(Debug, Deserialize)]
pub struct Source {
    pub capability: String,
    pub grant: String,
    pub of: String,
}

/// Marks of a command's body, with the names of the members.
pub fn marks(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.filter_map(|(name, member)| Some((name, member.get(KEYWORD)?)))
}

/// Marked members, without marks that cannot be read.
pub fn marked(schema: &Value) -> impl Iterator<Item = (&String, Source)> {
    marks(schema).filter_map(|(name, mark)| Some((name, Source::deserialize(mark).ok()?)))
}

//! Members of a command that are chosen from another system's list. The schema of the command marks
//! them with `"x-eaf-choices": {"capability", "grant", "of"}`.

use serde::Deserialize;
use serde_json::Value;

pub const KEYWORD: &str = "x-eaf-choices";

/// Source of a member's choices: a grant of a capability, and in `of` the name of the list, such as
/// `template`.
#[derive(Debug, Deserialize)]
pub struct Source {
    pub capability: String,
    pub grant: String,
    pub of: String,
}

/// Lists the marks in a command's schema, with the names of the marked members.
pub fn marks(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.filter_map(|(name, member)| Some((name, member.get(KEYWORD)?)))
}

/// Lists the marked members of a command with the source of their choices, except marks that cannot
/// be read.
pub fn marked(schema: &Value) -> impl Iterator<Item = (&String, Source)> {
    marks(schema).filter_map(|(name, mark)| Some((name, Source::deserialize(mark).ok()?)))
}

//! JSON members of a command whose value people choose from another system's list. The command's
//! JSON Schema marks them with `"x-eaf-choices": {"capability", "grant", "of"}`.

use serde::Deserialize;
use serde_json::Value;

pub const KEYWORD: &str = "x-eaf-choices";

/// Where the choices for a command's member come from: a grant of a capability, and in `of` the
/// name of the capability's list, such as `template`.
#[derive(Debug, Deserialize)]
pub struct Source {
    pub capability: String,
    pub grant: String,
    pub of: String,
}

/// Lists the members of a command's JSON Schema that are marked with choices: each with its name
/// and its mark.
pub fn marks(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.filter_map(|(name, member)| Some((name, member.get(KEYWORD)?)))
}

/// Lists the members of a command's JSON Schema that are marked with choices, each with the source
/// of the choices. Marks that cannot be parsed are skipped.
pub fn marked(schema: &Value) -> impl Iterator<Item = (&String, Source)> {
    marks(schema).filter_map(|(name, mark)| Some((name, Source::deserialize(mark).ok()?)))
}

//! Search in a JSON Schema for the schema of one member of a document, which a JSON pointer such as
//! `/vm/name` names.

use serde_json::Value;

/// Type that a JSON Schema permits for a member.
#[derive(Debug, PartialEq, Eq)]
pub enum Member {
    /// The schema permits no member at the JSON pointer.
    Missing,
    /// The schema permits a member at the JSON pointer, but not as a string.
    NoText,
    /// The schema permits a string as the member at the JSON pointer.
    Text,
}

/// Finds the type that a JSON Schema permits for the member at a JSON pointer. A member that may be
/// a string or null counts as a string.
pub fn member(schema: &Value, pointer: &str) -> Member {
    let Some(path) = pointer.strip_prefix('/') else { return Member::Missing };
    let steps: Vec<String> = path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    walk(schema, &steps)
}

/// Names of the JSON members that the schema's root object declares. Empty if the schema declares
/// no members, which means that any member is permitted.
pub fn names(schema: &Value) -> Vec<&str> {
    let own = schema.get("properties").and_then(Value::as_object);
    let mut found: Vec<&str> = own.into_iter().flat_map(|members| members.keys().map(String::as_str)).collect();
    found.extend(branches(schema).flat_map(names));
    found
}

/// Names of the JSON members that the schema's root object requires.
pub fn required(schema: &Value) -> Vec<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn walk(schema: &Value, steps: &[String]) -> Member {
    let Some((step, rest)) = steps.split_first() else { return leaf(schema) };
    let declared = schema.get("properties").and_then(|members| members.get(step));
    let found = match declared {
        Some(member) => walk(member, rest),
        None => beside_properties(schema, rest),
    };
    let best = branches(schema).map(|branch| walk(branch, steps)).fold(found, better);
    // A schema that has no rule about members permits every member.
    let says_nothing = schema.get("properties").is_none() && branches(schema).next().is_none();
    if says_nothing && best == Member::Missing && schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Member::Text;
    }
    best
}

fn beside_properties(schema: &Value, rest: &[String]) -> Member {
    match schema.get("additionalProperties") {
        Some(members @ Value::Object(_)) => walk(members, rest),
        Some(Value::Bool(true)) => Member::Text,
        _ => Member::Missing,
    }
}

fn leaf(schema: &Value) -> Member {
    let is_text = |kind: &Value| kind == "string";
    let said = match schema.get("type") {
        Some(Value::Array(kinds)) => Some(kinds.iter().any(is_text)),
        Some(kind) => Some(is_text(kind)),
        None => None,
    };
    match said {
        Some(true) => Member::Text,
        Some(false) => Member::NoText,
        None if branches(schema).next().is_none() => Member::Text,
        None => branches(schema).map(leaf).fold(Member::NoText, better),
    }
}

fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    let of = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    ["anyOf", "oneOf", "allOf"].into_iter().filter_map(of).flatten()
}

fn better(one: Member, other: Member) -> Member {
    match (one, other) {
        (Member::Text, _) | (_, Member::Text) => Member::Text,
        (Member::NoText, _) | (_, Member::NoText) => Member::NoText,
        _ => Member::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pointer_is_followed_through_objects_and_branches() {
        let schema = json!({
            "properties": {
                "id": { "type": "string" }, "by": { "type": ["string", "null"] }, "size": { "type": "integer" },
                "spec": { "properties": { "a/b": { "anyOf": [{ "type": "string" }, { "type": "null" }] } } },
                "open": {},
            },
            "oneOf": [{ "properties": { "other": { "type": "string" } } }],
        });
        for pointer in ["/id", "/by", "/spec/a~1b", "/other", "/open", "/open/anything"] {
            assert_eq!(member(&schema, pointer), Member::Text, "{pointer}");
        }
        assert_eq!(member(&schema, "/size"), Member::NoText);
        for pointer in ["", "id", "/", "/Id", "/spec/a", "/spec/b"] {
            assert_eq!(member(&schema, pointer), Member::Missing, "{pointer}");
        }
    }
}

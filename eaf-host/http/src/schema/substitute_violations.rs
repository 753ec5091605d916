//! Body with valid substitutes for its faulty members, so that the package can check the other
//! members: one response then reports violations of schema and rules.

use super::{CompiledSchema, FieldProblem};
use eaf_core::actor::Locale;
use serde_json::{Value, json};

/// Replaces each faulty member of a body by the smallest value that `schema` accepts, and removes
/// unknown members. `None`: the result does not fit the compiled schema. `schema` is the package's
/// schema, including the ranges of members with `x-eaf-own-words`.
pub fn substitute_violations(
    compiled: &CompiledSchema,
    schema: &Value,
    body: &Value,
    violations: &[FieldProblem],
) -> Option<Value> {
    let mut body = body.clone();
    for violation in violations {
        let (parent, name) = violation.pointer.rsplit_once('/')?;
        let name = name.replace("~1", "/").replace("~0", "~");
        let members = body.pointer_mut(parent)?.as_object_mut()?;
        match schema_at(schema, parent).and_then(|at| at.get("properties")?.get(&name)) {
            Some(member) => members.insert(name, smallest_value(member)?),
            None => members.remove(&name),
        };
    }
    compiled.check(&body, Locale::En).is_empty().then_some(body)
}

fn schema_at<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(schema, |at, name| at.get("properties")?.get(name))
}

/// Smallest value that the schema accepts; `None`: no such value was found.
fn smallest_value(schema: &Value) -> Option<Value> {
    if let Some(one) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return Some(one.clone());
    }
    let kind = schema.get("type")?;
    match kind.as_str().or_else(|| kind.pointer("/0")?.as_str())? {
        "string" if schema.get("format").is_some_and(|format| format == "uuid") => {
            Some(json!("00000000-0000-0000-0000-000000000000"))
        }
        "string" => {
            let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).max(1);
            Some("x".repeat(usize::try_from(length).ok()?).into())
        }
        "integer" | "number" => Some(schema.get("minimum").cloned().unwrap_or_else(|| json!(0))),
        "boolean" => Some(json!(false)),
        "array" => Some(json!([])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: Value) -> Option<Value> {
        let schema = json!({
            "type": "object",
            "required": ["name", "size"],
            "properties": {
                "name": { "type": "string", "minLength": 3 },
                "size": {
                    "type": "object",
                    "required": ["cpus"],
                    "properties": {
                        "cpus": { "type": "integer", "minimum": 2, "maximum": 8, "x-eaf-own-words": true },
                        "kind": { "enum": ["a", "b"] },
                    },
                },
                "tags": { "type": "array", "items": { "type": "object", "properties": {} } },
                "options": { "type": "object", "properties": {} },
            },
        });
        let compiled = CompiledSchema::new("c", &schema).expect("a schema");
        let violations = compiled.check(&body, Locale::En);
        substitute_violations(&compiled, &schema, &body, &violations)
    }

    #[test]
    fn faulty_members_are_replaced_and_unknown_ones_removed() {
        let body = json!({ "name": 1, "size": { "cpus": "many", "kind": "z" }, "more": true });
        assert_eq!(of(body), Some(json!({ "name": "xxx", "size": { "cpus": 2, "kind": "a" } })));
        assert_eq!(
            of(json!({ "size": { "cpus": 99 } })),
            Some(json!({ "name": "xxx", "size": { "cpus": 99 } })),
            "a range in the package's own words stays for the package to refuse"
        );
    }

    #[test]
    fn without_a_valid_substitute_there_is_no_body() {
        assert_eq!(of(json!([])), None);
        assert_eq!(of(json!({ "name": "abc", "size": { "cpus": 2 }, "options": 1 })), None);
        assert_eq!(of(json!({ "name": "abc", "size": { "cpus": 2 }, "tags": [{ "a": 1 }, 2] })), None);
    }
}

//! Search for the personal members of a JSON document, by a walk over its JSON Schema.

use crate::id::ActorId;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const KEYWORD: &str = "x-eaf-personal";

/// Value of `subject` in a schema which says that the personal member describes the caller of the
/// command.
const CALLER: &str = "$actor";

/// Maximum number of schemas that the walk follows without a step into the document. A schema may
/// refer to itself, so the walk would otherwise not end.
const MAX_SCHEMA_DEPTH: usize = 64;

/// Personal member of a document: the schema marks the JSON member, and the member is present and
/// not null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalMember {
    /// JSON pointer to the personal member of the document.
    pub pointer: String,
    /// Actor id of the person whom the member describes, as found in the sibling member. `None`:
    /// there is no sibling with an actor id.
    pub subject: Option<ActorId>,
    /// JSON pointer to the sibling member with the person's actor id; the sibling may be absent.
    /// `None`: the member describes the caller.
    pub subject_pointer: Option<String>,
}

/// Finds the personal JSON members of `data`, sorted by pointer, each once.
pub fn personal_members(schema: &Value, data: &Value) -> Vec<PersonalMember> {
    let mut walk = Walk { root: schema, found: Vec::new() };
    walk.value(schema, data, Parent::default(), String::new(), 0);
    walk.found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    walk.found.dedup_by(|a, b| a.pointer == b.pointer);
    walk.found
}

/// JSON pointers into the schema at which `x-eaf-personal` has no effect, because
/// [`personal_members`] does not look there. A member that is marked there would be stored in
/// clear.
pub fn unsupported_positions(schema: &Value) -> Vec<String> {
    let (mut followed, mut next) = (BTreeSet::new(), vec![String::new()]);
    while let Some(pointer) = next.pop() {
        let Some(node) = schema.pointer(&pointer) else { continue };
        if !followed.insert(pointer.clone()) {
            continue;
        }
        let reference = node.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        next.extend(reference.map(str::to_owned));
        next.extend(["additionalProperties", "items"].map(|keyword| format!("{pointer}/{keyword}")));
        for keyword in ["anyOf", "oneOf", "allOf", "prefixItems", "properties", "patternProperties"] {
            let is_map = matches!(keyword, "properties" | "patternProperties");
            let Some(branches) = node.get(keyword).filter(|found| found.is_object() == is_map) else { continue };
            next.extend(children(branches, &format!("{pointer}/{keyword}")).into_iter().map(|(child, _)| child));
        }
    }
    let mut found = Vec::new();
    let mut rest = vec![(String::new(), schema)];
    while let Some((pointer, node)) = rest.pop() {
        rest.extend(children(node, &pointer));
        if node.get(KEYWORD).is_some() && !followed.contains(&pointer) {
            found.push(pointer);
        }
    }
    found.sort();
    found
}

fn children<'a>(node: &'a Value, pointer: &str) -> Vec<(String, &'a Value)> {
    match node {
        Value::Object(members) => {
            members.iter().map(|(name, child)| (format!("{pointer}/{}", escape(name)), child)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (format!("{pointer}/{index}"), child)).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// JSON object in which a sibling member that names a subject is searched.
#[derive(Clone, Copy, Default)]
struct Parent<'a> {
    members: Option<&'a Map<String, Value>>,
    pointer: &'a str,
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<PersonalMember>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, data: &Value, parent: Parent<'_>, pointer: String, depth: usize) {
        if depth > MAX_SCHEMA_DEPTH || data.is_null() {
            return;
        }
        if let Some(keyword) = schema.get(KEYWORD) {
            self.found.push(personal_member(keyword, parent, pointer));
            return;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|name| self.resolve(name)) {
            self.value(target, data, parent, pointer.clone(), depth + 1);
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            for branch in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.value(branch, data, parent, pointer.clone(), depth + 1);
            }
        }
        match data {
            Value::Object(members) => self.object(schema, members, &pointer),
            Value::Array(items) => self.array(schema, items, parent, &pointer),
            _ => {}
        }
    }

    fn object(&mut self, schema: &'a Value, members: &Map<String, Value>, pointer: &str) {
        let properties = schema.get("properties");
        let parent = Parent { members: Some(members), pointer };
        for (name, member) in members {
            let declared = properties.and_then(|properties| properties.get(name));
            // Every pattern applies, whether it matches or not, because sealing too much is the
            // safe side.
            let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
            let patterns = patterns.filter(|_| declared.is_none());
            for schema in declared.or(schema.get("additionalProperties")).into_iter().chain(patterns) {
                self.value(schema, member, parent, format!("{pointer}/{}", escape(name)), 0);
            }
        }
    }

    fn array(&mut self, schema: &'a Value, items: &[Value], parent: Parent<'_>, pointer: &str) {
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        for (index, item) in items.iter().enumerate() {
            let declared = prefix.and_then(|prefix| prefix.get(index)).or(schema.get("items"));
            if let Some(schema) = declared {
                self.value(schema, item, parent, format!("{pointer}/{index}"), 0);
            }
        }
    }

    fn resolve(&self, reference: &str) -> Option<&'a Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }
}

fn personal_member(keyword: &Value, parent: Parent<'_>, pointer: String) -> PersonalMember {
    let sibling = keyword.get("subject").and_then(Value::as_str);
    let sibling = sibling.filter(|name| *name != CALLER);
    let value = |name: &str| parent.members?.get(name)?.as_str()?.parse().ok();
    PersonalMember {
        pointer,
        subject: sibling.and_then(value),
        subject_pointer: sibling.map(|name| format!("{}/{}", parent.pointer, escape(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ANNA: &str = "6561665f-0000-4000-8000-000000000001";
    const BEN: &str = "6561665f-0000-4000-8000-000000000002";

    fn found(schema: Value, data: Value) -> Vec<(String, Option<String>)> {
        personal_members(&schema, &data)
            .into_iter()
            .map(|member| (member.pointer, member.subject.map(|subject| subject.to_string())))
            .collect()
    }

    fn personal() -> Value {
        json!({"type": "string", "x-eaf-personal": {"subject": "who"}})
    }

    #[test]
    fn a_marked_member_belongs_to_the_actor_in_its_sibling() {
        let schema = json!({"properties": {"who": {}, "name": personal(), "size": {}}});
        let data = json!({"who": ANNA, "name": "Anna", "size": 3});
        assert_eq!(found(schema, data), [("/name".into(), Some(ANNA.into()))]);
    }

    #[test]
    fn a_subject_has_the_pointer_of_its_sibling_and_the_caller_has_none() {
        let caller = json!({"x-eaf-personal": {"subject": "$actor"}});
        let schema = json!({"properties": {"people": {"items": {"properties": {"name": personal()}}}, "why": caller}});
        let data = json!({"people": [{"who": ANNA, "name": "Anna"}, {"name": "Ben"}], "why": "so"});
        let named: Vec<Option<String>> =
            personal_members(&schema, &data).into_iter().map(|member| member.subject_pointer).collect();
        assert_eq!(named, [Some("/people/0/who".into()), Some("/people/1/who".into()), None]);
    }

    #[test]
    fn references_options_arrays_and_nested_objects_are_followed() {
        let schema = json!({
            "properties": {
                "people": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
                "chief": {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]},
                "who": {},
                "note": {"anyOf": [personal(), {"type": "null"}]},
                "lines": {"items": personal()},
            },
            "$defs": {"Person": {"properties": {"who": {}, "a/b": personal()}}},
        });
        let data = json!({
            "people": [{"who": ANNA, "a/b": "Anna"}, {"who": BEN, "a/b": "Ben"}],
            "chief": {"who": BEN, "a/b": "Ben"},
            "who": ANNA, "note": "hello", "lines": ["x", "y"],
        });
        let expected = [
            ("/chief/a~1b", BEN),
            ("/lines/0", ANNA),
            ("/lines/1", ANNA),
            ("/note", ANNA),
            ("/people/0/a~1b", ANNA),
            ("/people/1/a~1b", BEN),
        ];
        assert_eq!(found(schema, data), expected.map(|(pointer, who)| (pointer.into(), Some(who.into()))));
    }

    #[test]
    fn null_and_absent_members_are_not_found_and_a_missing_subject_is_none() {
        let schema = json!({"properties": {"who": {}, "name": personal(), "note": personal()}});
        assert_eq!(found(schema.clone(), json!({"who": ANNA, "name": null})), []);
        assert_eq!(found(schema.clone(), json!({"name": "Anna"})), [("/name".into(), None)]);
        assert_eq!(found(schema, json!({"who": "anna@example.org", "name": "Anna"})), [("/name".into(), None)]);
    }

    #[test]
    fn members_named_by_a_pattern_are_found() {
        let schema = json!({"properties": {"who": {}}, "patternProperties": {"^x-": personal()}});
        assert_eq!(found(schema, json!({"who": ANNA, "x-a": "Anna"})), [("/x-a".into(), Some(ANNA.into()))]);
    }

    #[test]
    fn a_recursive_document_is_followed_to_its_end() {
        let schema = json!({"$ref": "#/$defs/Comment", "$defs": {"Comment": {
            "properties": {"who": {}, "text": personal(), "answers": {"anyOf": [{"items": {"$ref": "#/$defs/Comment"}}, {"type": "null"}]}},
        }}});
        let comment = |answers: Value| json!({"who": ANNA, "text": "hello", "answers": answers});
        let thread = (0..60).fold(comment(Value::Null), |answer, _| comment(json!([answer])));
        assert_eq!(found(schema, thread).len(), 61);
    }

    #[test]
    fn an_unsupported_position_of_the_keyword_is_found() {
        for followed in [
            json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"items": {"properties": {"b": personal()}}}}}),
            json!({"oneOf": [{"additionalProperties": {"prefixItems": [{"anyOf": [personal()]}]}}], "allOf": [{"patternProperties": {"x": personal()}}]}),
            json!({"$ref": "#"}),
        ] {
            assert_eq!(unsupported_positions(&followed), [""; 0], "{followed}");
        }
        for (missed, node) in [
            (json!({"if": {"properties": {"a": personal()}}}), "/if/properties/a"),
            (
                json!({"dependentSchemas": {"a": {"properties": {"b/c": personal()}}}}),
                "/dependentSchemas/a/properties/b~1c",
            ),
            (json!({"anyOf": {"a": personal()}}), "/anyOf/a"),
            (json!({"$defs": {"A": personal()}, "not": {"$ref": "#/$defs/A"}}), "/$defs/A"),
        ] {
            assert_eq!(unsupported_positions(&missed), [node]);
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$ref": "#"});
        assert_eq!(found(schema, json!({"a": 1})), []);
    }
}

//! Limits that the host adds to a command's schema where the package states none.
//!
//! So every text, list and number that people send has an end, the OpenAPI document says which, and the guest's types
//! can hold what passes. What a package states counts.

use serde_json::{Map, Value, json};

/// Characters of a text.
pub const TEXT: u32 = 4_000;
/// Items of a list.
pub const ITEMS: u32 = 1_000;

/// In a schema of a package.
const OWN_WORDS: &str = "x-eaf-own-words";
/// Keywords about a value, and not about its type.
const VALUES: [&str; 7] =
    ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/// Keywords whose members are schemas of what is in the document.
const MAPS: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SINGLE: [&str; 4] = ["items", "additionalProperties", "then", "else"];
/// Where one of them stands, the value is described there.
const ELSEWHERE: [&str; 6] = ["$ref", "anyOf", "oneOf", "allOf", "enum", "const"];

/// The same schema with a limit at each place.
pub fn added(schema: &Value) -> Value {
    let mut schema = schema.clone();
    visit(&mut schema, Members::Whole);
    schema
}

/// The same schema for a package that speaks for itself: where a member has `x-eaf-own-words`, a value that is too long,
/// too large or of another form goes to the package, whose refusal says more than a schema's. Up to the host's own limits.
pub fn without_own_words(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let mut rest = vec![&mut schema];
    while let Some(place) = rest.pop() {
        if let Value::Object(members) = place
            && members.get(OWN_WORDS) == Some(&true.into())
        {
            members.retain(|keyword, _| !VALUES.contains(&keyword.as_str()));
        }
        match place {
            Value::Object(members) => rest.extend(members.values_mut()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    schema
}

/// Whether an object is described in one place, so that other members are unknown.
#[derive(Clone, Copy, PartialEq)]
enum Members {
    Whole,
    Part,
}

fn visit(schema: &mut Value, members: Members) {
    let Value::Object(schema) = schema else { return };
    for keyword in MAPS {
        let children = schema.get_mut(keyword).and_then(Value::as_object_mut);
        children.into_iter().flat_map(Map::values_mut).for_each(|child| visit(child, Members::Whole));
    }
    let is_open = ["allOf", "$ref", "if", "dependentSchemas"].iter().any(|keyword| schema.contains_key(*keyword));
    let is_shared = is_open || schema.contains_key("properties");
    for keyword in LISTS {
        let whole = keyword == "prefixItems" || (members == Members::Whole && !is_shared);
        let members = if whole { Members::Whole } else { Members::Part };
        let children = schema.get_mut(keyword).and_then(Value::as_array_mut);
        children.into_iter().flatten().for_each(|child| visit(child, members));
    }
    for keyword in SINGLE {
        let part = matches!(keyword, "then" | "else");
        let members = if part { Members::Part } else { Members::Whole };
        schema.get_mut(keyword).into_iter().for_each(|child| visit(child, members));
    }
    let branches = ["anyOf", "oneOf"].iter().any(|keyword| schema.contains_key(*keyword));
    if members == Members::Whole && schema.contains_key("properties") && !is_open && !branches {
        close(schema);
    }
    limit(schema);
}

/// Members that nobody described would be as large as they like.
fn close(schema: &mut Map<String, Value>) {
    let described = ["additionalProperties", "patternProperties", "unevaluatedProperties"];
    if !described.iter().any(|keyword| schema.contains_key(*keyword)) {
        schema.insert("additionalProperties".into(), false.into());
    }
}

fn limit(schema: &mut Map<String, Value>) {
    if ELSEWHERE.iter().any(|keyword| schema.contains_key(*keyword)) {
        return;
    }
    let may_be = |kind: &str| match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => true,
    };
    let (text, list) = (may_be("string"), may_be("array"));
    let typed = schema.contains_key("type");
    let integer = typed && may_be("integer") && !may_be("number");
    let format = schema.get("format").and_then(Value::as_str).map(str::to_owned);
    // Of 32 bits; those of 64 hold all that JSON does.
    let single = typed && may_be("number") && format.as_deref() == Some("float");
    if text {
        schema.entry("maxLength").or_insert(TEXT.into());
    }
    if list {
        schema.entry("maxItems").or_insert(ITEMS.into());
    }
    if integer || single {
        let (smallest, largest) = range(format.as_deref());
        if !schema.contains_key("exclusiveMinimum") {
            schema.entry("minimum").or_insert(smallest);
        }
        if !schema.contains_key("exclusiveMaximum") {
            schema.entry("maximum").or_insert(largest);
        }
    }
}

/// Of the guest's type, which JSON Schema knows as a format. Its pointers have 32 bits.
fn range(format: Option<&str>) -> (Value, Value) {
    match format {
        Some("int8") => (json!(i8::MIN), json!(i8::MAX)),
        Some("int16") => (json!(i16::MIN), json!(i16::MAX)),
        Some("int32" | "int") => (json!(i32::MIN), json!(i32::MAX)),
        Some("uint8") => (json!(0), json!(u8::MAX)),
        Some("uint16") => (json!(0), json!(u16::MAX)),
        Some("uint32" | "uint") => (json!(0), json!(u32::MAX)),
        Some("uint64") => (json!(0), json!(u64::MAX)),
        Some("float") => (json!(f64::from(f32::MIN)), json!(f64::from(f32::MAX))),
        _ => (json!(i64::MIN), json!(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_speaks_for_itself_gets_what_its_schema_would_refuse_up_to_the_hosts_limits() {
        let schema = json!({ "properties": {
            "name": { "type": "string", "maxLength": 15, "pattern": "^[a-z]+$", "x-eaf-own-words": true },
            "size": { "type": "integer", "minimum": 1, "x-eaf-own-words": true },
            "other": { "type": "string", "maxLength": 15 },
        } });
        let taken = added(&without_own_words(&schema));
        let properties = &taken["properties"];
        assert_eq!((&properties["name"]["maxLength"], properties["name"].get("pattern")), (&json!(TEXT), None));
        assert_eq!(properties["size"]["minimum"], json!(i64::MIN));
        assert_eq!(properties["other"]["maxLength"], 15);
        assert_eq!(added(&schema)["properties"]["name"]["maxLength"], 15, "the document states it");
    }

    #[test]
    fn every_text_list_and_integer_gets_an_end_and_what_the_package_states_counts() {
        let schema = added(&json!({
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "note": { "type": ["string", "null"], "maxLength": 7 },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "anything": {},
                "count": { "type": "integer", "format": "uint8", "maximum": 9 },
                "big": { "type": ["integer", "null"] },
                "half": { "type": "number" },
                "names": { "type": "array", "items": { "type": "string" } },
                "choice": { "oneOf": [{ "type": "object", "properties": { "a": { "type": "string" } } }] },
                "both": { "allOf": [{ "properties": { "a": {} } }, { "properties": { "b": {} } }] },
            },
        }));
        let properties = &schema["properties"];
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(properties["name"], json!({ "type": "string", "maxLength": TEXT }));
        assert_eq!(properties["note"]["maxLength"], 7);
        assert_eq!(properties["kind"], json!({ "type": "string", "enum": ["a", "b"] }));
        assert_eq!(properties["anything"], json!({ "maxLength": TEXT, "maxItems": ITEMS }));
        assert_eq!((&properties["count"]["minimum"], &properties["count"]["maximum"]), (&json!(0), &json!(9)));
        assert_eq!(properties["big"]["maximum"], json!(i64::MAX));
        assert_eq!(properties["half"], json!({ "type": "number" }));
        assert_eq!(properties["names"]["maxItems"], ITEMS);
        assert_eq!(properties["names"]["items"]["maxLength"], TEXT);
        assert_eq!(properties["choice"]["oneOf"][0]["additionalProperties"], false);
        assert_eq!(properties["choice"]["oneOf"][0]["properties"]["a"]["maxLength"], TEXT);
        assert!(properties["both"]["allOf"][0].get("additionalProperties").is_none());
    }
}

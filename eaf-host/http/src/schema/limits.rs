//! Limits that the host adds to a command's schema where the package states none.
//!
//! The limits bound every text, list and number, appear in the OpenAPI document, and keep values
//! within the types of the guest. The package's own limits have priority.

use serde_json::{Map, Value, json};

/// Maximum length of a text in a command's body, in characters, unless the package states one.
pub const TEXT: u32 = 4_000;
/// Maximum number of items of a list in a command's body, unless the package states one.
pub const ITEMS: u32 = 1_000;

/// Keyword of a member in a package's schema. It says that the package itself checks the member's
/// range, and refuses a value with a text of its own.
const OWN_WORDS: &str = "x-eaf-own-words";
/// Keywords that restrict a value beyond its type.
const VALUE_KEYWORDS: [&str; 7] =
    ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/// Keywords that map names to schemas.
const MAPS: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SINGLE: [&str; 4] = ["items", "additionalProperties", "then", "else"];
/// Keywords that refer to further schemas of the same value, or list its permitted values. Beside
/// such a keyword the host adds no limit.
const ELSEWHERE: [&str; 6] = ["$ref", "anyOf", "oneOf", "allOf", "enum", "const"];

/// Returns a copy of the schema with limits at all levels.
pub fn add(schema: &Value) -> Value {
    let mut schema = schema.clone();
    visit(&mut schema, Members::Whole);
    schema
}

/// Returns a copy of the schema in which members with `x-eaf-own-words` have no [`VALUE_KEYWORDS`],
/// because the package refuses an invalid value with a more specific text. The limits that the host
/// adds still apply.
pub fn without_own_words(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let mut rest = vec![&mut schema];
    while let Some(value) = rest.pop() {
        if let Value::Object(members) = value
            && members.get(OWN_WORDS) == Some(&true.into())
        {
            members.retain(|keyword, _| !VALUE_KEYWORDS.contains(&keyword.as_str()));
        }
        match value {
            Value::Object(members) => rest.extend(members.values_mut()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    schema
}

/// Whether a schema describes all members of an object (`Whole`), so that others are refused, or
/// only some.
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

/// Makes a schema refuse members that it does not declare, because such members would have no
/// limit.
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
    // Only a 32-bit float needs a range: a 64-bit float holds every JSON number.
    let float = typed && may_be("number") && format.as_deref() == Some("float");
    if text {
        schema.entry("maxLength").or_insert(TEXT.into());
    }
    if list {
        schema.entry("maxItems").or_insert(ITEMS.into());
    }
    if integer || float {
        let (smallest, largest) = range(format.as_deref());
        if !schema.contains_key("exclusiveMinimum") {
            schema.entry("minimum").or_insert(smallest);
        }
        if !schema.contains_key("exclusiveMaximum") {
            schema.entry("maximum").or_insert(largest);
        }
    }
}

/// Minimum and maximum of the guest's type that the schema's format names. Pointer-sized integers
/// of the guest have 32 bits.
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
    fn own_words_lift_a_members_restrictions_up_to_the_host_limits() {
        let own = json!({ "properties": {
            "name": { "type": "string", "maxLength": 15, "pattern": "^[a-z]+$", "x-eaf-own-words": true },
            "size": { "type": "integer", "minimum": 1, "x-eaf-own-words": true },
            "other": { "type": "string", "maxLength": 15 },
        } });
        let schema = add(&without_own_words(&own));
        let properties = &schema["properties"];
        assert_eq!((&properties["name"]["maxLength"], properties["name"].get("pattern")), (&json!(TEXT), None));
        assert_eq!(properties["size"]["minimum"], json!(i64::MIN));
        assert_eq!(properties["other"]["maxLength"], 15);
        assert_eq!(add(&own)["properties"]["name"]["maxLength"], 15, "the OpenAPI document states it");
    }

    #[test]
    fn texts_lists_and_integers_get_limits_unless_the_package_has_some() {
        let schema = add(&json!({
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

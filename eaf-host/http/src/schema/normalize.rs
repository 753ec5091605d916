//! Normal form of a body: values that JSON Schema treats as equal are written in one way.
//!
//! JSON Schema accepts `2.0` and `2e0` as integers, but a guest's integer type reads only `2`. A
//! UUID in capitals is written in small letters.

use serde_json::{Map, Value};

/// Maximum number of steps from a schema to a further schema of the same value, because schemas may
/// be recursive.
const MAX_DEPTH: usize = 64;
/// Length of a UUID with hyphens, in characters.
const UUID_LENGTH: usize = 36;

/// Maximum number of visits to values of one body, because recursive schemas with several branches
/// multiply the visits.
const MAX_VISITS: usize = 200_000;

#[derive(Debug, PartialEq, Eq)]
pub struct TooComplex;

/// Normalizes a body. After an error, the body is partly normalized.
pub fn normalize(schema: &Value, body: &mut Value) -> Result<(), TooComplex> {
    Walk { root: schema, remaining: MAX_VISITS }.visit(schema, body, 0)
}

struct Walk<'a> {
    root: &'a Value,
    remaining: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value, value: &mut Value, depth: usize) -> Result<(), TooComplex> {
        self.remaining = self.remaining.checked_sub(1).ok_or(TooComplex)?;
        if depth > MAX_DEPTH {
            return Ok(());
        }
        rewrite(schema, value);
        let root = self.root;
        let reference =
            schema.get("$ref").and_then(Value::as_str).and_then(|name| root.pointer(name.strip_prefix('#')?));
        let lists = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array());
        let alone = ["then", "else"].into_iter().filter_map(|keyword| schema.get(keyword));
        let dependent = schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values);
        for branch in reference.into_iter().chain(lists.flatten()).chain(alone).chain(dependent) {
            self.visit(branch, value, depth + 1)?;
        }
        match value {
            Value::Object(members) => self.visit_members(schema, members),
            Value::Array(items) => self.visit_items(schema, items),
            _ => Ok(()),
        }
    }

    fn visit_members(&mut self, schema: &'a Value, members: &mut Map<String, Value>) -> Result<(), TooComplex> {
        let properties = schema.get("properties");
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (name, member) in members {
            let declared = properties.and_then(|properties| properties.get(name));
            let others = patterns.filter(|_| declared.is_none()).into_iter().flat_map(Map::values);
            for schema in declared.or(schema.get("additionalProperties")).into_iter().chain(others) {
                self.visit(schema, member, 0)?;
            }
        }
        Ok(())
    }

    fn visit_items(&mut self, schema: &'a Value, items: &mut [Value]) -> Result<(), TooComplex> {
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        for (index, item) in items.iter_mut().enumerate() {
            let declared = prefix.and_then(|prefix| prefix.get(index)).or(schema.get("items"));
            declared.map_or(Ok(()), |declared| self.visit(declared, item, 0))?;
        }
        Ok(())
    }
}

fn rewrite(schema: &Value, value: &mut Value) {
    let is = |kind: &str| match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    };
    let new = match &*value {
        Value::Number(number) if is("integer") => number.as_f64().filter(|_| number.is_f64()).and_then(integer),
        Value::String(text) if schema["format"] == "uuid" => lower_case_uuid(text).map(Value::from),
        _ => None,
    };
    if let Some(new) = new {
        *value = new;
    }
}

/// Integer that a float represents. `None`: the float has a fraction, or does not fit 64 bits.
fn integer(number: f64) -> Option<Value> {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    if number.fract() != 0.0 {
        return None;
    }
    if (0.0..BEYOND).contains(&number) {
        return Some((number as u64).into());
    }
    (i64::MIN as f64..0.0).contains(&number).then(|| (number as i64).into())
}

/// UUID in lower case. `None`: the text is no UUID or has no capitals.
fn lower_case_uuid(text: &str) -> Option<String> {
    let is_id = text.len() == UUID_LENGTH && uuid::Uuid::try_parse(text).is_ok();
    Some(text.to_ascii_lowercase()).filter(|lower| is_id && lower != text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{CompiledSchema, limits};
    use eaf_core::actor::Locale;
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde::Deserialize;
    use serde_json::json;

    /// Body with a member of each kind that a command may have.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only read from JSON")]
    struct All {
        i8: i8,
        i16: i16,
        i32: i32,
        i64: i64,
        u8: u8,
        u16: u16,
        u32: u32,
        u64: u64,
        f32: f32,
        f64: f64,
        flag: bool,
        text: String,
        letter: char,
        maybe: Option<u32>,
        list: Vec<i64>,
        pair: (u8, String),
        map: std::collections::BTreeMap<String, u16>,
        kind: Kind,
        choice: Choice,
        tagged: Tagged,
        inner: Inner,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    enum Kind {
        A,
        B,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only read from JSON")]
    enum Choice {
        Number(i32),
        Named { count: u64 },
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    #[allow(dead_code, reason = "only read from JSON")]
    enum Tagged {
        Machine { cpus: Option<u32>, memory: u64 },
        Missing,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only read from JSON")]
    struct Inner {
        numbers: Vec<Option<u8>>,
    }

    fn schema() -> Value {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        settings.into_generator().into_root_schema_for::<All>().to_value()
    }

    /// Generator of reproducible pseudo-random bodies.
    struct Generator(u64);

    impl Generator {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % below
        }

        fn of<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
            from[self.next(from.len() as u64) as usize]
        }

        fn number(&mut self) -> &'static str {
            self.of(&[
                "0",
                "-0",
                "-0.0",
                "1",
                "1.0",
                "1e0",
                "1E+1",
                "10e-1",
                "2.5",
                "-1",
                "-1.0",
                "-128",
                "-129.0",
                "127.0",
                "128",
                "255.0",
                "256",
                "65535",
                "65536.0",
                "2147483647.0",
                "2147483648",
                "4294967295.0",
                "4294967296",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "9223372036854775808.0",
                "18446744073709551615",
                "18446744073709551616",
                "1e19",
                "1e20",
                "-9223372036854775808",
                "-9223372036854775809",
                "-1e19",
                "1e300",
                "1.5e-7",
            ])
        }

        fn text(&mut self) -> &'static str {
            self.of(&[r#""""#, r#""a""#, r#""ab""#, r#""ä""#, r#""\u0000""#, r#""😀""#, r#""1""#, "null", "true", "[]"])
        }

        /// Generates a body that is valid in most places.
        fn body(&mut self) -> String {
            let integers = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"];
            let mut members: Vec<String> = integers
                .map(|name| format!("\"{name}\": {}", if self.next(3) == 0 { self.number() } else { "1.0" }))
                .into();
            let number = |generator: &mut Generator| if generator.next(3) == 0 { generator.number() } else { "7.0" };
            members.push(format!("\"flag\": {}", self.of(&["true", "false", "true", "1"])));
            members.push(format!("\"text\": {}", self.text()));
            members.push(format!("\"letter\": {}", self.of(&["\"a\"", "\"ä\"", "\"😀\"", "\"ab\""])));
            members.push(format!("\"maybe\": {}", if self.next(4) == 0 { "null" } else { number(self) }));
            members.push(format!("\"list\": [{}, {}]", number(self), number(self)));
            members.push(format!("\"pair\": [{}, \"x\"]", number(self)));
            members.push(format!("\"map\": {{\"a\": {}}}", number(self)));
            members.push(format!("\"kind\": {}", self.of(&["\"A\"", "\"B\"", "\"A\"", "\"a\""])));
            let (one, other) = (number(self), number(self));
            let choice = [format!("{{\"Number\": {one}}}"), format!("{{\"Named\": {{\"count\": {one}}}}}")];
            members.push(format!("\"choice\": {}", choice[self.next(2) as usize]));
            let machine = format!("{{\"kind\": \"machine\", \"cpus\": {one}, \"memory\": {other}}}");
            members
                .push(format!("\"tagged\": {}", if self.next(3) == 0 { "{\"kind\": \"missing\"}" } else { &machine }));
            members.push(format!("\"inner\": {{\"numbers\": [null, {}]}}", number(self)));
            format!("{{{}}}", members.join(", "))
        }
    }

    #[test]
    fn every_body_that_passes_the_schema_is_readable_by_the_guest() {
        let compiled = CompiledSchema::new("all", &schema()).expect("a schema");
        let (mut generator, mut passed) = (Generator(20_261_128), 0);
        for _ in 0..40_000 {
            let text = generator.body();
            let Ok(mut body) = serde_json::from_str::<Value>(&text) else { continue };
            if !compiled.check(&body, Locale::En).is_empty() {
                continue;
            }
            passed += 1;
            normalize(compiled.schema(), &mut body).expect("few schemas");
            let read = serde_json::from_str::<All>(&body.to_string());
            assert!(read.is_ok(), "{text}\n{body}\n{read:?}");
        }
        assert!(passed > 300, "only {passed} bodies passed, so nothing was shown");
    }

    #[test]
    fn integers_and_uuids_are_normalized_and_nothing_else() {
        let schema = json!({ "properties": {
            "cpus": { "type": "integer" },
            "price": { "type": "number" },
            "request": { "type": "string", "format": "uuid" },
            "name": { "type": "string" },
        } });
        let id = "6561665F-0000-4000-8000-00000000000A";
        let mut body = json!({ "cpus": 2.0, "price": 2.0, "request": id, "name": id, "other": 2.0 });
        normalize(&schema, &mut body).unwrap();
        let lower = id.to_lowercase();
        assert_eq!(body, json!({ "cpus": 2, "price": 2.0, "request": lower, "name": id, "other": 2.0 }));
        let mut half = json!({ "cpus": 2.5, "request": "A" });
        normalize(&schema, &mut half).unwrap();
        assert_eq!(half, json!({ "cpus": 2.5, "request": "A" }));
        assert_eq!(limits::add(&json!({ "type": "integer" }))["minimum"], json!(i64::MIN));
    }

    #[test]
    fn all_keywords_that_describe_the_same_value_are_followed() {
        let integer = json!({ "properties": { "n": { "type": "integer" } } });
        for keyword in ["then", "else"] {
            let mut body = json!({ "n": 2.0 });
            normalize(&json!({ keyword: integer }), &mut body).unwrap();
            assert_eq!(body, json!({ "n": 2 }), "{keyword}");
        }
        let mut body = json!({ "n": 2.0 });
        normalize(&json!({ "dependentSchemas": { "n": integer } }), &mut body).unwrap();
        assert_eq!(body, json!({ "n": 2 }));
    }

    #[test]
    fn a_recursive_branching_schema_is_refused_as_too_complex() {
        let schema = json!({ "$ref": "#/$defs/node", "$defs": { "node": { "anyOf": [
            { "properties": { "next": { "$ref": "#/$defs/node" }, "a": { "type": "integer" } } },
            { "properties": { "next": { "$ref": "#/$defs/node" }, "b": { "type": "integer" } } },
            { "properties": { "next": { "$ref": "#/$defs/node" }, "c": { "type": "integer" } } },
        ] } } });
        let mut body = json!({});
        for _ in 0..31 {
            body = json!({ "next": body });
        }
        assert_eq!(normalize(&schema, &mut body), Err(TooComplex));
    }
}

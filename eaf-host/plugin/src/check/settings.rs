//! Checks of the settings that a package describes. The host generates a form from their schema,
//! and a tenant in which no admin has set anything has their defaults.

use super::Finding;
use eaf_capability::text::Locales;
use eaf_core::contract::Description;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// JSON types for which the form of the settings has an input.
const TYPES: [&str; 4] = ["string", "integer", "number", "boolean"];
const FIX_SCHEMA: &str = "Make it by `settings_schema`, from a struct with `Default` and `#[serde(default)]`.";

pub fn findings(description: &Description, texts: &Locales) -> Vec<Finding> {
    let Some(schema) = &description.settings else { return Vec::new() };
    let Some(properties) = schema["properties"].as_object() else {
        return vec![Finding::new("settings", "their schema describes no members", FIX_SCHEMA)];
    };
    let known: BTreeSet<&str> = texts.keys().collect();
    let mut found: Vec<Finding> = defaults(schema, properties).into_iter().collect();
    for (name, property) in properties {
        let place = format!("setting {name}");
        if !has_input(property) {
            let fix = "Give it one of the types text, number, boolean or enum.";
            found.push(Finding::new(&place, "the form has no input for its type", fix));
        }
        let label = format!("settings.{name}.label");
        if !known.contains(label.as_str()) {
            found.push(super::texts::missing(place, &label));
        }
    }
    found
}

/// Finding about a schema that refuses its own defaults.
fn defaults(schema: &Value, properties: &Map<String, Value>) -> Option<Finding> {
    let finding = |what: String| Some(Finding::new("settings", what, FIX_SCHEMA));
    let defaults =
        properties.iter().filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())));
    let defaults: Map<String, Value> = defaults.collect();
    if let Some(name) = properties.keys().find(|name| !defaults.contains_key(*name)) {
        return finding(format!("the setting `{name}` has no default"));
    }
    let Ok(validator) = jsonschema::validator_for(schema) else {
        return finding("their schema is not a JSON Schema".into());
    };
    if validator.is_valid(&Value::Object(Map::new())) && validator.is_valid(&Value::Object(defaults)) {
        return None;
    }
    finding("their schema refuses the defaults".into())
}

fn has_input(property: &Value) -> bool {
    match property["enum"].as_array() {
        Some(values) => values.iter().all(Value::is_string),
        None => property["type"].as_str().is_some_and(|kind| TYPES.contains(&kind)),
    }
}

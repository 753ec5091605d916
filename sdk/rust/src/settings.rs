//! Settings of a plugin, which the admins of a tenant set: a struct whose members are texts,
//! numbers, booleans or enums, each with a default.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Type of a plugin's settings. It has `#[serde(default)]`, so that each member may be absent.
pub trait Settings: JsonSchema + Serialize + DeserializeOwned + Default {}

impl<S: JsonSchema + Serialize + DeserializeOwned + Default> Settings for S {}

/// JSON Schema of a settings type, with the default of each member.
///
/// # Panics
/// If the type is no struct with named members: a bug in the package, which then does not build.
pub fn settings_schema<S: Settings>() -> Value {
    let mut schema = crate::component::schema::<S>();
    let defaults = serde_json::to_value(S::default()).expect("settings are plain data");
    let properties = schema["properties"].as_object_mut().expect("settings are a struct");
    for (name, property) in properties {
        property["default"] = defaults[name].clone();
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        schema.insert("additionalProperties".into(), false.into());
    }
    schema
}

/// Settings from the members of a document. A member that does not fit the type has its default,
/// because another version of the package may have described the settings.
pub(crate) fn read<S: Settings>(members: &Map<String, Value>) -> S {
    let mut fitting = Map::new();
    let mut settings = S::default();
    for (name, value) in members {
        fitting.insert(name.clone(), value.clone());
        match serde_json::from_value(Value::Object(fitting.clone())) {
            Ok(read) => settings = read,
            Err(_) => drop(fitting.remove(name)),
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Approval {
        Always,
        OverBudget,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Limits {
        #[schemars(range(min = 1, max = 60))]
        term_months: u32,
        approval: Approval,
        open: bool,
    }

    impl Default for Limits {
        fn default() -> Self {
            Limits { term_months: 60, approval: Approval::Always, open: true }
        }
    }

    #[test]
    fn each_member_of_the_schema_has_its_default_and_may_be_absent() {
        let schema = settings_schema::<Limits>();
        let months = &schema["properties"]["term_months"];
        assert_eq!((&months["default"], &months["maximum"]), (&json!(60), &json!(60)));
        let approval = &schema["properties"]["approval"];
        assert_eq!((&approval["default"], &approval["enum"]), (&json!("always"), &json!(["always", "over-budget"])));
        assert_eq!(schema["properties"]["open"]["default"], true);
        assert_eq!((&schema["additionalProperties"], schema.get("required")), (&json!(false), None));
    }

    #[test]
    fn a_member_that_does_not_fit_has_its_default_and_no_other_changes() {
        let members = json!({ "term_months": 12, "approval": "never", "open": false, "removed": 1 });
        let expected = Limits { term_months: 12, approval: Approval::Always, open: false };
        assert_eq!(read::<Limits>(members.as_object().unwrap()), expected);
        assert_eq!(read::<Limits>(&Map::new()), Limits::default());
    }
}

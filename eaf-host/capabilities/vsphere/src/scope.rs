//! Scope of a grant of this capability: the templates that a plugin may clone. Lists of choices and
//! clones follow the same rule.

use super::failure;
use crate::failure::Code;
use eaf_capability::{Class, Failure};
use serde::Deserialize;
use serde_json::{Value, json};

/// Entry of a scope's `templates` that permits every template.
const EVERY: &str = "*";

/// Templates that a grant permits. A plugin cannot clone any other template.
#[derive(Deserialize, Default)]
pub struct Scope {
    /// Paths of the permitted templates, or of folders all of whose templates are permitted.
    /// [`EVERY`] permits every template.
    #[serde(default)]
    templates: Vec<String>,
}

/// JSON Schema of the scope of a `vsphere` grant.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["templates"],
        "additionalProperties": false,
        "properties": {
            "templates": {
                "description": "Paths of templates, or of folders of templates; `*` allows all.",
                "type": "array",
                "maxItems": 200,
                "items": { "type": "string", "minLength": 1, "maxLength": 500, "pattern": "^[^\\u0000]*$" },
            },
        },
    })
}

impl Scope {
    pub fn read(scope: &Value) -> Result<Scope, Failure> {
        if scope.is_null() {
            return Ok(Scope::default());
        }
        Scope::deserialize(scope).map_err(|_| denied("The grant's scope is not readable: `templates` is a list."))
    }

    pub fn allows(&self, template: &str) -> bool {
        let inside = |of: &String| {
            of == EVERY
                || template == of
                || template.strip_prefix(of.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        self.templates.iter().any(inside)
    }

    pub fn check(&self, template: &str) -> Result<(), Failure> {
        if self.allows(template) {
            return Ok(());
        }
        Err(denied(&format!("The grant does not allow the template {template}.")))
    }
}

fn denied(message: &str) -> Failure {
    failure::new(Class::Denied, Code::TemplateDenied, message)
}

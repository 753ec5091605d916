//! What an operator may narrow a grant to: choosing and cloning have one rule.

use super::failure;
use eaf_capability::{Class, Failure};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Default)]
pub struct Scope {
    /// Paths of templates, or of folders of templates; none: all.
    templates: Option<Vec<String>>,
}

impl Scope {
    pub fn read(scope: &Value) -> Result<Scope, Failure> {
        if scope.is_null() {
            return Ok(Scope::default());
        }
        Scope::deserialize(scope).map_err(|_| denied("The grant's scope is not readable: `templates` is a list."))
    }

    pub fn allows(&self, template: &str) -> bool {
        let inside =
            |of: &String| template == of || template.strip_prefix(of.as_str()).is_some_and(|r| r.starts_with('/'));
        self.templates.as_ref().is_none_or(|allowed| allowed.iter().any(inside))
    }

    pub fn check(&self, template: &str) -> Result<(), Failure> {
        if self.allows(template) {
            return Ok(());
        }
        Err(denied(&format!("The grant does not allow the template {template}.")))
    }
}

fn denied(message: &str) -> Failure {
    failure::new(Class::Denied, "template-denied", message)
}

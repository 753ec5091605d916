//! Validation of a body against its JSON Schema: each violation has a pointer, a code and a text,
//! never the value.

pub mod limits;
mod normalize;
mod substitute_violations;

use super::code::Code;
use super::problem::{FieldProblem, Problem};
use eaf_core::actor::Locale;
use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the schema of the command {command} is not a JSON Schema")]
    Schema {
        command: String,
        #[source]
        cause: Box<jsonschema::ValidationError<'static>>,
    },
}

/// Maximum number of violations in one response.
const MAX_ERRORS: usize = 50;
/// Maximum number of cached schemas, of all packages and commands together.
const MAX_CACHED: usize = 1_000;

/// Maximum length of the JSON pointer in a violation, in bytes. A longer pointer is cut to that of
/// an enclosing member.
const MAX_POINTER_BYTES: usize = 500;

/// Checks a body against a schema of the host.
pub fn check(schema: &Value, body: &Value, locale: Locale) -> Result<(), Problem> {
    let built = jsonschema::options().should_validate_formats(true).build(schema);
    let validator = built.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let found = violations(&validator, body, locale);
    if found.is_empty() { Ok(()) } else { Err(Problem::new(Code::BodyInvalid).errors(found)) }
}

/// Cache of compiled schemas, by package digest and command.
#[derive(Default)]
pub struct Schemas(Mutex<HashMap<(String, String), Arc<CompiledSchema>>>);

/// Compiled schema of a command's body: the package's schema with the limits that the host adds.
pub struct CompiledSchema {
    schema: Value,
    validator: Validator,
}

impl CompiledSchema {
    pub fn new(command: &str, schema: &Value) -> Result<Self, Error> {
        let schema = limits::add(&limits::without_own_words(schema));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|cause| Error::Schema { command: command.to_owned(), cause: Box::new(cause) })?;
        Ok(CompiledSchema { schema, validator })
    }

    pub fn schema(&self) -> &Value {
        &self.schema
    }

    pub fn check(&self, body: &Value, locale: Locale) -> Vec<FieldProblem> {
        violations(&self.validator, body, locale)
    }
}

impl Schemas {
    /// Checks a command's body against the package's schema, and returns the violations. A valid
    /// body is normalized to the form that guests read.
    pub fn check(
        &self,
        digest: &str,
        command: &str,
        schema: &Value,
        body: &mut Value,
        locale: Locale,
    ) -> Result<Vec<FieldProblem>, Error> {
        let compiled = self.compile(digest, command, schema)?;
        let mut found = compiled.check(body, locale);
        if normalize::normalize(compiled.schema(), body).is_err() && found.is_empty() {
            found.push(FieldProblem::new("", "too-complex"));
        }
        Ok(found)
    }

    /// Body with substitutes for its faulty members, to check the package's rules for the other
    /// members. `None`: no substitute fits.
    pub fn substitute_violations(
        &self,
        digest: &str,
        command: &str,
        schema: &Value,
        body: &Value,
        violations: &[FieldProblem],
    ) -> Option<Value> {
        let compiled = self.compile(digest, command, schema).ok()?;
        substitute_violations::substitute_violations(&compiled, schema, body, violations)
    }

    fn compile(&self, digest: &str, command: &str, schema: &Value) -> Result<Arc<CompiledSchema>, Error> {
        let key = (digest.to_owned(), command.to_owned());
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = cache.get(&key) {
            return Ok(cached.clone());
        }
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        let compiled = Arc::new(CompiledSchema::new(command, schema)?);
        cache.insert(key, compiled.clone());
        Ok(compiled)
    }
}

pub fn violations(validator: &Validator, body: &Value, locale: Locale) -> Vec<FieldProblem> {
    validator.iter_errors(body).flat_map(|error| field_problems(&error, locale)).take(MAX_ERRORS).collect()
}

fn field_problems(error: &jsonschema::ValidationError<'_>, locale: Locale) -> Vec<FieldProblem> {
    use ValidationErrorKind as Kind;
    let at = truncate(error.instance_path().to_string());
    let here = |code: &str| FieldProblem::new(at.clone(), code);
    let member = |name: &str, code: &str| FieldProblem::new(truncate(format!("{at}/{}", escape_token(name))), code);
    match error.kind() {
        Kind::Required { property } => vec![member(property.as_str().unwrap_or_default(), "required")],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().take(MAX_ERRORS).map(|name| member(name, "unknown")).collect()
        }
        Kind::Type { kind } => vec![here("type").with("expected", type_names(kind, locale))],
        Kind::MinLength { limit } => vec![here("min-length").with("limit", *limit)],
        Kind::MaxLength { limit } => vec![here("max-length").with("limit", *limit)],
        Kind::Minimum { limit } | Kind::ExclusiveMinimum { limit } => {
            vec![here("minimum").with("limit", limit.clone())]
        }
        Kind::Maximum { limit } | Kind::ExclusiveMaximum { limit } => {
            vec![here("maximum").with("limit", limit.clone())]
        }
        Kind::Pattern { .. } => vec![here("pattern")],
        Kind::Format { .. } => vec![here("format")],
        Kind::Enum { options } => vec![here("enum").with("values", joined(options))],
        Kind::Constant { expected_value } => vec![here("enum").with("values", joined(expected_value))],
        Kind::MinItems { limit } => vec![here("min-items").with("limit", *limit)],
        Kind::MaxItems { limit } => vec![here("max-items").with("limit", *limit)],
        Kind::UniqueItems => vec![here("unique-items")],
        Kind::MultipleOf { multiple_of } => vec![here("multiple-of").with("limit", *multiple_of)],
        _ => vec![here("invalid")],
    }
}

fn type_names(kind: &TypeKind, locale: Locale) -> String {
    let name = |text: String| super::messages::render(&format!("types.{text}"), &Map::new(), locale);
    match kind {
        TypeKind::Single(kind) => name(kind.to_string()),
        TypeKind::Multiple(kinds) => {
            // Omit null: a form never asks for it.
            let names: Vec<String> =
                kinds.iter().map(|kind| kind.to_string()).filter(|kind| kind != "null").map(name).collect();
            names.join(" / ")
        }
    }
}

/// Values of an enum or const, joined to a text. They come from the schema and not from the body.
fn joined(options: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match options {
        Value::Array(options) => options.iter().map(text).collect::<Vec<_>>().join(", "),
        one => text(one),
    }
}

/// Cuts a pointer that is too long to the nearest enclosing member, because the name of a member
/// may be as long as a whole body.
fn truncate(mut pointer: String) -> String {
    while pointer.len() > MAX_POINTER_BYTES {
        pointer.truncate(pointer.rfind('/').unwrap_or_default());
    }
    pointer
}

fn escape_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(schema: Value, body: Value) -> Vec<(String, String)> {
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let problems = violations(&validator, &body, Locale::En);
        problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
    }

    #[test]
    fn every_violation_has_a_pointer_and_a_code() {
        let schema = json!({
            "type": "object",
            "required": ["name", "size"],
            "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "minLength": 2, "pattern": "^[a-z]+$" },
                "size": { "type": "object", "properties": { "cpus": { "type": "integer", "minimum": 1, "maximum": 8 } } },
                "kind": { "enum": ["a", "b"] },
            }
        });
        let mut problems = found(schema.clone(), json!({ "name": "1", "size": { "cpus": 99 }, "kind": "z", "a/b": 1 }));
        problems.sort();
        let expected = [
            ("/a~1b", "unknown"),
            ("/kind", "enum"),
            ("/name", "min-length"),
            ("/name", "pattern"),
            ("/size/cpus", "maximum"),
        ];
        assert_eq!(problems, expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
        assert_eq!(found(schema.clone(), json!({ "name": "ab" })), [("/size".to_owned(), "required".to_owned())]);
        assert_eq!(found(schema.clone(), json!([])), [(String::new(), "type".to_owned())]);
        assert_eq!(found(schema, json!({ "name": "ab", "size": {} })), []);
    }

    #[test]
    fn a_name_that_is_too_long_is_reported_at_the_enclosing_member() {
        let schema = json!({ "properties": { "a": { "properties": {}, "additionalProperties": false } } });
        let long = "n".repeat(10_000);
        assert_eq!(found(schema.clone(), json!({ "a": { &long: 1 } })), [("/a".to_owned(), "unknown".to_owned())]);
        let many: Map<String, Value> = (0..5_000).map(|n| (format!("m{n}"), json!(1))).collect();
        assert_eq!(found(schema, json!({ "a": many })).len(), MAX_ERRORS);
    }

    #[test]
    fn violations_never_contain_the_value() {
        let schema =
            json!({ "properties": { "a": { "maxLength": 3 }, "b": { "enum": ["x"] }, "c": { "type": "integer" } } });
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let body = json!({ "a": "canary-1", "b": "canary-2", "c": "canary-3" });
        let problems = violations(&validator, &body, Locale::De);
        assert_eq!(problems.len(), 3);
        assert!(!format!("{problems:?}").contains("canary"));
    }
}

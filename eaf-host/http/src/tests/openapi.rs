//! The OpenAPI document: complete, typed, and equal to the committed file, which `EAF_GOLDEN=write`
//! writes.

use super::product;
use crate::openapi;
use crate::operation::Doc;
use crate::operations::operations;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/openapi.golden.json");

fn document() -> Value {
    openapi::document(&operations(), &[Arc::new(product(1))])
}

#[test]
fn the_document_equals_the_committed_one() {
    let text = format!("{:#}\n", document());
    if std::env::var("EAF_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(GOLDEN, &text).expect("the golden file can be written");
    }
    let committed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(
        committed == text,
        "regenerate with: EAF_GOLDEN=write cargo test -p eaf-http openapi, and look at the difference"
    );
}

#[test]
fn every_route_except_pages_is_in_the_document() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    for operation in operations().into_iter().filter(|operation| !matches!(operation.doc, Doc::Page)) {
        let path = operation
            .path
            .replace("/api/{plugin}/", "/api/notes/")
            .replace("{view}", "notes")
            .replace("{*key}", "{key}");
        let path = path.replace("{command}", "write-note").replace("{member}", "title");
        assert!(paths.get(&path).is_some_and(|item| item[operation.method].is_object()), "{} {path}", operation.method);
    }
}

#[test]
fn the_document_is_consistent() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, entry) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            let id = entry["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{place}: {id} is there twice");
            let responses = entry["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{place}: no success");
            let named = path.matches('{').count();
            let parameters = entry["parameters"].as_array().expect("parameters");
            let described = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named, described, "{place}: parameters in the path");
            let open = entry.get("security").is_some();
            assert!(open || responses.contains_key("401"), "{place}: needs a token and does not say so");
        }
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

/// Commands without a permission are for the system alone.
#[test]
fn commands_of_the_system_are_not_documented() {
    let document = document();
    assert!(document["paths"].get("/api/notes/commands/write-note").is_some());
    assert!(document["paths"].get("/api/notes/commands/sweep").is_none());
}

/// Responses of a running host match the documented schemas.
#[tokio::test]
async fn responses_match_the_document() {
    let host = super::TestHost::new().await;
    host.note("requester@acme", "first").await;
    let document = host.get("admin@acme", "/api/openapi.json").await.json;
    let fits = |schema: Value, answer: &Value| {
        let mut schema = schema;
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let violations: Vec<String> = validator.iter_errors(answer).map(|violation| violation.to_string()).collect();
        assert!(violations.is_empty(), "{violations:?}\n{answer:#}");
    };
    for (who, path) in [
        ("admin@acme", "/api/notes/views/notes"),
        ("admin@acme", "/api/session"),
        ("admin@acme", "/api/host/audit"),
        ("admin@acme", "/api/host/connections"),
        ("admin@acme", "/api/host/mail-failures"),
        ("admin@acme", "/api/host/runs"),
        ("admin@acme", "/api/host/members"),
        ("admin@acme", "/api/host/groups"),
        ("admin@acme", "/api/host/roles"),
        ("admin@acme", "/api/session/deputy"),
        ("admin@acme", "/api/session/mail-preferences"),
        ("operator", "/api/host/plugins"),
        ("operator", "/api/host/tenants"),
        ("operator", "/api/host/workflows"),
    ] {
        let schema =
            document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"].clone();
        assert!(schema.is_object(), "{path}");
        fits(schema, &host.get(who, path).await.json);
    }
    let problem = document["components"]["schemas"]["Problem"].clone();
    fits(problem, &host.get("admin@acme", "/api/nothing").await.json);
}

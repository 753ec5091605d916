//! `GET /api/openapi.json`: OpenAPI 3.1 document of this host's active packages, with the types of
//! each command and each view.

mod schemas;
mod typed;

use super::App;
use super::access::Access;
use super::operation::{Doc, Entry, Operation};
use super::products::Product;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};

pub fn operation() -> Operation {
    let doc = Entry::new("openapi", "eaf", "This document").public().answers(
        "200",
        "OpenAPI 3.1.",
        json!({ "type": "object" }),
    );
    Operation { method: "get", path: "/api/openapi.json", access: Access::Public, route: get(show), doc: doc.done() }
}

/// Cached OpenAPI document of the active packages. A request for the document needs no sign-in, so
/// the answer must be cheap.
#[derive(Default)]
pub struct CachedDocument(Mutex<Option<(Vec<String>, Bytes)>>);

impl CachedDocument {
    fn get(&self, products: &[Arc<Product>]) -> Bytes {
        let digests: Vec<String> = products.iter().map(|product| product.domain.digest().to_owned()).collect();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((cached_digests, json)) = &*last
            && *cached_digests == digests
        {
            return json.clone();
        }
        let json = Bytes::from(document(&super::operations::operations(), products).to_string());
        *last = Some((digests, json.clone()));
        json
    }
}

async fn show(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.get(&app.products.all()))
}

pub fn document(operations: &[Operation], products: &[Arc<Product>]) -> Value {
    let mut paths = Map::new();
    let mut components = schemas::common();
    for operation in operations {
        match &operation.doc {
            Doc::One(entry) => {
                let mut entry = entry.clone();
                entry["x-eaf-access"] = json!(operation.access.described());
                add(&mut paths, operation.path.to_owned(), operation.method, entry);
            }
            Doc::Commands => typed::commands(&mut paths, operation, products),
            Doc::Choices => typed::choices(&mut paths, operation, products),
            Doc::Views => typed::views(&mut paths, &mut components, operation, products),
            Doc::Rows => typed::rows(&mut paths, operation, products),
            Doc::Page => {}
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "EAF",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "One shape for all products: commands change state, views show it, events report changes. Errors are RFC 9457 \
                            problems; their codes are explained at /docs/errors.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "session": [] }],
        "tags": tags(products),
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": components,
        },
    })
}

/// Ways in which a client authenticates.
fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the configured OpenID Connect issuer, with the tenant in `eaf_tenant`.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-eaf-session",
            "description": "A browser that signed in at `/auth/sign-in` (without https the name is `eaf-session`). Methods \
                            that change something need `EAF-Csrf: 1` and the host's own `Origin`, or answer 403 `csrf`, and \
                            `EAF-Person` with the `actor` that `/api/session` named for the page, or answer 428 \
                            `person-missing`. Sent with any method, another person's answers 409 `person-changed`. \
                            An expired session answers 401 `session-expired`. `EAF-Background: 1` marks requests that a page sends by itself, which do not extend the session.",
        },
    })
}

fn tags(products: &[Arc<Product>]) -> Vec<Value> {
    let host = [
        ("eaf", "For all callers."),
        ("host", "For a tenant's administrators and auditors."),
        ("operator", "For operators of the platform."),
        ("actuator", "For monitoring."),
    ];
    let host = host.map(|(name, description)| json!({ "name": name, "description": description }));
    let products = products.iter().map(|product| json!({ "name": product.id(), "description": product.name }));
    products.chain(host).collect()
}

fn add(paths: &mut Map<String, Value>, path: String, method: &str, entry: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method] = entry;
}

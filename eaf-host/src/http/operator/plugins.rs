//! `GET /api/host/plugins`

use crate::http::App;
use crate::http::caller::Operator;
use crate::http::code::Code;
use crate::http::operation::{Entry, Operation};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "name": { "type": "string" },
            "version": { "type": "string" },
            "generation": { "type": "integer" },
            "digest": { "type": "string", "description": "SHA-256 of the package, hex." },
        },
    });
    let schema = json!({ "type": "object", "properties": { "items": { "type": "array", "items": item } } });
    let doc = Entry::new("host.plugins", "operator", "The packages that are active on this host")
        .answers("200", "All of them, by id.", schema)
        .refuses(&[Code::NotAnOperator]);
    Operation { method: "get", path: "/api/host/plugins", route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, _: Operator) -> Json<Value> {
    let items: Vec<Value> = app
        .products
        .all()
        .iter()
        .map(|product| {
            json!({
                "id": product.id(),
                "name": product.name,
                "version": product.version,
                "generation": product.domain.generation(),
                "digest": product.domain.digest(),
            })
        })
        .collect();
    Json(json!({ "items": items }))
}

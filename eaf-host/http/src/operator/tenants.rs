//! `GET /api/host/tenants`: the tenants of the installation.

use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::record;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::directory;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = record(json!({
        "id": { "type": "string", "format": "uuid" },
        "slug": { "type": "string" },
    }));
    let schema = record(json!({ "items": { "type": "array", "items": item } }));
    let doc = Entry::new("host.tenants", "operator", "The tenants of this installation")
        .answers("200", "All tenants, by slug.", schema)
        .refuses(&[Code::NotAnOperator]);
    Operation { method: "get", path: "/api/host/tenants", access: Access::Operator, route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, _: Operator) -> Result<Json<Value>, Problem> {
    let tenants = directory::tenants(&app.core.db).await?;
    let items: Vec<Value> = tenants.iter().map(|(id, slug)| json!({ "id": id, "slug": slug })).collect();
    Ok(Json(json!({ "items": items })))
}

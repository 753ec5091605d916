//! `GET /api/host/plugins`: the active packages of this host, with their imports and requests.

use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::record;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::products::Product;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::product;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let names = || json!({ "type": "array", "items": { "type": "string" } });
    let import = record(json!({
        "interface": { "type": "string", "description": "With its version: `eaf:vsphere/inventory@1.0.0`." },
        "functions": names(),
    }));
    let imports = json!({ "type": "array", "items": import });
    let request = record(json!({
        "capability": { "type": "string" },
        "grant": { "type": "string", "description": "The name under which it is granted." },
        "interfaces": names(),
        "optional": { "type": "boolean" },
    }));
    let item = record(json!({
        "id": { "type": "string" },
        "name": { "type": "string" },
        "version": { "type": "string" },
        "generation": { "type": "integer", "description": "The active generation." },
        "digest": { "type": "string", "description": "SHA-256 of the package, hex." },
        "imports": record(json!({ "domain": imports.clone(), "workflow": imports })),
        "requests": { "type": "array", "items": request },
        "stopped": { "type": "boolean", "description": "Stopped by an operator for all tenants." },
        "stopped_reason": { "type": ["string", "null"] },
    }));
    let schema = record(json!({ "items": { "type": "array", "items": item } }));
    let doc =
        Entry::new("host.plugins", "operator", "The active packages of this host, with their imports and requests")
            .answers("200", "All packages, by id.", schema)
            .refuses(&[Code::NotAnOperator]);
    Operation { method: "get", path: "/api/host/plugins", access: Access::Operator, route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, _: Operator) -> Result<Json<Value>, Problem> {
    let stopped = product::stopped(&app.core.db).await?;
    let reason = |id: &str| stopped.iter().find(|one| one.plugin == id).map(|one| one.reason.as_str());
    let items: Vec<Value> = app.products.all().iter().map(|product| shown(product, reason(product.id()))).collect();
    Ok(Json(json!({ "items": items })))
}

fn shown(product: &Product, stopped: Option<&str>) -> Value {
    json!({
        "id": product.id(),
        "name": product.name,
        "version": product.version,
        "generation": product.domain.generation(),
        "digest": product.domain.digest(),
        "imports": { "domain": product.imports.domain, "workflow": product.imports.workflow },
        "requests": product.requests,
        "stopped": stopped.is_some(),
        "stopped_reason": stopped,
    })
}

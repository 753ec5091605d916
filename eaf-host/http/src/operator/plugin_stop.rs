//! `PUT /api/host/plugins/{plugin}/stopped`: stops a plugin for all tenants by one act, or lets it go on.

use super::product_switch::{BODY, REASON};
use super::tenant::by;
use crate::App;
use crate::access::Access;
use crate::body::JsonBody;
use crate::caller::Operator;
use crate::code::Code;
use crate::info::Info;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use crate::schema::checked;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_core::product;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn operation() -> Operation {
    let doc = Entry::new("host.plugin.stopped.put", "operator", "Stop a plugin for all tenants, or let it go on")
        .path("plugin", "The product's id.")
        .body(schema())
        .refuses(&BODY)
        .refuses(&[Code::NotAnOperator, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "It is. Runs of a stopped plugin rest and lose nothing." });
    let path = "/api/host/plugins/{plugin}/stopped";
    Operation { method: "put", path, access: Access::Operator, route: put(stop), doc: Doc::One(doc) }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["stopped", "reason"],
        "additionalProperties": false,
        "properties": {
            "stopped": { "type": "boolean" },
            "reason": { "type": "string", "minLength": 1, "maxLength": REASON },
        },
    })
}

async fn stop(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    Path(plugin): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    app.products.get(&plugin).ok_or_else(|| Problem::new(Code::NotFound))?;
    checked(&schema(), &body, info.locale())?;
    let (by, reason) = (by(&operator, &info), body["reason"].as_str().unwrap_or_default());
    let done = if body["stopped"] == true {
        product::stop(&app.core, &plugin, reason, &by).await
    } else {
        product::resume(&app.core, &plugin, reason, &by).await
    };
    done.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    Ok(StatusCode::NO_CONTENT)
}

//! `PUT /api/host/plugins/{plugin}/stopped`: stops a plugin for all tenants by one act, or lets it go on.

use super::product_switch::{BODY, reason};
use super::tenant::{by, refused};
use crate::App;
use crate::access::Access;
use crate::body::JsonBody;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::checked_name;
use crate::info::Info;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use crate::schema::checked;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_plugin::granting;
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
            "reason": reason(),
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
    let plugin = checked_name(&plugin)?;
    checked(&schema(), &body, info.locale())?;
    let (by, reason) = (by(&operator, &info), body["reason"].as_str().unwrap_or_default());
    let done = if body["stopped"] == true {
        granting::stop(&app.core, plugin, reason, &by).await
    } else {
        granting::resume(&app.core, plugin, reason, &by).await
    };
    match done {
        // It goes on, as was wanted.
        Err(granting::Error::NotStopped(_)) => {}
        done => done.map_err(refused)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

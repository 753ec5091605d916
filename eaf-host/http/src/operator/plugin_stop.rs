//! `PUT /api/host/plugins/{plugin}/stopped`: stops or resumes a plugin for all tenants.

use super::BODY_ERRORS;
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
use crate::schema;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_plugin::granting;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn operation() -> Operation {
    let doc = Entry::new("host.plugin.stopped.put", "operator", "Stop or resume a plugin for all tenants")
        .path("plugin", "The product's id.")
        .body(body_schema())
        .refuses(&BODY_ERRORS)
        .refuses(&[Code::NotAnOperator, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] =
        json!({ "description": "Done. Runs of a stopped plugin are suspended and lose nothing." });
    let path = "/api/host/plugins/{plugin}/stopped";
    Operation { method: "put", path, access: Access::Operator, route: put(stop), doc: Doc::One(doc) }
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["stopped", "reason"],
        "additionalProperties": false,
        "properties": {
            "stopped": { "type": "boolean" },
            "reason": granting::reason_schema(),
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
    schema::check(&body_schema(), &body, info.locale())?;
    let (by, reason) = (by(&operator, &info), body["reason"].as_str().unwrap_or_default());
    let result = if body["stopped"] == true {
        granting::stop(&app.core, plugin, reason, &by).await
    } else {
        granting::resume(&app.core, plugin, reason, &by).await
    };
    match result {
        // Resuming a plugin that is not stopped changes nothing and is no error.
        Err(granting::Error::NotStopped(_)) => {}
        result => result.map_err(refused)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

//! `PUT /api/host/tenants/{tenant}/products/{plugin}`: enables or disables a product for a tenant.

use super::BODY_ERRORS;
use super::tenant::{by, find, refused};
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
    let doc = Entry::new("host.tenant.product.put", "operator", "Enable or disable a product for a tenant")
        .path("tenant", "The tenant's slug.")
        .path("plugin", "The product's id.")
        .body(body_schema())
        .refuses(&BODY_ERRORS)
        .refuses(&[Code::NotAnOperator, Code::NotFound, Code::GrantsMissing]);
    let mut doc = doc.build();
    doc["responses"]["204"] =
        json!({ "description": "Done. Runs of a disabled product are suspended until it is enabled." });
    let path = "/api/host/tenants/{tenant}/products/{plugin}";
    Operation { method: "put", path, access: Access::Operator, route: put(switch), doc: Doc::One(doc) }
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["enabled", "reason"],
        "additionalProperties": false,
        "properties": {
            "enabled": { "type": "boolean" },
            "reason": granting::reason_schema(),
        },
    })
}

async fn switch(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    Path((slug, plugin)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    let tenant = find(&app, &slug).await?;
    let plugin = checked_name(&plugin)?;
    schema::check(&body_schema(), &body, info.locale())?;
    let (by, reason) = (by(&operator, &info), body["reason"].as_str().unwrap_or_default());
    let switched = if body["enabled"] == true {
        let product = app.products.get(plugin).ok_or_else(|| Problem::new(Code::NotFound))?;
        granting::enable(&app.core, tenant.id, plugin, &product.requests, reason, &by).await
    } else {
        granting::disable(&app.core, tenant.id, plugin, reason, &by).await
    };
    switched.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

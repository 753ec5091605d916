//! `PUT /api/host/tenants/{tenant}/grants/{plugin}/{capability}/{name}`: grants a tenant's product
//! a capability that its package requests.

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
use crate::problem::{FieldProblem, Problem};
use crate::schema;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_core::grant::{Grant, Terms};
use eaf_plugin::granting::{self, ExpiryError};
use serde_json::{Value, json};
use std::sync::Arc;
use time::OffsetDateTime;

pub const PATH: &str = "/api/host/tenants/{tenant}/grants/{plugin}/{capability}/{name}";

pub fn operation() -> Operation {
    let doc = Entry::new("host.tenant.grant.put", "operator", "Grant a tenant's product what it requests")
        .path("tenant", "The tenant's slug.")
        .path("plugin", "The product's id.")
        .path("capability", "Such as `vsphere`.")
        .path("name", "The name under which the package requests it.")
        .body(body_schema(json!({ "type": "object", "description": "Its members are the capability's own." })))
        .refuses(&BODY_ERRORS)
        .refuses(&[Code::NotAnOperator, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Granted, from the next call on." });
    Operation { method: "put", path: PATH, access: Access::Operator, route: put(grant), doc: Doc::One(doc) }
}

fn body_schema(scope: Value) -> Value {
    json!({
        "type": "object",
        "required": ["scope", "connection", "reason"],
        "additionalProperties": false,
        "properties": {
            "scope": scope,
            "connection": { "type": "string", "pattern": "^[a-z0-9-]{1,40}$", "description": "A connection of the tenant." },
            "reason": granting::reason_schema(),
            "expires_at": { "type": ["string", "null"], "format": "date-time", "description": "null: it does not expire." },
        },
    })
}

async fn grant(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    Path((slug, plugin, capability, name)): Path<(String, String, String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let tenant = find(&app, &slug).await?;
    for name in [&plugin, &capability, &name] {
        checked_name(name)?;
    }
    let product = app.products.get(&plugin).ok_or_else(unknown)?;
    let scope = app.providers.get(&capability).ok_or_else(unknown)?.scope();
    schema::check(&body_schema(scope.clone()), &body, info.locale())?;
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let expires_at = expiry(&app, body["expires_at"].as_str())?;
    let terms = Terms { reason: text("reason"), expires_at };
    let grant = Grant { plugin, capability, name, scope: body["scope"].clone(), connection: text("connection") };
    let by = by(&operator, &info);
    granting::put(&app.core, tenant.id, &product.requests, &scope, (&grant, &terms), &by).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Parses the time of expiry; `None`: the grant does not expire. A past time is refused, because it
/// would be a withdrawal.
fn expiry(app: &App, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let code = |error| match error {
        ExpiryError::Format => "format",
        ExpiryError::Past => "past",
    };
    granting::expiry(text, app.core.ambient.now())
        .map(Some)
        .map_err(|error| Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/expires_at", code(error))]))
}

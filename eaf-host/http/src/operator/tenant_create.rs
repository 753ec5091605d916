//! `POST /api/host/tenants`: creates a tenant, which has no members and no products yet.

use super::BODY_ERRORS;
use super::tenant::by;
use super::tenants::{PATH, document, schema};
use crate::App;
use crate::access::Access;
use crate::body::JsonBody;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::{LINE, trim};
use crate::info::Info;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::schema as json_schema;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json};
use eaf_core::directory;
use serde_json::{Value, json};
use std::sync::Arc;

/// Limit of a tenant's name, in characters.
const MAX_NAME: usize = 200;

pub fn operation() -> Operation {
    let doc = Entry::new("host.tenant.create", "operator", "Create a tenant")
        .body(body_schema())
        .answers("201", "The new tenant.", schema())
        .refuses(&BODY_ERRORS)
        .refuses(&[Code::NotAnOperator, Code::TenantExists]);
    Operation { method: "post", path: PATH, access: Access::Operator, route: post(create), doc: doc.done() }
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["slug", "name"],
        "additionalProperties": false,
        "properties": {
            "slug": {
                "type": "string",
                "pattern": "^[a-z0-9-]{1,40}$",
                "description": "Names the tenant in tokens, and never changes.",
            },
            "name": { "type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": LINE },
        },
    })
}

async fn create(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    JsonBody(mut body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    trim(&mut body, "name");
    json_schema::check(&body_schema(), &body, info.locale())?;
    let text = |member: &str| body[member].as_str().unwrap_or_default();
    let (slug, by) = (text("slug"), by(&operator, &info));
    let created = directory::create_tenant(&app.core.db, &by, slug, text("name")).await?;
    let id = created.ok_or_else(|| Problem::new(Code::TenantExists))?;
    Ok((StatusCode::CREATED, Json(document(id, slug, 0, 0))))
}

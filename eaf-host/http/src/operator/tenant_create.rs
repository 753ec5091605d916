//! `POST /api/host/tenants`: creates a tenant, which has no members and no products yet, and
//! invites its first admin.

use super::BODY_ERRORS;
use super::tenant::by;
use super::tenant_admin_invite::{self, first_admin};
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
use eaf_core::directory::{self, MailAddress};
use serde_json::{Value, json};
use std::sync::Arc;

/// Limit of a tenant's name, in characters.
const MAX_NAME: usize = 200;

pub fn operation() -> Operation {
    let doc = Entry::new("host.tenant.create", "operator", "Create a tenant")
        .body(body_schema())
        .answers("201", "The new tenant.", answer_schema())
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
            "admin": tenant_admin_invite::body_schema(),
        },
    })
}

fn answer_schema() -> Value {
    let mut tenant = schema();
    tenant["properties"]["admin_link"] = json!({
        "type": "string",
        "description": "Link of the first admin's invitation. It is no secret. Absent without `admin`.",
    });
    tenant
}

async fn create(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    JsonBody(mut body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    trim(&mut body, "name");
    json_schema::check(&body_schema(), &body, info.locale())?;
    let admin = body.get("admin");
    let address = admin.map(|admin| MailAddress::parse(admin["email"].as_str().unwrap_or_default())).transpose();
    let address = address.map_err(|_| Problem::member("/admin/email", "format"))?;
    let text = |member: &str| body[member].as_str().unwrap_or_default();
    let slug = text("slug");
    let created = directory::create_tenant(&app.core.db, &by(&operator, &info), slug, text("name")).await?;
    let id = created.ok_or_else(|| Problem::new(Code::TenantExists))?;
    let mut answer = document(id, slug, 0, 0);
    if let (Some(address), Some(admin)) = (address, admin) {
        answer["admin_link"] = first_admin(&app, &info, &operator, id, address, admin).await?.into();
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

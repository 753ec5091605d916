//! `GET /api/host/tenants/{tenant}/products`: a tenant's products with their requests and grants.

use super::tenant;
use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::products::{schema, shown};
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.tenant.products", "operator", "The products of a tenant, with requests and grants")
        .path("tenant", "The tenant's slug.")
        .answers("200", "Every product that is active on this host, by id.", schema())
        .refuses(&[Code::NotAnOperator, Code::NotFound]);
    let path = "/api/host/tenants/{tenant}/products";
    Operation { method: "get", path, access: Access::Operator, route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, _: Operator, Path(slug): Path<String>) -> Result<Json<Value>, Problem> {
    let tenant = tenant::find(&app, &slug).await?;
    Ok(Json(json!({ "items": shown(&app, tenant.id).await? })))
}

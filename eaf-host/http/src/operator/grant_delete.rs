//! `DELETE /api/host/tenants/{tenant}/grants/{plugin}/{capability}/{name}`: withdraws a grant. The
//! next workflow call under the grant is denied.

use super::grant_put::PATH;
use super::tenant::{by, find};
use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::checked_name;
use crate::info::Info;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::delete;
use eaf_core::grant;
use serde_json::json;
use std::sync::Arc;

pub fn operation() -> Operation {
    let doc = Entry::new("host.tenant.grant.delete", "operator", "Withdraw a grant of a tenant's product")
        .path("tenant", "The tenant's slug.")
        .path("plugin", "The product's id.")
        .path("capability", "Such as `vsphere`.")
        .path("name", "The name under which it is granted.")
        .refuses(&[Code::NotAnOperator, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Withdrawn, on record in the tenant's audit." });
    Operation { method: "delete", path: PATH, access: Access::Operator, route: delete(withdraw), doc: Doc::One(doc) }
}

async fn withdraw(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    Path((slug, plugin, capability, name)): Path<(String, String, String, String)>,
) -> Result<StatusCode, Problem> {
    let tenant = find(&app, &slug).await?;
    for name in [&plugin, &capability, &name] {
        checked_name(name)?;
    }
    let mut tx = app.core.db.tenant(tenant.id).await?;
    if !grant::remove(&mut tx, &plugin, &capability, &name, &by(&operator, &info)).await? {
        return Err(Problem::new(Code::NotFound));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

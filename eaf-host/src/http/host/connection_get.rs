//! `GET /api/host/connections/{capability}/{name}`: as it was set, without its secret.

use super::{checked_name, connection, connection_fault, connection_schema};
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::operation::{Entry, Operation};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use serde_json::Value;

pub const PATH: &str = "/api/host/connections/{capability}/{name}";

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection", "host", "One connection, without its secret")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .answers("200", "The connection.", connection_schema())
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    Operation { method: "get", path: PATH, route: get(show), doc: doc.done() }
}

async fn show(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    who.require(&app, "host.connections", "connection.get", &object).await?;
    // Through the list, which never opens a secret.
    let found = eaf_core::connection::list(&app.core, who.caller.tenant).await.map_err(connection_fault)?;
    let wanted = found.iter().find(|one| one.capability == capability && one.name == name);
    wanted.map(|one| Json(connection(one))).ok_or_else(|| Problem::new(Code::NotFound))
}

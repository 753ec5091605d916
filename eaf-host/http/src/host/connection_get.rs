//! `GET /api/host/connections/{capability}/{name}`: one connection, without its secret.

use super::{checked_name, connection_shown};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use serde_json::Value;

pub const PATH: &str = "/api/host/connections/{capability}/{name}";

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection", "host", "One connection, without its secret")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .answers("200", "The connection.", connection_shown::schema())
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: PATH,
        access: Access::connections("connection.get"),
        route: get(show),
        doc: doc.done(),
    }
}

async fn show(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let (capability, name) = (checked_name(&capability)?, checked_name(&name)?);
    // Read through the list, which never decrypts a secret.
    let found = connection_shown::all(&app, who.caller.tenant, who.caller.locale).await?;
    let wanted = found.into_iter().find(|one| one["capability"] == capability && one["name"] == name);
    wanted.map(Json).ok_or_else(|| Problem::new(Code::NotFound))
}

//! `DELETE /api/host/groups/{group}`: removes a group. Rules of products that name the group then
//! mean no one by it.

use super::checked_name;
use super::group_put::PATH;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::delete;
use serde_json::json;

pub fn operation() -> Operation {
    let doc = Entry::new("host.group.delete", "host", "Remove a group")
        .path("group", "The group's key.")
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Removed." });
    Operation {
        method: "delete",
        path: PATH,
        access: Access::groups("group.remove"),
        route: delete(remove),
        doc: Doc::One(doc),
    }
}

async fn remove(State(app): State<App>, who: TenantCaller, Path(group): Path<String>) -> Result<StatusCode, Problem> {
    let removed = app.core.directory.remove_group(&who.by(), who.caller.tenant, checked_name(&group)?).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::new(Code::NotFound)) }
}

//! `PUT` and `DELETE /api/host/groups/{group}/members/{actor}`: adds a current member to a group,
//! or removes a member from it.

use super::checked_name;
use super::member_shown::{actor, current};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, put};
use serde_json::json;

const PATH: &str = "/api/host/groups/{group}/members/{actor}";

pub fn put_operation() -> Operation {
    Operation {
        method: "put",
        path: PATH,
        access: Access::groups("group.add-member"),
        route: put(add),
        doc: doc("host.group.member.put", "Add a member to a group", &[Code::NotACurrentMember]),
    }
}

pub fn delete_operation() -> Operation {
    Operation {
        method: "delete",
        path: PATH,
        access: Access::groups("group.remove-member"),
        route: delete(remove),
        doc: doc("host.group.member.delete", "Remove a member from a group", &[]),
    }
}

fn doc(id: &str, summary: &str, more: &[Code]) -> Doc {
    let doc = Entry::new(id, "host", summary)
        .path("group", "The group's key.")
        .path("actor", "The member's id.")
        .refuses(&[&[Code::PermissionMissing, Code::NotFound], more].concat());
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Done." });
    Doc::One(doc)
}

async fn add(
    State(app): State<App>,
    who: TenantCaller,
    Path((group, actor)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (tenant, key) = (who.caller.tenant, checked_name(&group)?);
    let member = current(&app, tenant, &actor).await?;
    app.core.directory.add_to_group(&who.by(), tenant, key, member.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<App>,
    who: TenantCaller,
    Path((group, member)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (key, member) = (checked_name(&group)?, actor(&member)?);
    let removed = app.core.directory.remove_from_group(&who.by(), who.caller.tenant, key, member).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::new(Code::NotFound)) }
}

//! `GET /api/host/groups/{group}/members`: the members of a group, by name.

use super::member_shown::Members;
use super::{checked_name, page_schema, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = record(json!({
        "actor": { "type": "string", "format": "uuid" },
        "name": { "type": "string" },
        "email": { "type": "string" },
    }));
    let doc = Entry::new("host.group.members", "host", "The members of a group, by name")
        .path("group", "The group's key.")
        .query("cursor", json!({ "type": "string", "format": "uuid" }), "`next` of the previous page.")
        .answers("200", "A page.", page_schema(item))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: "/api/host/groups/{group}/members",
        access: Access::groups("group.list-members"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(
    State(app): State<App>,
    who: TenantCaller,
    Path(group): Path<String>,
    parameters: Parameters,
) -> Result<Json<Value>, Problem> {
    let known = parameters.once(|name| name == "cursor")?;
    let after = known.first().map(|(_, cursor)| cursor.parse()).transpose();
    let after = after.map_err(|_| Problem::parameter("cursor", "invalid"))?;
    let (tenant, key) = (who.caller.tenant, checked_name(&group)?);
    let groups = app.core.directory.groups(tenant).await?;
    if !groups.iter().any(|group| group.key == key) {
        return Err(Problem::new(Code::NotFound));
    }
    let members = Members::load(&app, tenant).await?;
    let (page, next) = members.page(after, |member| members.is_in_group(member.actor, key))?;
    let item = page.iter().map(|one| json!({ "actor": one.actor, "name": one.name, "email": one.email }));
    Ok(Json(json!({ "items": item.collect::<Vec<_>>(), "next": next })))
}

//! `GET /api/host/groups`: the tenant's groups by key, with the number of their members.

use super::{page_schema, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::precondition::tag_schema;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = record(json!({
        "key": { "type": "string" },
        "name": { "type": "string" },
        "size": { "type": "integer", "minimum": 0, "description": "The number of members." },
        "tag": tag_schema(),
    }));
    let doc = Entry::new("host.groups", "host", "The tenant's groups")
        .answers("200", "All groups, by key.", page_schema(item))
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/groups",
        access: Access::groups("group.list"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let groups = app.core.directory.groups(who.caller.tenant).await?;
    let item = groups
        .iter()
        .map(|group| json!({ "key": group.key, "name": group.name, "size": group.size, "tag": group.tag() }));
    Ok(Json(json!({ "items": item.collect::<Vec<_>>(), "next": null })))
}

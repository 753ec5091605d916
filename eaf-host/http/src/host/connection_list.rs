//! `GET /api/host/connections`: lists the tenant's connections, and connections that grants name
//! but that do not exist yet.

use super::{connection_shown, page_schema};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new(
        "host.connections",
        "host",
        "The tenant's connections without secrets, and those that grants name but are not configured yet",
    )
    .answers("200", "All connections.", page_schema(connection_shown::schema()))
    .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/connections",
        access: Access::connections("connection.list"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let items = connection_shown::all(&app, who.caller.tenant, who.caller.locale).await?;
    Ok(Json(json!({ "items": items, "next": null })))
}

//! `GET /api/host/connections`

use super::{connection, connection_fault, connection_schema, page_schema};
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::operation::{Entry, Operation};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.connections", "host", "The tenant's connections, without secrets")
        .answers("200", "All of them.", page_schema(connection_schema()))
        .refuses(&[Code::PermissionMissing]);
    Operation { method: "get", path: "/api/host/connections", route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    who.require(&app, "host.connections", "connection.list", "connections").await?;
    let found = eaf_core::connection::list(&app.core, who.caller.tenant).await.map_err(connection_fault)?;
    let items: Vec<Value> = found.iter().map(connection).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

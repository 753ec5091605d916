//! `DELETE /api/host/connections/{capability}/{name}`: deletes a connection with its secret and
//! closes its sessions. A grant that names the connection stays and applies to a new connection of
//! that name.

use super::connection_get::PATH;
use super::connection_put::audited;
use super::{checked_name, store_problem};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::delete;
use eaf_core::audit::{self, Act};
use eaf_core::connection;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.delete", "host", "Delete a connection with its secret")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Deleted." });
    Operation {
        method: "delete",
        path: PATH,
        access: Access::connections("connection.delete"),
        route: delete(remove),
        doc: Doc::One(doc),
    }
}

async fn remove(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    let tenant = who.caller.tenant;
    let mut tx = app.core.db.tenant(tenant).await?;
    let stored = connection::lock_settings(&mut tx, &capability, &name).await.map_err(store_problem)?;
    let before = stored.map(|(config, _)| config);
    let Some(before) = before else { return Err(Problem::new(Code::NotFound)) };
    connection::remove(&mut tx, &capability, &name).await.map_err(store_problem)?;
    let act = Act::new("connection.delete", object).changing(audited(&before), Value::Null);
    audit::record_act(&mut tx, &who.by(), &act).await?;
    tx.commit().await?;
    if let Some(provider) = app.providers.get(&capability) {
        provider.close_connection(tenant, &name).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

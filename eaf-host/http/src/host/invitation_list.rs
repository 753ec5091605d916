//! `GET /api/host/invitations`: the tenant's open invitations, the newest first.

use super::invitation::{PATH, document, schema};
use super::page_schema;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::id::ActorId;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.invitations", "host", "The tenant's open invitations")
        .answers("200", "All open invitations; expired ones until the host deletes them.", page_schema(schema()))
        .refuses(&[Code::PermissionMissing]);
    let access = Access::members("invitation.list");
    Operation { method: "get", path: PATH, access, route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let tenant = who.caller.tenant;
    let invitations = app.core.directory.invitations(tenant).await?;
    let inviters: Vec<ActorId> = invitations.iter().map(|invitation| invitation.invited_by).collect();
    let names = app.core.directory.names_of(tenant, &inviters).await?;
    let shown = |invitation| document(&app, invitation, &names, who.caller.locale);
    let items: Vec<Value> = invitations.iter().map(shown).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

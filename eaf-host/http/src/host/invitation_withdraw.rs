//! `DELETE /api/host/invitations/{id}`: withdraws an open invitation. Its link is refused from then
//! on.

use super::invitation::{ITEM, id};
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
    let doc = Entry::new("host.invitation.withdraw", "host", "Withdraw an invitation")
        .path("id", "The invitation's id.")
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Withdrawn. The mail address is deleted." });
    let access = Access::members("invitation.withdraw");
    Operation { method: "delete", path: ITEM, access, route: delete(withdraw), doc: Doc::One(doc) }
}

async fn withdraw(State(app): State<App>, who: TenantCaller, Path(text): Path<String>) -> Result<StatusCode, Problem> {
    app.core.directory.withdraw_invitation(&who.by(), who.caller.tenant, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

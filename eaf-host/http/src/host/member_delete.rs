//! `DELETE /api/host/members/{actor}`: removes a member from the tenant. The person's sessions,
//! deputies and groups end at once, and the member can be added again.
//!
//! The open items of the person are listed by `GET …/open-items`, before the removal and after it.
//! Products find out who is meant each time they ask, so a removed member is not meant any more.

use super::member_put::PATH;
use super::member_shown;
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
    let doc = Entry::new("host.member.delete", "host", "Remove a member").path("actor", "The member's id.").refuses(&[
        Code::PermissionMissing,
        Code::NotFound,
        Code::NotACurrentMember,
        Code::LastAdmin,
    ]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Removed. The person is signed out everywhere." });
    Operation {
        method: "delete",
        path: PATH,
        access: Access::members("member.remove"),
        route: delete(remove),
        doc: Doc::One(doc),
    }
}

async fn remove(State(app): State<App>, who: TenantCaller, Path(actor): Path<String>) -> Result<StatusCode, Problem> {
    let member = member_shown::current(&app, who.caller.tenant, &actor).await?;
    app.core.directory.remove_member(&who.by(), who.caller.tenant, member.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

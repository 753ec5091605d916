//! `POST /api/host/invitations/{id}/mail`: sends the mail of an open invitation again. The list
//! shows the outcome.

use super::invitation::id;
use super::test_limit::RateLimited;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::invitation_mail;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::json;

const ACT: &str = "invitation.mail";

pub fn operation() -> Operation {
    let doc = Entry::new("host.invitation.mail", "host", "Send the mail of an invitation again")
        .path("id", "The invitation's id.")
        .refuses(&[Code::PermissionMissing, Code::NotFound, Code::TooManyTests]);
    let mut doc = doc.build();
    doc["responses"]["202"] = json!({ "description": "The mail is being sent." });
    let path = "/api/host/invitations/{id}/mail";
    Operation { method: "post", path, access: Access::members(ACT), route: post(send), doc: Doc::One(doc) }
}

async fn send(State(app): State<App>, who: TenantCaller, Path(text): Path<String>) -> Result<StatusCode, Problem> {
    let tenant = who.caller.tenant;
    let invitation = app.core.directory.invitation(tenant, id(&text)?).await?;
    let permit = app.tests.acquire(tenant, app.core.ambient.now());
    permit.map_err(|RateLimited(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    who.record(&app, ACT, &format!("invitation/{}", invitation.id), "ok").await?;
    invitation_mail::send(&app, tenant, invitation, who.caller.trace.clone());
    Ok(StatusCode::ACCEPTED)
}

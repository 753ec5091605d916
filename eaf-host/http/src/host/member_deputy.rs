//! `PUT` and `DELETE /api/host/members/{actor}/deputy`: sets or ends the deputy of a member who
//! cannot do it, such as one who fell ill.

use super::member_shown::current;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::deputy;
use crate::operation::{Doc, Entry, Operation};
use crate::precondition;
use crate::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::{delete, put};
use serde_json::json;

const PATH: &str = "/api/host/members/{actor}/deputy";

pub fn put_operation() -> Operation {
    let doc =
        Entry::new("host.member.deputy.put", "host", "Set the deputy of a member").path("actor", "The member's id.");
    let doc = deputy::described(doc).refuses(&[Code::PermissionMissing, Code::NotFound, Code::NotACurrentMember]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Set, in place of a former deputy." });
    let access = Access::members("deputy.set");
    Operation { method: "put", path: PATH, access, route: put(set), doc: Doc::One(doc) }
}

pub fn delete_operation() -> Operation {
    let doc = Entry::new("host.member.deputy.delete", "host", "End the deputy of a member")
        .path("actor", "The member's id.")
        .refuses(&[Code::PermissionMissing, Code::NotFound, Code::NotACurrentMember]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Ended." });
    let access = Access::members("deputy.end");
    Operation { method: "delete", path: PATH, access, route: delete(end), doc: Doc::One(doc) }
}

async fn set(
    State(app): State<App>,
    mut who: TenantCaller,
    Path(actor): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let basis = precondition::basis(request.headers())?;
    let body = who.read_json(&app, request).await?;
    let member = current(&app, who.caller.tenant, &actor).await?;
    deputy::store(&app, &who, member.actor, &body, &basis).await
}

async fn end(State(app): State<App>, who: TenantCaller, Path(actor): Path<String>) -> Result<StatusCode, Problem> {
    let member = current(&app, who.caller.tenant, &actor).await?;
    deputy::end(&app, &who, member.actor).await
}

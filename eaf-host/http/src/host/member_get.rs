//! `GET /api/host/members/{actor}`: one member, also a removed one, who has no role.

use super::member_put::PATH;
use super::member_shown::{Members, actor, schema};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use serde_json::Value;

pub fn operation() -> Operation {
    let doc = Entry::new("host.member", "host", "One member")
        .path("actor", "The member's id.")
        .answers("200", "The member.", schema())
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    Operation { method: "get", path: PATH, access: Access::members("member.get"), route: get(read), doc: doc.done() }
}

async fn read(State(app): State<App>, who: TenantCaller, Path(text): Path<String>) -> Result<Json<Value>, Problem> {
    let actor = actor(&text)?;
    let members = Members::load(&app, who.caller.tenant).await?;
    members.find(actor).map(Json).ok_or_else(|| Problem::new(Code::NotFound))
}

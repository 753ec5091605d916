//! `GET /api/host/members`: the tenant's members by name, with groups, manager and deputy.

use super::member_shown::{Members, schema};
use super::page_schema;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::{self, Parameters};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_capability::matches_search;
use eaf_core::id::ActorId;
use serde_json::{Value, json};

/// Characters of a search.
const MAX_SEARCH: usize = 200;

pub fn operation() -> Operation {
    let search = json!({ "type": "string", "maxLength": MAX_SEARCH, "pattern": parameters::TEXT });
    let doc = Entry::new("host.members", "host", "The tenant's members, by name")
        .query("q", search, "Words of name or mail address, in any case.")
        .query("removed", json!({ "enum": ["true", "false"] }), "`true`: removed members too, who have no role.")
        .query("deputy", json!({ "enum": ["true", "false"] }), "`true`: only members who have a deputy.")
        .query("cursor", json!({ "type": "string", "format": "uuid" }), "`next` of the previous page.")
        .answers("200", "A page.", page_schema(schema()))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/members",
        access: Access::members("member.list"),
        route: get(list),
        doc: doc.done(),
    }
}

#[derive(Default)]
struct Filter<'a> {
    search: &'a str,
    removed: bool,
    deputy: bool,
    after: Option<ActorId>,
}

async fn list(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let filter = parse(&parameters)?;
    let members = Members::load(&app, who.caller.tenant).await?;
    let (page, next) = members.page(filter.after, |member| {
        let is_shown =
            (filter.removed || !member.roles.is_empty()) && (!filter.deputy || members.has_deputy(member.actor));
        is_shown && matches_search(&format!("{} {}", member.name, member.email), filter.search)
    })?;
    let items: Vec<Value> = page.into_iter().map(|member| members.document(member)).collect();
    Ok(Json(json!({ "items": items, "next": next })))
}

fn parse(parameters: &Parameters) -> Result<Filter<'_>, Problem> {
    let mut filter = Filter::default();
    for (name, value) in parameters.once(|name| matches!(name, "q" | "removed" | "deputy" | "cursor"))? {
        let invalid = || Problem::parameter(name, "invalid");
        match name.as_str() {
            "q" if value.chars().count() > MAX_SEARCH => return Err(invalid()),
            "q" => filter.search = value,
            "removed" => filter.removed = value.parse().map_err(|_| invalid())?,
            "deputy" => filter.deputy = value.parse().map_err(|_| invalid())?,
            _ => filter.after = Some(value.parse().map_err(|_| invalid())?),
        }
    }
    Ok(filter)
}

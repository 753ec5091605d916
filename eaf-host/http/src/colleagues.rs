//! `GET /api/session/colleagues`: finds members of the caller's tenant by name, so that a member
//! can name one of them as deputy.
//!
//! Every member may search, so an item has the name and the id alone: no mail address, no role.
//! A search without a word of [`MIN_WORD`] characters would list the whole tenant.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::host::member_shown::{person_document, person_schema};
use super::host::record;
use super::operation::{Entry, Operation};
use super::order;
use super::parameters::Parameters;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_capability::matches_search;
use eaf_core::directory::Member;
use serde_json::{Value, json};

/// Minimum length of the longest word of a search, in characters; see [`SEARCH`].
const MIN_WORD: usize = 2;
/// Limit of a search, in characters.
const MAX_SEARCH: usize = 100;
/// Pattern of a search in the OpenAPI document: a word of two characters, and no NUL.
const SEARCH: &str = "^[^\\u0000]*[^\\u0000\\s]{2}[^\\u0000]*$";
/// Limit of items; a longer search finds the others.
const MAX_FOUND: usize = 20;

pub fn operation() -> Operation {
    let search = json!({ "type": "string", "maxLength": MAX_SEARCH, "pattern": SEARCH });
    let answer = record(json!({
        "items": { "type": "array", "maxItems": MAX_FOUND, "items": person_schema() },
        "more": { "type": "boolean", "description": "More members match; only a longer search finds them." },
    }));
    let doc = Entry::new("session.colleagues", "eaf", "Other members of my tenant, by name")
        .required_query("q", search, "Words of the name, in any case; one has 2 characters or more.")
        .answers("200", "The first members that match, by name.", answer)
        .refuses(&[Code::QueryInvalid]);
    Operation {
        method: "get",
        path: "/api/session/colleagues",
        access: Access::Member,
        route: get(find),
        doc: doc.done(),
    }
}

async fn find(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let search = parse(&parameters)?;
    let members = app.core.directory.members(who.caller.tenant).await?;
    let is_found = |member: &Member| {
        member.actor != who.caller.actor && !member.roles.is_empty() && matches_search(&member.name, search)
    };
    let mut found: Vec<Member> = members.into_iter().filter(is_found).collect();
    found.sort_by(|one, other| order::compare(&one.name, &other.name).then(one.actor.cmp(&other.actor)));
    let more = found.len() > MAX_FOUND;
    let items = found.iter().take(MAX_FOUND).map(|member| person_document(member.actor, Some(&member.name)));
    Ok(Json(json!({ "items": items.collect::<Vec<_>>(), "more": more })))
}

fn parse(parameters: &Parameters) -> Result<&str, Problem> {
    let known = parameters.once(|name| name == "q")?;
    let search = known.first().map_or("", |(_, search)| search.as_str());
    let is_precise = search.split_whitespace().any(|word| word.chars().count() >= MIN_WORD);
    if is_precise && search.chars().count() <= MAX_SEARCH {
        Ok(search)
    } else {
        Err(Problem::parameter("q", "invalid"))
    }
}

//! `GET`, `PUT` and `DELETE /api/session/deputy`: the caller's deputy during an absence, and the
//! persons for whom the caller stands in.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::host::member_shown::{deputy_document, deputy_schema, person_document, stands_in_schema};
use super::host::record;
use super::operation::{Doc, Entry, Operation};
use super::problem::Problem;
use super::{order, precondition, schema};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, put};
use eaf_core::directory::{Basis, Deputy};
use eaf_core::id::ActorId;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

const PATH: &str = "/api/session/deputy";

/// Errors of a body that sets a deputy.
const BODY_ERRORS: [Code; 9] = [
    Code::MalformedJson,
    Code::BodyTooLarge,
    Code::BodyTooComplex,
    Code::UnsupportedMediaType,
    Code::BodyInvalid,
    Code::DeputyPeriod,
    Code::DeputyCycle,
    Code::BasisInvalid,
    Code::ChangedMeanwhile,
];

pub fn operation() -> Operation {
    let answer = record(json!({ "deputy": deputy_schema(), "stands_in_for": stands_in_schema() }));
    let doc = Entry::new("session.deputy", "eaf", "My deputy, and for whom I stand in")
        .answers("200", "The deputy, and the persons.", answer)
        .refuses(&[]);
    Operation { method: "get", path: PATH, access: Access::Member, route: get(read), doc: doc.done() }
}

pub fn put_operation() -> Operation {
    let doc = described(Entry::new("session.deputy.put", "eaf", "Set my deputy"));
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Set, in place of a former deputy." });
    Operation { method: "put", path: PATH, access: Access::Member, route: put(set_own), doc: Doc::One(doc) }
}

pub fn delete_operation() -> Operation {
    let doc = Entry::new("session.deputy.delete", "eaf", "End my deputy").refuses(&[Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Ended." });
    Operation { method: "delete", path: PATH, access: Access::Member, route: delete(end_own), doc: Doc::One(doc) }
}

/// Adds body, precondition and refusals of an operation that sets a deputy to its OpenAPI entry.
pub fn described(entry: Entry) -> Entry {
    let entry = entry.body(body_schema()).refuses(&BODY_ERRORS);
    precondition::described_basis(entry, "`tag` of the deputy that the change was made on.")
}

fn body_schema() -> Value {
    let time = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    json!({
        "type": "object",
        "required": ["deputy", "starts_at", "ends_at"],
        "additionalProperties": false,
        "properties": {
            "deputy": { "type": "string", "format": "uuid", "description": "A current member." },
            "starts_at": time("May be past or to come."),
            "ends_at": time("To come, and at most 366 days after the start."),
        },
    })
}

async fn read(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let tenant = who.caller.tenant;
    let mut persons: Vec<ActorId> = who.caller.affiliation.stands_in_for.iter().map(|person| person.id).collect();
    let deputies = app.core.directory.deputies(tenant, app.core.ambient.now()).await?;
    let own = deputies.iter().find(|deputy| deputy.actor_id == who.caller.actor);
    let actors: Vec<ActorId> = own.map(|own| own.deputy_id).into_iter().chain(persons.iter().copied()).collect();
    let names = app.core.directory.names_of(tenant, &actors).await?;
    let name = |actor: ActorId| names.get(&actor).and_then(Option::as_deref);
    persons.sort_by(|one, other| {
        order::compare(name(*one).unwrap_or_default(), name(*other).unwrap_or_default()).then(one.cmp(other))
    });
    let persons: Vec<Value> = persons.into_iter().map(|actor| person_document(actor, name(actor))).collect();
    Ok(Json(json!({
        "deputy": own.map(|own| deputy_document(own, name(own.deputy_id))),
        "stands_in_for": persons,
    })))
}

async fn set_own(State(app): State<App>, mut who: TenantCaller, request: Request) -> Result<StatusCode, Problem> {
    let basis = precondition::basis(request.headers())?;
    let body = who.read_json(&app, request).await?;
    store(&app, &who, who.caller.actor, &body, &basis).await
}

async fn end_own(State(app): State<App>, who: TenantCaller) -> Result<StatusCode, Problem> {
    end(&app, &who, who.caller.actor).await
}

/// Sets the deputy of a member as the body says.
pub async fn store(
    app: &App,
    who: &TenantCaller,
    actor: ActorId,
    body: &Value,
    basis: &Basis,
) -> Result<StatusCode, Problem> {
    schema::check(&body_schema(), body, who.caller.locale)?;
    let time = |member: &str| {
        let at = body[member].as_str().and_then(instant);
        at.ok_or_else(|| Problem::member(&format!("/{member}"), "format"))
    };
    let deputy = body["deputy"].as_str().and_then(|deputy| deputy.parse().ok());
    let deputy_id = deputy.ok_or_else(|| Problem::member("/deputy", "person"))?;
    let new = Deputy { actor_id: actor, deputy_id, starts_at: time("starts_at")?, ends_at: time("ends_at")? };
    if new.ends_at <= app.core.ambient.now() {
        return Err(Problem::member("/ends_at", "past"));
    }
    app.core.directory.set_deputy(&who.by(), who.caller.tenant, &new, basis).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the deputy of a member; without one it is 404.
pub async fn end(app: &App, who: &TenantCaller, actor: ActorId) -> Result<StatusCode, Problem> {
    let ended = app.core.directory.end_deputy(&who.by(), who.caller.tenant, actor).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::new(Code::NotFound)) }
}

/// Reads a time at the precision of the database: UTC, microseconds.
fn instant(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).ok()
}

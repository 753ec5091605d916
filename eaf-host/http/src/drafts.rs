//! `/api/session/drafts`: input for commands that the caller saved to give the command later, on
//! any machine. Drafts are the caller's own and have no effect.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::host::{instant, record};
use super::operation::{Doc, Entry, Operation};
use super::precondition::{self, Precondition};
use super::problem::Problem;
use super::schema;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, put};
use eaf_core::draft::{self, Content, Draft, Owner, Save};
use eaf_core::id::DraftId;
use serde_json::{Map, Value, json};

const LIST: &str = "/api/session/drafts";
const ITEM: &str = "/api/session/drafts/{id}";
const MAX_TITLE_LENGTH: usize = 200;
const MAX_NAME_LENGTH: usize = 64;
/// Pattern of a revision in `If-Match`.
const REVISION: &str = "[1-9][0-9]{0,17}";
/// Maximum size of a draft's values as JSON. A list has the values of all drafts.
const MAX_VALUES_BYTES: usize = 16 * 1024;

pub fn operation() -> Operation {
    let answer = record(json!({ "items": { "type": "array", "items": record(members()) } }));
    let doc = Entry::new("session.drafts", "eaf", "My drafts")
        .answers("200", "The drafts, the last changed first.", answer)
        .refuses(&[]);
    Operation { method: "get", path: LIST, access: Access::Member, route: get(list), doc: doc.done() }
}

pub fn put_operation() -> Operation {
    let answer = record(json!({ "revision": { "type": "integer", "minimum": 1 } }));
    let doc = Entry::new("session.draft.put", "eaf", "Save a draft")
        .path("id", "The draft's id, a UUID of the client's choice.")
        .body(body_schema())
        .answers("200", "Saved.", answer)
        .refuses(&[
            Code::MalformedJson,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
            Code::NotFound,
            Code::BasisInvalid,
            Code::ChangedMeanwhile,
            Code::TooManyDrafts,
        ]);
    let tag = "`revision` that the change was made on. Without it, the draft is new.";
    let doc = precondition::described(doc, REVISION, tag);
    Operation { method: "put", path: ITEM, access: Access::Member, route: put(save), doc: doc.done() }
}

pub fn delete_operation() -> Operation {
    let doc = Entry::new("session.draft.delete", "eaf", "Delete one of my drafts").path("id", "The draft's id.");
    let doc = doc.refuses(&[Code::NotFound, Code::BasisInvalid, Code::ChangedMeanwhile]);
    let tag = "`revision` that the caller read. Without it, any revision is deleted.";
    let mut doc = precondition::described(doc, REVISION, tag).build();
    doc["responses"]["204"] = json!({ "description": "Deleted, or it was not there." });
    Operation { method: "delete", path: ITEM, access: Access::Member, route: delete(forget), doc: Doc::One(doc) }
}

fn members() -> Value {
    let time = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    json!({
        "id": { "type": "string", "format": "uuid" },
        "product": { "type": "string" },
        "command": { "type": "string", "description": "Without the product's id." },
        "title": { "type": "string" },
        "revision": { "type": "integer", "minimum": 1, "description": "For `If-Match`." },
        "changed_at": time("The last change."),
        "expires_at": time("90 days after the last change."),
        "values": values_schema(),
    })
}

fn values_schema() -> Value {
    json!({ "type": "object", "additionalProperties": true, "description": "As typed; at most 16 KiB." })
}

fn body_schema() -> Value {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH });
    json!({
        "type": "object",
        "required": ["product", "command", "title", "values"],
        "additionalProperties": false,
        "properties": {
            "product": name,
            "command": name,
            "title": { "type": "string", "minLength": 1, "maxLength": MAX_TITLE_LENGTH },
            "values": values_schema(),
        },
    })
}

fn owner(who: &TenantCaller) -> Owner {
    Owner { tenant: who.caller.tenant, person: who.caller.actor }
}

fn id_of(text: &str) -> Result<DraftId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

fn document(draft: &Draft) -> Value {
    json!({
        "id": draft.id,
        "product": draft.plugin,
        "command": draft.command,
        "title": draft.content.title,
        "revision": draft.revision,
        "changed_at": instant(draft.changed_at),
        "expires_at": instant(draft.expires_at),
        "values": draft.content.values,
    })
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let core = &app.core;
    let drafts = draft::list(&core.db, &core.keyring, owner(&who), core.ambient.now()).await?;
    Ok(Json(json!({ "items": drafts.iter().map(document).collect::<Vec<_>>() })))
}

async fn save(
    State(app): State<App>,
    mut who: TenantCaller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let id = id_of(&id)?;
    let basis = revision(request.headers())?;
    let body = who.read_json(&app, request).await?;
    schema::check(&body_schema(), &body, who.caller.locale)?;
    let text = |member: &str| body[member].as_str().unwrap_or_default();
    let (plugin, command) = (text("product"), text("command"));
    if !may_give(&app, &who, plugin, command) {
        return Err(Problem::new(Code::NotFound));
    }
    if body["values"].to_string().len() > MAX_VALUES_BYTES {
        return Err(Problem::member("/values", "too-large"));
    }
    let values: Map<String, Value> = body["values"].as_object().cloned().unwrap_or_default();
    let content = Content { title: text("title").to_owned(), values };
    let new = Save { id, plugin, command, content: &content, basis };
    let core = &app.core;
    let revision = draft::save(&core.db, &core.keyring, owner(&who), &new, core.ambient.now()).await?;
    Ok(Json(json!({ "revision": revision })))
}

async fn forget(
    State(app): State<App>,
    who: TenantCaller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    draft::delete(&app.core.db, owner(&who), id_of(&id)?, revision(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the revision that the caller read. `None`: the request names none.
fn revision(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    Ok(match precondition::of(headers, |tag| tag.parse().ok())? {
        Some(Precondition::Matches(revision)) => Some(revision),
        Some(Precondition::Absent) | None => None,
    })
}

/// Whether the caller may give this command.
fn may_give(app: &App, who: &TenantCaller, plugin: &str, command: &str) -> bool {
    let product = app.products.get(plugin).filter(|_| who.has(plugin));
    let permission = product.as_ref().and_then(|product| product.command(command)?.permission.clone());
    permission.is_some_and(|permission| who.caller.may(&format!("{plugin}.{permission}")))
}

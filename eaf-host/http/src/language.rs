//! `PUT /api/session/language`: sets the language of a member's pages and mails.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::operation::{Doc, Entry, Operation};
use super::problem::{FieldProblem, Problem};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_core::actor::Locale;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let body = json!({
        "type": "object",
        "required": ["language"],
        "additionalProperties": false,
        "properties": { "language": { "enum": ["de", "en"] } },
    });
    let doc = Entry::new("session.language", "eaf", "Choose the language of my pages and mails").body(body).refuses(&[
        Code::MalformedJson,
        Code::BodyTooLarge,
        Code::BodyTooComplex,
        Code::UnsupportedMediaType,
        Code::BodyInvalid,
    ]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "The language of pages and mails is changed." });
    Operation {
        method: "put",
        path: "/api/session/language",
        access: Access::Member,
        route: put(choose),
        doc: Doc::One(doc),
    }
}

async fn choose(State(app): State<App>, mut who: TenantCaller, request: Request) -> Result<StatusCode, Problem> {
    let body = who.read_json(&app, request).await?;
    let members = body.as_object().map_or(0, |body| body.len());
    let locale = match body.get("language").and_then(Value::as_str).filter(|_| members == 1) {
        Some("de") => Locale::De,
        Some("en") => Locale::En,
        _ => return Err(Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/language", "enum")])),
    };
    app.core.directory.set_locale(who.caller.tenant, who.caller.actor, locale, &who.caller.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

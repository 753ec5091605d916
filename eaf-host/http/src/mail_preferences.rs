//! `GET` and `PUT /api/session/mail-preferences`: whether mails reach the caller at once or as one
//! digest a day, and which kinds of mails the caller turned off.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::host::{instant, record};
use super::operation::{Doc, Entry, Operation};
use super::problem::Problem;
use super::{precondition, schema};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use eaf_core::directory::MailPreference;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PATH: &str = "/api/session/mail-preferences";
/// Maximum length of a time zone's name.
const MAX_ZONE_LENGTH: usize = 64;
/// Maximum number of kinds that a person can turn off, above that of all products together.
const MAX_OFF: usize = 200;
const MAX_KIND_LENGTH: usize = 100;

pub fn operation() -> Operation {
    let kind = record(json!({
        "id": { "type": "string", "description": "For `off`." },
        "product": { "type": "string", "description": "Name of the product that sends it." },
        "name": { "type": "string", "description": "In the caller's language." },
    }));
    let next = json!({ "type": ["string", "null"], "format": "date-time", "description": "null: mails come at once." });
    let tag = json!({ "type": ["string", "null"], "description": "For `If-Match`; null: nothing is set yet." });
    let mut members = members();
    members["tag"] = tag;
    members["next_digest_at"] = next;
    members["kinds"] = json!({ "type": "array", "items": kind, "description": "Kinds that can be turned off." });
    let doc = Entry::new("session.mail-preferences", "eaf", "How mails reach me")
        .answers("200", "The preferences, or those that hold while none are set.", record(members))
        .refuses(&[]);
    Operation { method: "get", path: PATH, access: Access::Member, route: get(read), doc: doc.done() }
}

pub fn put_operation() -> Operation {
    let doc = Entry::new("session.mail-preferences.put", "eaf", "Choose how mails reach me").body(body_schema());
    let doc = doc.refuses(&[
        Code::MalformedJson,
        Code::BodyTooLarge,
        Code::BodyTooComplex,
        Code::UnsupportedMediaType,
        Code::BodyInvalid,
        Code::BasisInvalid,
        Code::ChangedMeanwhile,
    ]);
    let mut doc = precondition::described_basis(doc, "`tag` of the preferences that the change was made on.").build();
    doc["responses"]["204"] = json!({ "description": "Set. Mails that wait come at the next chosen hour, or now." });
    Operation { method: "put", path: PATH, access: Access::Member, route: put(store), doc: Doc::One(doc) }
}

fn members() -> Value {
    json!({
        "delivery": { "enum": [MailPreference::AT_ONCE, MailPreference::DAILY] },
        "hour": { "type": "integer", "minimum": 0, "maximum": 23, "description": "Of the daily digest." },
        "time_zone": {
            "type": "string", "minLength": 1, "maxLength": MAX_ZONE_LENGTH, "pattern": "^[A-Za-z0-9_+/-]+$",
            "description": "Of the hour, such as `Europe/Berlin`.",
        },
        "off": {
            "type": "array", "maxItems": MAX_OFF,
            "items": { "type": "string", "maxLength": MAX_KIND_LENGTH },
            "description": "Kinds of mails that the person does not get.",
        },
    })
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["delivery", "hour", "time_zone", "off"],
        "additionalProperties": false,
        "properties": members(),
    })
}

/// Kind of mails that a person may turn off.
struct OptionalKind {
    id: String,
    product: String,
    name: String,
}

/// Kinds of the caller's products that can be turned off, by product and name.
fn optional_kinds(app: &App, who: &TenantCaller) -> Vec<OptionalKind> {
    let products = app.products.all().into_iter().filter(|product| who.has(product.id()));
    let mut kinds: Vec<OptionalKind> = Vec::new();
    for product in products {
        let optional = product.mails.kinds().filter(|(_, kind)| kind.optional);
        kinds.extend(optional.map(|(template, _)| OptionalKind {
            id: format!("{}/{template}", product.id()),
            product: product.name.clone(),
            name: product.mails.kind_name(template, who.caller.locale),
        }));
    }
    kinds.sort_by(|one, other| (&one.product, &one.name).cmp(&(&other.product, &other.name)));
    kinds
}

async fn read(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let (tenant, directory) = (who.caller.tenant, &app.core.directory);
    let stored = directory.mail_preference(tenant, who.caller.actor).await?;
    let tag = stored.as_ref().map(MailPreference::tag);
    let preference = stored.unwrap_or_default();
    let next = match preference.delivery == MailPreference::DAILY {
        true => instant(directory.next_digest(tenant, &preference).await?),
        false => None,
    };
    let kinds = optional_kinds(&app, &who);
    // A kind that a package no longer has is not shown, and leaves with the next change.
    let off: Vec<&String> = preference.off.iter().filter(|off| kinds.iter().any(|kind| kind.id == **off)).collect();
    let kind = |kind: &OptionalKind| json!({ "id": kind.id, "product": kind.product, "name": kind.name });
    Ok(Json(json!({
        "delivery": preference.delivery,
        "hour": preference.hour,
        "time_zone": preference.time_zone,
        "off": off,
        "tag": tag,
        "next_digest_at": next,
        "kinds": kinds.iter().map(kind).collect::<Vec<_>>(),
    })))
}

async fn store(State(app): State<App>, mut who: TenantCaller, request: Request) -> Result<StatusCode, Problem> {
    let basis = precondition::basis(request.headers())?;
    let body = who.read_json(&app, request).await?;
    schema::check(&body_schema(), &body, who.caller.locale)?;
    let kinds = optional_kinds(&app, &who);
    let mut off = BTreeSet::new();
    for (index, id) in body["off"].as_array().into_iter().flatten().enumerate() {
        let known = kinds.iter().find(|kind| Some(kind.id.as_str()) == id.as_str());
        off.insert(known.ok_or_else(|| Problem::member(&format!("/off/{index}"), "enum"))?.id.clone());
    }
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let new = MailPreference {
        delivery: text("delivery"),
        hour: body["hour"].as_f64().unwrap_or_default() as i32,
        time_zone: text("time_zone"),
        off: off.into_iter().collect(),
    };
    app.core.directory.set_mail_preference(&who.by(), who.caller.tenant, who.caller.actor, &new, &basis).await?;
    Ok(StatusCode::NO_CONTENT)
}

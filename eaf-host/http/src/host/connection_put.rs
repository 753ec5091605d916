//! `PUT /api/host/connections/{capability}/{name}`: stores a connection. The secret is write-only.
//! Without a secret in the body, the stored secret stays, and only non-routing fields may change.
//! `If-Match` refuses a change if another admin has changed the settings meanwhile.

use super::connection_get::PATH;
use super::{checked_name, store_problem};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::precondition::{self, Precondition};
use crate::problem::{FieldProblem, Problem};
use crate::schema;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_capability::ConnectionType;
use eaf_core::actor::Locale;
use eaf_core::audit::{self, Act};
use eaf_core::connection::{self, NewConnection};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(super) fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["config"],
        "additionalProperties": false,
        "properties": {
            "config": { "type": "object", "description": "The settings, which are readable and must not contain secrets." },
            "secret": {
                "type": "object",
                "writeOnly": true,
                "description": "Write-only. If absent, the stored one is kept; required with another address or account.",
            },
        },
    })
}

/// Violations in a body that sets a connection of this type: those of the type's JSON Schemas or,
/// if there are none, those of the type's own rules.
pub(super) fn violations(
    kind: &ConnectionType,
    mut schema: Value,
    body: &Value,
    locale: Locale,
) -> Result<Vec<FieldProblem>, Problem> {
    schema["properties"]["config"] = kind.config.clone();
    schema["properties"]["secret"] = kind.secret.clone();
    let schema = jsonschema::validator_for(&schema).map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let violations = schema::violations(&schema, body, locale);
    if !violations.is_empty() {
        return Ok(violations);
    }
    let violations = (kind.validate)(&body["config"], body.get("secret").and_then(Value::as_object));
    Ok(violations.into_iter().map(|violation| FieldProblem::new(violation.pointer, violation.code)).collect())
}

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.put", "host", "Set a connection")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .body(body_schema());
    let doc = precondition::described(doc, TIME_PATTERN, "`updated_at` of the settings that the change was made on.")
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::NotFound,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
            Code::TooManyConnections,
            Code::BasisInvalid,
            Code::ChangedMeanwhile,
        ]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Stored." });
    Operation {
        method: "put",
        path: PATH,
        access: Access::connections("connection.put"),
        route: put(store),
        doc: crate::operation::Doc::One(doc),
    }
}

/// Pattern of a connection's `updated_at`, which is its tag in `If-Match`.
const TIME_PATTERN: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,20}Z";

/// Refuses a change if the settings were changed, added or deleted since the caller read them.
fn check_unchanged(precondition: Precondition<OffsetDateTime>, stored: Option<OffsetDateTime>) -> Result<(), Problem> {
    let holds = match precondition {
        Precondition::Matches(updated_at) => stored == Some(updated_at),
        Precondition::Absent => stored.is_none(),
    };
    if holds { Ok(()) } else { Err(Problem::new(Code::ChangedMeanwhile)) }
}

pub(super) fn put_problem(cause: connection::Error) -> Problem {
    match cause {
        connection::Error::NoSecret => secret_problem("required"),
        connection::Error::TooMany => Problem::new(Code::TooManyConnections).with("limit", connection::MAX_CONNECTIONS),
        connection::Error::SecretNeededAgain => secret_problem("secret-again"),
        cause => store_problem(cause),
    }
}

fn secret_problem(code: &str) -> Problem {
    Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/secret", code)])
}

async fn store(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    let provider = app.providers.get(&capability).ok_or_else(|| Problem::new(Code::NotFound))?;
    let kind = provider.connections();
    let precondition = precondition::of(request.headers(), |tag| OffsetDateTime::parse(tag, &Rfc3339).ok())?;
    let body = who.read_json(&app, request).await?;
    let violations = violations(&kind, body_schema(), &body, who.caller.locale)?;
    if !violations.is_empty() {
        return Err(Problem::new(Code::BodyInvalid).errors(violations));
    }
    let new = NewConnection {
        capability,
        name,
        config: body["config"].clone(),
        secret: body.get("secret").and_then(Value::as_object).cloned(),
        non_routing_fields: kind.non_routing_fields,
    };
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let stored = connection::lock_settings(&mut tx, &new.capability, &new.name).await.map_err(store_problem)?;
    let (before, updated_at) = stored.unzip();
    if let Some(precondition) = precondition {
        check_unchanged(precondition, updated_at)?;
    }
    app.core.connections.put(&mut tx, &new, who.caller.actor).await.map_err(put_problem)?;
    let (old, changed) = changed(before.as_ref(), &new);
    audit::record_act(&mut tx, &who.by(), &Act::new("connection.put", object).changing(old, changed)).await?;
    let stored = provider.connection_stored(&mut tx, &new.name).await;
    stored.map_err(|cause| Problem::fault(Code::Internal, cause.as_ref()))?;
    tx.commit().await?;
    eaf_core::workflow::wake_calls(
        &app.core.db,
        &app.core.feed,
        who.caller.tenant,
        &new.capability,
        app.core.ambient.now(),
    )
    .await
    .map_err(super::runs::fault)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changed settings, before and after, for the audit. A secret is recorded only as the word `set`;
/// a long value, such as a certificate, only as its digest.
pub(super) fn changed(before: Option<&Value>, new: &NewConnection) -> (Value, Value) {
    let (mut old, mut now) = (Map::new(), Map::new());
    let members = |config: Option<&Value>| config.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before_members, after_members) = (members(before), members(Some(&new.config)));
    for name in before_members.keys().chain(after_members.keys()) {
        if before_members.get(name) != after_members.get(name) {
            old.insert(name.clone(), before_members.get(name).map_or(Value::Null, digest_if_long));
            now.insert(name.clone(), after_members.get(name).map_or(Value::Null, digest_if_long));
        }
    }
    if new.secret.is_some() {
        now.insert("secret".into(), "set".into());
    }
    (if before.is_some() { old.into() } else { Value::Null }, now.into())
}

/// Settings of a connection as the audit records them: a long value only as its digest.
pub(super) fn audited(config: &Value) -> Value {
    let members = config.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), digest_if_long(value))).collect())
}

fn digest_if_long(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= 200 {
        return value.clone();
    }
    let digest: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}").into()
}

//! `GET /api/{plugin}/commands/{command}/choices/{member}`: what there is in another system to choose from, for a member of a
//! command that its schema marks with `"x-eaf-choices": {"capability", "grant", "of"}`.
//!
//! Who may give the command may ask. A command never asks another system by itself: what was chosen may be gone when
//! it is used, and a form says so with `value`, before it sends the command.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::commands::for_people;
use super::host::test_limit::Full;
use super::messages;
use super::operation::{Doc, Entry, Operation};
use super::parameters::{Parameters, TEXT};
use super::problem::Problem;
use super::products::Product;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_capability::{Asked, Choices, Class, Failure, Provider, Wanted};
use eaf_core::actor::{Caller, Locale};
use eaf_core::connection::Connection;
use eaf_core::contract::CommandType;
use eaf_core::grant::{self, Authorization, Grant};
use eaf_core::id::TenantId;
use eaf_plugin::choices::{Source, marked};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// More is for a search.
pub const MOST: usize = 100;
/// A person waits for it, and can type instead.
const LONGEST: Duration = Duration::from_secs(45);

pub fn operation() -> Operation {
    let path = "/api/{plugin}/commands/{command}/choices/{member}";
    Operation {
        method: "get",
        path,
        access: Access::Command { act: "command.choices" },
        route: get(list),
        doc: Doc::Choices,
    }
}

/// For the OpenAPI document.
pub fn entry(product: &Product, command: &CommandType, member: &str) -> Value {
    let id = format!("{}.{}.choices.{member}", product.id(), command.name);
    Entry::new(&id, product.id(), &format!("What `{member}` of {} could be", command.name))
        .query("search", json!({ "type": "string", "maxLength": 200, "pattern": TEXT }), "Words that the path has.")
        .query(
            "value",
            json!({ "type": "string", "maxLength": 1_000, "pattern": TEXT }),
            "Is there this very one, and can it be used? Then `search` does not count.",
        )
        .answers("200", "The first of them. A system that cannot be asked is an answer, not an error.", schema())
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing, Code::NotFound, Code::TooManyTests])
        .build()
}

async fn list(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((plugin, name, member)): Path<(String, String, String)>,
    parameters: Parameters,
) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let product = app.products.get(&plugin).ok_or_else(unknown)?;
    let command = for_people(&product, &name).ok_or_else(unknown)?;
    let (_, source) = marked(&command.schema).find(|(marked, _)| **marked == member).ok_or_else(unknown)?;
    wanted(&parameters)?;
    let running = app.choices.begin(who.caller.tenant, app.core.world.now());
    let running = running.map_err(|Full(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    // Requests of colleagues do not wait for another system.
    who.work = None;
    let Caller { tenant, locale, .. } = who.caller;
    // It ends without its caller: the next who asks finds the list, and nothing stays open over there.
    let asked = tokio::spawn(async move {
        let _until_it_ends = running;
        found(&app, tenant, &plugin, &source, wanted(&parameters)?).await
    });
    let found = asked.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
    Ok(Json(answer(found, locale)))
}

async fn found(
    app: &App,
    tenant: TenantId,
    plugin: &str,
    source: &Source,
    wanted: Wanted<'_>,
) -> Result<Result<Choices, Failure>, Problem> {
    let (provider, granted, connection) = match connected(app, tenant, plugin, source).await? {
        Ok(connected) => connected,
        Err(failure) => return Ok(Err(failure)),
    };
    let asked = Asked { of: &source.of, scope: &granted.scope, wanted };
    Ok(ask(provider.as_ref(), tenant, &connection, &asked).await)
}

fn wanted(parameters: &Parameters) -> Result<Wanted<'_>, Problem> {
    for (name, value) in parameters.once(|name| name == "search" || name == "value")? {
        let most = if name == "search" { 200 } else { 1_000 };
        if value.chars().count() > most {
            return Err(Problem::parameter(name, "invalid"));
        }
    }
    match (parameters.get("search"), parameters.get("value")) {
        (_, Some(value)) => Ok(Wanted::Exactly(value)),
        (search, None) => Ok(Wanted::Like { search: search.unwrap_or_default(), limit: MOST }),
    }
}

/// The grant and the connection behind it; a failure as a call of a workflow would have it.
async fn connected<'a>(
    app: &'a App,
    tenant: TenantId,
    plugin: &str,
    Source { capability, grant, .. }: &Source,
) -> Result<Result<(&'a Arc<dyn Provider>, Grant, Connection), Failure>, Problem> {
    let fault = |cause: &(dyn std::error::Error + 'static)| Problem::fault(Code::Internal, cause);
    let denied = || Failure::new(Class::Denied, "not-granted", format!("{plugin} has no grant {grant:?}."));
    let found = grant::authorize(&app.core.db, tenant, plugin, capability, grant).await;
    let Authorization::Granted(granted) = found.map_err(|cause| fault(&cause))? else { return Ok(Err(denied())) };
    let Some(provider) = app.providers.get(capability) else { return Ok(Err(denied())) };
    let found = app.core.connections.get(tenant, capability, &granted.connection).await;
    let found = found.map_err(|cause| fault(&cause))?;
    let missing = || Failure::new(Class::Configuration, "connection-missing", "Nobody has set the connection yet.");
    Ok(found.map(|found| (provider, granted, found)).ok_or_else(missing))
}

pub async fn ask(
    provider: &dyn Provider,
    tenant: TenantId,
    connection: &Connection,
    asked: &Asked<'_>,
) -> Result<Choices, Failure> {
    let found = tokio::time::timeout(LONGEST, provider.choices(tenant, connection, asked)).await;
    let late = || Failure::new(Class::Transient, "choices-too-long", "The list took too long.");
    found.unwrap_or_else(|_| Err(late()))
}

pub fn answer(found: Result<Choices, Failure>, locale: Locale) -> Value {
    let told = |failure: &Failure| {
        let text = messages::failure(&failure.code, locale);
        json!({ "class": failure.class, "code": failure.code, "text": text, "message": failure.message })
    };
    let (found, failure) = match found {
        Ok(found) => (found, None),
        Err(failure) => (Choices::default(), Some(failure)),
    };
    let items = found.items.into_iter();
    json!({
        "items": items
            .map(|choice| json!({ "value": choice.value, "name": choice.name, "facts": choice.facts }))
            .collect::<Vec<_>>(),
        "more": found.more,
        "unreadable": found.unreadable,
        "unknown": found.unknown.as_ref().map(told),
        "failure": failure.as_ref().map(told),
    })
}

pub fn schema() -> Value {
    let told = |description: &str| {
        json!({
            "type": ["object", "null"],
            "description": description,
            "required": ["class", "code", "text", "message"],
            "properties": {
                "class": { "type": "string" },
                "code": { "type": "string" },
                "text": { "type": "string", "description": "One sentence." },
                "message": { "type": "string", "description": "The details, in English." },
            },
        })
    };
    let facts = json!({
        "type": "object",
        "description": "Of a template in vCenter such as `guest`, `cpus`, `memory_mb`, `disk_bytes`, `tools`.",
    });
    let choice = super::host::record(json!({
        "value": { "type": "string", "description": "As it is written into the field." },
        "name": { "type": "string" },
        "facts": facts,
    }));
    super::host::record(json!({
        "items": { "type": "array", "items": choice },
        "more": { "type": "boolean", "description": "There are more than these." },
        "unreadable": { "type": "integer", "description": "So many the account may not read." },
        "unknown": told("Why the `value` that was asked for cannot be used."),
        "failure": told("Why the other system could not be asked."),
    }))
}

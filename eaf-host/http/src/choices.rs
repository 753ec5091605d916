//! `GET /api/{plugin}/commands/{command}/choices/{member}`: lists the choices that another system
//! offers for a member of a command's body. The command's schema marks the member with
//! `"x-eaf-choices": {"capability", "grant", "of"}`.
//!
//! A caller who may give the command may list its choices. A command itself never calls another
//! system: a form checks with `value` that a choice still exists before it sends the command.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::commands::find_for_people;
use super::host::test_limit::RateLimited;
use super::messages;
use super::operation::{Doc, Entry, Operation};
use super::parameters::{Parameters, TEXT};
use super::problem::Problem;
use super::products::Product;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_capability::{Choice, ChoiceQuery, ChoiceSelection, Choices, Class, Failure, HostCode, Provider};
use eaf_core::actor::{Caller, Locale};
use eaf_core::connection::Connection;
use eaf_core::contract::CommandType;
use eaf_core::grant::{self, Authorization, Grant};
use eaf_core::id::TenantId;
use eaf_plugin::choices::{Source, marked};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of choices in one response; a search narrows a longer list.
pub const MAX_CHOICES: usize = 100;
/// Time-out of a request for choices. A person waits for the choices, and can type the value
/// instead.
const CHOICES_TIMEOUT: Duration = Duration::from_secs(45);

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

/// OpenAPI entry of the choices of one member.
pub fn entry(product: &Product, command: &CommandType, member: &str) -> Value {
    let id = format!("{}.{}.choices.{member}", product.id(), command.name);
    Entry::new(&id, product.id(), &format!("Choices for `{member}` of {}", command.name))
        .query(
            "search",
            json!({ "type": "string", "maxLength": 200, "pattern": TEXT }),
            "Words that the choice's path contains.",
        )
        .query(
            "value",
            json!({ "type": "string", "maxLength": 1_000, "pattern": TEXT }),
            "Checks that this very choice exists and can be used; `search` is ignored then.",
        )
        .answers(
            "200",
            "The first of the choices. A system that cannot be reached is reported in `failure`, not as an error.",
            schema(),
        )
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
    let command = find_for_people(&product, &name).ok_or_else(unknown)?;
    let (_, source) = marked(&command.schema).find(|(marked, _)| **marked == member).ok_or_else(unknown)?;
    selection(&parameters)?;
    let permit = app.choices.acquire(who.caller.tenant, app.core.ambient.now());
    let permit = permit.map_err(|RateLimited(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    // Release the tenant's permit: the other system may be slow.
    who.permit = None;
    let Caller { tenant, locale, .. } = who.caller;
    // The request runs to its end even if the caller disconnects, so that no session stays open at
    // the other system and the choices are cached for the next caller.
    let fetched = tokio::spawn(async move {
        let _permit = permit;
        let query = (selection(&parameters)?, locale);
        fetch(&app, tenant, &plugin, &source, query).await
    });
    let found = fetched.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
    Ok(Json(document(found, locale)))
}

async fn fetch(
    app: &App,
    tenant: TenantId,
    plugin: &str,
    source: &Source,
    (selection, locale): (ChoiceSelection<'_>, Locale),
) -> Result<Result<Choices, Failure>, Problem> {
    let (provider, granted, connection) = match resolve(app, tenant, plugin, source).await? {
        Ok(resolved) => resolved,
        Err(failure) => return Ok(Err(failure)),
    };
    let query = ChoiceQuery { list: &source.of, scope: &granted.scope, selection, locale };
    Ok(ask(provider.as_ref(), tenant, &connection, &query).await)
}

fn selection(parameters: &Parameters) -> Result<ChoiceSelection<'_>, Problem> {
    for (name, value) in parameters.once(|name| name == "search" || name == "value")? {
        let limit = if name == "search" { 200 } else { 1_000 };
        if value.chars().count() > limit {
            return Err(Problem::parameter(name, "invalid"));
        }
    }
    match (parameters.get("search"), parameters.get("value")) {
        (_, Some(value)) => Ok(ChoiceSelection::Exact(value)),
        (search, None) => Ok(ChoiceSelection::Matching { search: search.unwrap_or_default(), limit: MAX_CHOICES }),
    }
}

/// Finds the provider, the grant and the connection by which the choices are read. The inner error
/// is the failure that a workflow's call under the same grant would get; the outer error is a fault
/// of the host.
async fn resolve<'a>(
    app: &'a App,
    tenant: TenantId,
    plugin: &str,
    Source { capability, grant, .. }: &Source,
) -> Result<Result<(&'a Arc<dyn Provider>, Grant, Connection), Failure>, Problem> {
    let fault = |cause: &(dyn std::error::Error + 'static)| Problem::fault(Code::Internal, cause);
    let denied = || Failure::new(Class::Denied, HostCode::NotGranted, format!("{plugin} has no grant {grant:?}."));
    let found = grant::authorize(&app.core.db, tenant, plugin, capability, grant).await;
    let Authorization::Granted(granted) = found.map_err(|cause| fault(&cause))? else { return Ok(Err(denied())) };
    let Some(provider) = app.providers.get(capability) else { return Ok(Err(denied())) };
    let found = app.core.connections.get(tenant, capability, &granted.connection).await;
    let found = found.map_err(|cause| fault(&cause))?;
    let missing =
        || Failure::new(Class::Configuration, HostCode::ConnectionMissing, "The connection is not configured yet.");
    Ok(found.map(|found| (provider, granted, found)).ok_or_else(missing))
}

pub async fn ask(
    provider: &dyn Provider,
    tenant: TenantId,
    connection: &Connection,
    query: &ChoiceQuery<'_>,
) -> Result<Choices, Failure> {
    let found = tokio::time::timeout(CHOICES_TIMEOUT, provider.choices(tenant, connection, query)).await;
    let late = || Failure::new(Class::Transient, HostCode::ChoicesTooLong, "The list took too long.");
    found.unwrap_or_else(|_| Err(late()))
}

pub fn document(found: Result<Choices, Failure>, locale: Locale) -> Value {
    let described = |failure: &Failure| {
        let text = messages::failure(&failure.code, locale);
        json!({ "class": failure.class, "code": failure.code, "text": text, "message": failure.message })
    };
    let (found, failure) = match found {
        Ok(found) => (found, None),
        Err(failure) => (Choices::default(), Some(failure)),
    };
    let item = |choice: Choice| {
        let Choice { value, name, facts, description } = choice;
        json!({ "value": value, "name": name, "facts": facts, "description": description })
    };
    json!({
        "items": found.items.into_iter().map(item).collect::<Vec<_>>(),
        "more": found.more,
        "unreadable": found.unreadable,
        "unknown": found.unusable.as_ref().map(described),
        "failure": failure.as_ref().map(described),
    })
}

pub fn schema() -> Value {
    let failure = |description: &str| {
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
        "description": "Facts for programs, whose names the capability defines.",
    });
    let description = json!({
        "type": "string",
        "description": "Description for people, one line in the caller's language; may be empty.",
    });
    let choice = super::host::record(json!({
        "value": { "type": "string", "description": "The value of the member in the command's body." },
        "name": { "type": "string" },
        "facts": facts,
        "description": description,
    }));
    super::host::record(json!({
        "items": { "type": "array", "items": choice },
        "more": { "type": "boolean", "description": "There are more than these." },
        "unreadable": { "type": "integer", "description": "Number of choices that the account may not read." },
        "unknown": failure("Why the `value` that was asked for cannot be used."),
        "failure": failure("Why the other system could not be reached."),
    }))
}

//! `GET /api/host/settings`: the settings of the tenant's products, with their forms.

use super::{checked_name, instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::messages;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::products::Product;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::actor::Locale;
use eaf_core::setting::{self, Version};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub fn operation() -> Operation {
    let doc = Entry::new("host.settings", "host", "The settings of the tenant's products")
        .answers("200", "One for each enabled product that has settings.", schema())
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/settings",
        access: Access::settings("settings.list"),
        route: get(list),
        doc: doc.done(),
    }
}

fn schema() -> Value {
    let option = record(json!({ "value": { "type": "string" }, "label": { "type": "string" } }));
    let field = record(json!({
        "name": { "type": "string", "description": "The member of `values`." },
        "label": { "type": "string", "description": "The label in the caller's language, as all texts here." },
        "hint": { "type": ["string", "null"] },
        "input": { "enum": ["text", "integer", "number", "checkbox", "choice"] },
        "options": { "type": "array", "items": option, "description": "The options of a choice." },
        "default": { "description": "The value while no admin has set one." },
    }));
    let item = record(json!({
        "plugin": { "type": "string" },
        "name": { "type": "string", "description": "The product's name." },
        "schema": { "type": "object", "additionalProperties": true, "description": "JSON Schema of `values`." },
        "fields": { "type": "array", "items": field, "description": "The settings in the order of the form." },
        "values": {
            "type": "object", "additionalProperties": true,
            "description": "The values that hold now, with defaults.",
        },
        "version": { "type": "integer", "description": "The basis of the next change; 0: no admin has set anything." },
        "updated_by_name": { "type": ["string", "null"], "description": "null: never set, or an erased person." },
        "updated_at": { "type": ["string", "null"], "format": "date-time" },
    }));
    record(json!({ "items": { "type": "array", "items": item } }))
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let mut items = Vec::new();
    for product in app.products.all().into_iter().filter(|product| who.has(product.id())) {
        let Some(schema) = product.domain.description().settings.clone() else { continue };
        let mut tx = app.core.db.tenant(who.caller.tenant).await?;
        let stored = setting::current(&mut tx, product.id()).await?;
        tx.commit().await?;
        items.push(shown(&app, &who, &product, schema, stored).await?);
    }
    Ok(Json(json!({ "items": items })))
}

async fn shown(
    app: &App,
    who: &TenantCaller,
    product: &Product,
    schema: Value,
    stored: Option<Version>,
) -> Result<Value, Problem> {
    let values = stored.as_ref().map(|version| version.values.clone()).unwrap_or_default();
    let writer: Vec<_> = stored.iter().map(|version| version.updated_by).collect();
    let names = app.core.directory.names_of(who.caller.tenant, &writer).await?;
    Ok(json!({
        "plugin": product.id(),
        "name": product.name,
        "fields": fields(product, &schema, who.caller.locale),
        "values": setting::with_defaults(&schema, &values)?,
        "schema": schema,
        "version": stored.as_ref().map_or(0, |version| version.number),
        "updated_by_name": writer.first().and_then(|writer| names.get(writer).cloned().flatten()),
        "updated_at": stored.as_ref().and_then(|version| instant(version.updated_at)),
    }))
}

/// Fields of the form, in the order of the schema.
fn fields(product: &Product, schema: &Value, locale: Locale) -> Vec<Value> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, property)| field(product, name, property, locale)).collect()
}

fn field(product: &Product, name: &str, property: &Value, locale: Locale) -> Value {
    let choices = property["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
    let option = |value: &str| json!({ "value": value, "label": option_label(product, name, value, locale) });
    json!({
        "name": name,
        "label": label(product, name, locale),
        "hint": text(product, &format!("settings.{name}.hint"), locale),
        "input": input(property),
        "options": choices.iter().filter_map(Value::as_str).map(option).collect::<Vec<_>>(),
        "default": property["default"],
    })
}

fn input(property: &Value) -> &'static str {
    match property["type"].as_str() {
        _ if property["enum"].is_array() => "choice",
        Some("integer") => "integer",
        Some("number") => "number",
        Some("boolean") => "checkbox",
        _ => "text",
    }
}

/// Label of a setting. A setting that the package no longer describes has its name.
pub(super) fn label(product: &Product, name: &str, locale: Locale) -> String {
    text(product, &format!("settings.{name}.label"), locale).unwrap_or_else(|| name.to_owned())
}

fn option_label(product: &Product, name: &str, value: &str, locale: Locale) -> String {
    text(product, &format!("settings.{name}.options.{value}"), locale).unwrap_or_else(|| value.to_owned())
}

/// Value of a setting as people read it.
pub(super) fn value_text(product: &Product, name: &str, value: &Value, locale: Locale) -> String {
    match value {
        Value::Bool(value) => messages::render(if *value { "audit.yes" } else { "audit.no" }, &Map::new(), locale),
        Value::String(value) => option_label(product, name, value, locale),
        value => value.to_string(),
    }
}

fn text(product: &Product, key: &str, locale: Locale) -> Option<String> {
    product.texts.find(key, &Map::new(), locale)
}

/// Enabled product of the tenant, and the schema of its settings.
pub(super) fn find(app: &App, who: &TenantCaller, plugin: &str) -> Result<(Arc<Product>, Value), Problem> {
    let missing = || Problem::new(Code::NotFound);
    let product = app.products.get(checked_name(plugin)?).filter(|product| who.has(product.id()));
    let product = product.ok_or_else(missing)?;
    let schema = product.domain.description().settings.clone().ok_or_else(missing)?;
    Ok((product, schema))
}

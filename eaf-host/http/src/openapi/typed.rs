//! OpenAPI entries of commands, choices, views and rows, made from the products' descriptions.

use super::add;
use crate::choices;
use crate::code::Code;
use crate::commands;
use crate::operation::{Entry, Operation};
use crate::parameters;
use crate::products::Product;
use eaf_core::contract::{Column, ColumnType, CommandType, ViewType};
use eaf_core::view::{MAX_LIMIT, MAX_SEARCH_LENGTH, ME};
use eaf_plugin::choices::marked;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub fn commands(paths: &mut Map<String, Value>, operation: &Operation, products: &[Arc<Product>]) {
    for (product, command) in user_commands(products) {
        let path = operation.path.replace("{plugin}", product.id()).replace("{command}", &command.name);
        add(paths, path, operation.method, commands::entry(product, command));
    }
}

pub fn choices(paths: &mut Map<String, Value>, operation: &Operation, products: &[Arc<Product>]) {
    for (product, command) in user_commands(products) {
        let path = operation.path.replace("{plugin}", product.id()).replace("{command}", &command.name);
        for (member, _) in marked(&command.schema) {
            let entry = choices::entry(product, command, member);
            add(paths, path.replace("{member}", member), operation.method, entry);
        }
    }
}

/// Commands that people may give, each in its newest version.
fn user_commands(products: &[Arc<Product>]) -> impl Iterator<Item = (&Product, &CommandType)> {
    products.iter().flat_map(|product| {
        let newest = |name: &str| product.command(name).map(|command| command.version);
        let all = product.domain.description().commands.iter();
        all.filter(move |one| one.permission.is_some() && newest(&one.name) == Some(one.version))
            .map(|command| (product.as_ref(), command))
    })
}

pub fn views(
    paths: &mut Map<String, Value>,
    components: &mut Map<String, Value>,
    operation: &Operation,
    products: &[Arc<Product>],
) {
    for (product, view) in each(products) {
        components.insert(row_name(product, view), row(view, product.observed_capability(&view.name).is_some()));
        let path = operation.path.replace("{plugin}", product.id()).replace("{view}", &view.name);
        add(paths, path, operation.method, list(product, view));
    }
}

pub fn rows(paths: &mut Map<String, Value>, operation: &Operation, products: &[Arc<Product>]) {
    for (product, view) in each(products) {
        let path = operation.path.replace("{plugin}", product.id()).replace("{view}", &view.name);
        let entry =
            Entry::new(&format!("{}.{}.get", product.id(), view.name), product.id(), &format!("One of {}", view.name))
                .path("key", "The row's key; a `/` in it is sent as it is.")
                .query("after", position(), "Wait at most 2 s until the view's checkpoint reaches this position.")
                .answers("200", "The row.", reference(product, view))
                .refuses(&[
                    Code::QueryInvalid,
                    Code::PermissionMissing,
                    Code::NotFound,
                    Code::OtherEpoch,
                    Code::ViewBehind,
                    Code::PackageUnavailable,
                ])
                .build();
        add(paths, path.replace("{*key}", "{key}"), operation.method, entry);
    }
}

fn each(products: &[Arc<Product>]) -> impl Iterator<Item = (&Product, &ViewType)> {
    products.iter().flat_map(|product| product.domain.description().views.iter().map(|view| (product.as_ref(), view)))
}

fn list(product: &Product, view: &ViewType) -> Value {
    let mut entry =
        Entry::new(&format!("{}.{}", product.id(), view.name), product.id(), &format!("List {}", view.name));
    for column in view.columns.iter().filter(|column| column.filter) {
        entry = entry.query(&column.name, filter(column), FILTER);
    }
    for column in view.asked_columns() {
        entry = entry.query(&column.name, json!({ "enum": [ME] }), ASKED);
    }
    let sorts: Vec<String> = view
        .columns
        .iter()
        .filter(|column| column.sort)
        .flat_map(|column| [column.name.clone(), format!("-{}", column.name)])
        .collect();
    if !sorts.is_empty() {
        entry = entry.query("sort", json!({ "enum": sorts }), "`-` sorts downwards. Default: by key.");
    }
    if view.columns.iter().any(|column| column.search) {
        entry = entry.query("search", search_schema(), SEARCH);
    }
    entry
        .query(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50 }),
            "Rows in a page.",
        )
        .query("cursor", json!({ "type": "string", "pattern": CURSOR }), CURSOR_OF)
        .query("after", position(), "Wait at most 2 s until the view's checkpoint reaches this position.")
        .answers("200", "A page.", page_schema(product, view))
        .refuses(&[
            Code::QueryInvalid,
            Code::PermissionMissing,
            Code::NotFound,
            Code::OtherEpoch,
            Code::ViewBehind,
            Code::PackageUnavailable,
        ])
        .build()
}

fn page_schema(product: &Product, view: &ViewType) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": { "type": "array", "items": reference(product, view) },
            "next": { "type": ["string", "null"], "description": "The cursor of the next page." },
        },
    })
}

const FILTER: &str =
    "One value, or several with commas between. A comma in a value is written `\\,`, a backslash `\\\\`.";
const ASKED: &str = "`me`: only rows for which the caller is asked now, also as a deputy.";
const SEARCH: &str = "Search words: a row is found if each word occurs in one of its searched columns. \
                      Without `sort` the best matches come first, and there is no next page.";
const CURSOR_OF: &str = "`next` of the previous page of the same query.";
/// Pattern of the cursors that this host issues for pages of views.
const CURSOR: &str = "^eyJ[A-Za-z0-9_-]{1,8000}$";

fn filter(column: &Column) -> Value {
    let pattern = match column.kind {
        ColumnType::Text | ColumnType::Json => parameters::TEXT,
        ColumnType::Integer => "^-?[0-9]{1,18}(,-?[0-9]{1,18}){0,99}$",
        ColumnType::Boolean => "^(true|false)(,(true|false)){0,99}$",
        ColumnType::Timestamp => {
            "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-5][0-9])$"
        }
    };
    json!({ "type": "string", "maxLength": parameters::MAX_FILTER_CHARS, "pattern": pattern })
}

/// JSON Schema of a search: at most eight words.
fn search_schema() -> Value {
    json!({ "type": "string", "maxLength": MAX_SEARCH_LENGTH, "pattern": "^\\s*[^\\s\\u0000]+(\\s+[^\\s\\u0000]+){0,7}\\s*$" })
}

fn position() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,18}$" })
}

fn row_name(product: &Product, view: &ViewType) -> String {
    format!("{}.{}", product.id(), view.name)
}

fn reference(product: &Product, view: &ViewType) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", row_name(product, view)) })
}

fn row(view: &ViewType, is_observed: bool) -> Value {
    let mut properties = Map::new();
    properties.insert("key".into(), json!({ "type": "string" }));
    properties.insert("position".into(), position());
    for column in &view.columns {
        properties.insert(column.name.clone(), column_schema(column));
    }
    let has_status = view.columns.iter().any(|column| column.name == "status");
    if has_status {
        properties.insert("status_text".into(), json!({ "type": "string" }));
    }
    properties.insert("terminal".into(), json!({ "type": "boolean" }));
    properties.insert("waiting_on".into(), json!({ "type": ["string", "null"], "description": "One sentence." }));
    let waiting = json!({ "anyOf": [{ "$ref": "#/components/schemas/Waiting" }, { "type": "null" }] });
    properties.insert("waiting".into(), waiting);
    let actions = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Action" } });
    properties.insert("actions".into(), actions);
    if is_observed {
        let at = json!({
            "type": ["string", "null"], "format": "date-time",
            "description": "When the host last observed the row's managed resource, changed or not; null: never.",
        });
        properties.insert("observed_at".into(), at);
    }
    if !view.people.is_empty() {
        let names = json!({
            "type": "object", "additionalProperties": { "type": ["string", "null"] },
            "description": "Names of the people whose actor ids the row contains, by actor id; null: erased.",
        });
        properties.insert("people".into(), names);
    }
    // All columns are in every row; an empty one is null.
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn column_schema(column: &Column) -> Value {
    match column.kind {
        // Never null: the host sets a status in each row.
        ColumnType::Text if column.name == "status" => json!({ "type": "string" }),
        ColumnType::Text => json!({ "type": ["string", "null"] }),
        ColumnType::Integer => json!({ "type": ["integer", "null"] }),
        ColumnType::Boolean => json!({ "type": ["boolean", "null"] }),
        ColumnType::Timestamp => json!({ "type": ["string", "null"], "format": "date-time" }),
        // The product decides about the form of such a value.
        ColumnType::Json => json!({}),
    }
}

//! `PUT /api/host/settings/{plugin}`: sets the settings of a product for the tenant. The next
//! command and the next call of a workflow see the new values.

use super::record;
use super::settings::find;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::{FieldProblem, Problem};
use crate::products::Product;
use crate::schema;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::routing::put;
use eaf_core::actor::Locale;
use eaf_core::setting::{self, Change};
use serde_json::{Map, Value, json};

/// Name of the settings among the cached schemas of a package. No command has this name.
const SCHEMA_NAME: &str = "$settings";

pub fn operation() -> Operation {
    let answer = record(json!({ "version": { "type": "integer", "description": "The version that holds now." } }));
    let doc = Entry::new("host.settings.put", "host", "Set the settings of a product")
        .path("plugin", "The product's id.")
        .body(body_schema())
        .answers("200", "Stored.", answer)
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::NotFound,
            Code::SettingsChanged,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
        ]);
    Operation {
        method: "put",
        path: "/api/host/settings/{plugin}",
        access: Access::settings("settings.put"),
        route: put(store),
        doc: doc.done(),
    }
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["version", "values"],
        "additionalProperties": false,
        "properties": {
            "version": {
                "type": "integer", "minimum": 0, "maximum": i32::MAX,
                "description": "The version that the change was made on; 0: no admin had set anything.",
            },
            "values": {
                "type": "object", "additionalProperties": true,
                "description": "All settings that are set; each other setting has its default.",
            },
        },
    })
}

async fn store(
    State(app): State<App>,
    mut who: TenantCaller,
    Path(plugin): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let mut body = who.read_json(&app, request).await?;
    let (product, schema) = find(&app, &who, &plugin)?;
    schema::check(&body_schema(), &body, who.caller.locale)?;
    check(&app, &product, &schema, &mut body["values"], who.caller.locale)?;
    let none = Map::new();
    let change = Change {
        plugin: product.id(),
        schema: &schema,
        based_on: based_on(&body["version"]),
        values: body["values"].as_object().unwrap_or(&none),
    };
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let version = setting::put(&mut tx, change, &who.by()).await?;
    tx.commit().await?;
    Ok(Json(json!({ "version": version })))
}

/// Checks the values against the package's schema, and normalizes them to the form that guests
/// read.
fn check(app: &App, product: &Product, schema: &Value, values: &mut Value, locale: Locale) -> Result<(), Problem> {
    let found = app.schemas.check(product.domain.digest(), SCHEMA_NAME, schema, values, locale);
    let found = found.map_err(|cause| Problem::fault(Code::PackageFault, &cause))?;
    if found.is_empty() {
        return Ok(());
    }
    let within_body = |found: FieldProblem| FieldProblem { pointer: format!("/values{}", found.pointer), ..found };
    Err(Problem::new(Code::BodyInvalid).errors(found.into_iter().map(within_body).collect()))
}

/// Number of the version in a checked body, which may write it as `2.0`.
fn based_on(version: &Value) -> i32 {
    version.as_i64().map_or_else(|| version.as_f64().unwrap_or_default() as i32, |version| version as i32)
}

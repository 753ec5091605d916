//! `GET /api/host/audit/acts`: lists names and titles of acts, which a page suggests for the filter
//! of the audit trail: acts of the host and of capabilities, and events of every active package.

use super::record;
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
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub fn operation() -> Operation {
    let act = record(json!({
        "act": { "type": "string", "description": "The name, as in a row's `act`." },
        "title": { "type": "string", "description": "The title in the caller's language." },
    }));
    let doc = Entry::new("host.audit.acts", "host", "Names and titles of acts in the audit")
        .answers("200", "All acts, by name.", record(json!({ "items": { "type": "array", "items": act } })))
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/audit/acts",
        access: Access::audit("audit.list"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let locale = who.caller.locale;
    let mut titles: BTreeMap<String, String> = messages::section("audit.acts.", locale).collect();
    for product in app.products.all() {
        titles.extend(events(&product, locale));
    }
    let items: Vec<Value> = titles.into_iter().map(|(act, title)| json!({ "act": act, "title": title })).collect();
    Ok(Json(json!({ "items": items })))
}

/// Titles of a package's events: `events.<type>` of its locales, or else the type itself.
fn events(product: &Product, locale: Locale) -> impl Iterator<Item = (String, String)> {
    product.domain.description().events.iter().map(move |event| {
        let kind = &event.kind;
        let title = product.texts.find(&format!("events.{kind}"), &Map::new(), locale);
        (format!("{}.{kind}", product.id()), title.unwrap_or_else(|| kind.replace('-', " ")))
    })
}

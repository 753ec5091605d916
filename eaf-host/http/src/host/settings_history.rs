//! `GET /api/host/settings/{plugin}/history`: changes of a product's settings, with old and new
//! values, author and time.

use super::settings::{find, label, value_text};
use super::{PAGE, instant, page_schema, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::products::Product;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_core::actor::Locale;
use eaf_core::id::ActorId;
use eaf_core::setting::{self, Version};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub fn operation() -> Operation {
    let cursor = json!({ "type": "string", "pattern": "^[1-9][0-9]{0,8}$" });
    let doc = Entry::new("host.settings.history", "host", "Changes of a product's settings, the newest first")
        .path("plugin", "The product's id.")
        .query("cursor", cursor, "`next` of the previous page.")
        .answers("200", "A page.", schema())
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: "/api/host/settings/{plugin}/history",
        access: Access::settings("settings.history"),
        route: get(history),
        doc: doc.done(),
    }
}

fn schema() -> Value {
    let change = record(json!({
        "name": { "type": "string" },
        "label": { "type": "string", "description": "The label in the caller's language, as the values." },
        "old": { "type": ["string", "null"], "description": "null: there was no value." },
        "new": { "type": ["string", "null"], "description": "null: there is no value." },
    }));
    page_schema(record(json!({
        "version": { "type": "integer" },
        "changes": { "type": "array", "items": change },
        "updated_by_name": { "type": ["string", "null"], "description": "null: an erased person." },
        "updated_at": { "type": "string", "format": "date-time" },
    })))
}

async fn history(
    State(app): State<App>,
    who: TenantCaller,
    Path(plugin): Path<String>,
    parameters: Parameters,
) -> Result<Json<Value>, Problem> {
    let (product, schema) = find(&app, &who, &plugin)?;
    let before = parse(&parameters)?;
    // One version more than a page shows: its values are the old ones of the last change.
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let versions = setting::history(&mut tx, product.id(), before, PAGE + 1).await?;
    tx.commit().await?;
    let shown = &versions[..versions.len().min(PAGE as usize)];
    let writers: Vec<ActorId> = shown.iter().map(|version| version.updated_by).collect();
    let names = app.core.directory.names_of(who.caller.tenant, &writers).await?;
    let item = |(index, version): (usize, &Version)| {
        let comparison = Comparison { product: &product, schema: &schema, locale: who.caller.locale };
        json!({
            "version": version.number,
            "changes": comparison.changes(versions.get(index + 1), version),
            "updated_by_name": names.get(&version.updated_by).cloned().flatten(),
            "updated_at": instant(version.updated_at),
        })
    };
    let next = shown.last().filter(|_| versions.len() > shown.len()).map(|version| version.number.to_string());
    Ok(Json(json!({ "items": shown.iter().enumerate().map(item).collect::<Vec<_>>(), "next": next })))
}

fn parse(parameters: &Parameters) -> Result<Option<i32>, Problem> {
    parameters.once(|name| name == "cursor")?;
    let Some(cursor) = parameters.get("cursor") else { return Ok(None) };
    let has_form = (1..=9).contains(&cursor.len()) && cursor.bytes().all(|digit| digit.is_ascii_digit());
    let number = cursor.parse().ok().filter(|_| has_form && !cursor.starts_with('0'));
    number.map(Some).ok_or_else(|| Problem::parameter("cursor", "invalid"))
}

/// Comparison of two versions. A setting without a stored value has the default of the present
/// schema.
struct Comparison<'a> {
    product: &'a Product,
    schema: &'a Value,
    locale: Locale,
}

impl Comparison<'_> {
    /// Changes of the described settings in the order of the form, then those of former settings.
    fn changes(&self, old: Option<&Version>, new: &Version) -> Vec<Value> {
        let none = Map::new();
        let old = old.map_or(&none, |version| &version.values);
        let described = self.schema["properties"].as_object().unwrap_or(&none);
        let others = old.keys().chain(new.values.keys()).filter(|name| !described.contains_key(*name));
        let others: BTreeSet<&String> = others.collect();
        described.keys().chain(others).filter_map(|name| self.change(name, old, &new.values)).collect()
    }

    /// Change of one setting; `None`: the setting has the same value in both versions.
    fn change(&self, name: &str, old: &Map<String, Value>, new: &Map<String, Value>) -> Option<Value> {
        let default = || self.schema["properties"][name].get("default");
        let (old, new) = (old.get(name).or_else(default), new.get(name).or_else(default));
        let text = |value: Option<&Value>| value.map(|value| value_text(self.product, name, value, self.locale));
        (old != new).then(|| {
            json!({
                "name": name,
                "label": label(self.product, name, self.locale),
                "old": text(old),
                "new": text(new),
            })
        })
    }
}

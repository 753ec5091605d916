//! `GET /api/host/connection-types`: the forms in which connections are set, with their texts in the
//! caller's language. A page that shows a connection needs no knowledge of its capability.

use super::record;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_capability::connection_type::option_key;
use eaf_capability::{ConnectionType, Field, Input};
use eaf_core::actor::Locale;
use serde_json::{Map, Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.types", "host", "How connections of each capability are set")
        .answers("200", "One for each capability that has connections.", schema())
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/connection-types",
        access: Access::connections("connection.list"),
        route: get(list),
        doc: doc.done(),
    }
}

fn schema() -> Value {
    let finding = record(json!({ "name": { "type": "string" }, "label": { "type": "string" } }));
    let option = record(json!({
        "value": { "type": "string", "description": "Empty: the member is left out." },
        "label": { "type": "string" },
    }));
    let field = record(json!({
        "name": { "type": "string", "description": "The member of `config`." },
        "label": { "type": "string", "description": "In the caller's language, as all texts here." },
        "hint": { "type": ["string", "null"] },
        "input": { "enum": ["text", "number", "certificate", "choice"] },
        "options": { "type": "array", "items": option, "description": "Of a choice." },
        "optional": { "type": "boolean" },
        "harmless": {
            "type": "boolean",
            "description": "It may change while the stored secret is kept: it says neither where the secret is sent nor whose it is.",
        },
        "initial": { "type": ["string", "null"], "description": "What a new connection begins with." },
        "choosable": { "type": "boolean", "description": "`draft/choices` lists what it could be." },
        "by_token": { "type": "boolean", "description": "Only where the log-in is by token." },
    }));
    let item = record(json!({
        "capability": { "type": "string" },
        "name": { "type": "string", "description": "The kind of system." },
        "lead": { "type": "string", "description": "What it is for." },
        "removal": { "type": "string", "description": "What happens when such a connection is deleted." },
        "trial": {
            "type": ["string", "null"],
            "description": "What the button is called that does something over it; null: it can only be tested.",
        },
        "fields": { "type": "array", "items": field, "description": "In the order of the form." },
        "findings": { "type": "array", "items": finding, "description": "What a test names beside the fields." },
    }));
    record(json!({ "items": { "type": "array", "items": item } }))
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let kinds = app.providers.iter().map(|(capability, provider)| (capability, provider.connections()));
    let items: Vec<Value> = kinds
        .filter(|(_, kind)| !kind.fields.is_empty())
        .map(|(capability, kind)| shown(capability, &kind, who.caller.locale))
        .collect();
    Ok(Json(json!({ "items": items })))
}

fn shown(capability: &str, kind: &ConnectionType, locale: Locale) -> Value {
    let text = |key: &str| kind.texts.find(key, &Map::new(), locale);
    let or_name = |key: &str, name: &str| text(key).unwrap_or_else(|| name.to_owned());
    let field = |field: &Field| {
        let Field { name, input, optional, initial, by_token } = *field;
        let options: &[&str] = if let Input::Choice(values) = input { values } else { &[] };
        let option = |value: &&str| json!({ "value": value, "label": or_name(&option_key(name, value), value) });
        json!({
            "name": name,
            "label": or_name(&format!("fields.{name}.label"), name),
            "hint": text(&format!("fields.{name}.hint")),
            "input": input.as_str(),
            "options": options.iter().map(option).collect::<Vec<_>>(),
            "optional": optional,
            "harmless": kind.harmless.contains(&name),
            "initial": initial,
            "choosable": kind.choices.contains(&name),
            "by_token": by_token,
        })
    };
    let findings = kind.texts.keys().filter_map(|key| Some((key, key.strip_prefix("findings.")?)));
    json!({
        "capability": capability,
        "name": or_name("name", capability),
        "lead": or_name("lead", ""),
        "removal": or_name("removal", ""),
        "trial": text("trial"),
        "fields": kind.fields.iter().map(field).collect::<Vec<_>>(),
        "findings": findings.map(|(key, name)| json!({ "name": name, "label": or_name(key, name) })).collect::<Vec<_>>(),
    })
}

//! `GET /api/host/connection-types`: forms and texts of each capability's connections, so that a
//! page can show them without knowledge of the capability.

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
    let doc = Entry::new("host.connection.types", "host", "The forms of each capability's connections")
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
        "value": { "type": "string", "description": "Empty: the member is absent." },
        "label": { "type": "string" },
    }));
    let field = record(json!({
        "name": { "type": "string", "description": "The member of `config`." },
        "label": { "type": "string", "description": "The label in the caller's language, as all texts here." },
        "hint": { "type": ["string", "null"] },
        "input": { "enum": ["text", "number", "certificate", "choice"] },
        "options": { "type": "array", "items": option, "description": "The options of a choice." },
        "optional": { "type": "boolean" },
        "non_routing": {
            "type": "boolean",
            "description": "A change keeps the stored secret: the member names neither the server nor the account.",
        },
        "initial": { "type": ["string", "null"], "description": "The value of a new connection." },
        "choosable": { "type": "boolean", "description": "`draft/choices` lists its choices." },
        "by_token": { "type": "boolean", "description": "Only with authentication by token." },
    }));
    let item = record(json!({
        "capability": { "type": "string" },
        "name": { "type": "string", "description": "The kind of system." },
        "lead": { "type": "string", "description": "The purpose." },
        "removal": { "type": "string", "description": "The effect of deleting such a connection." },
        "trial": {
            "type": ["string", "null"],
            "description": "The label of the button for a test with an effect; null: only a test without one is possible.",
        },
        "fields": { "type": "array", "items": field, "description": "The fields in the order of the form." },
        "findings": { "type": "array", "items": finding, "description": "Names of a test's findings beside the fields." },
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
            "non_routing": kind.non_routing_fields.contains(&name),
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

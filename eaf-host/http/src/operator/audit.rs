//! `GET /api/host/platform-audit`: the platform's audit, newest first.

use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::{instant, page_schema, record};
use crate::operation::{Entry, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::audit::platform::{self, Item};
use eaf_core::id::ActorId;
use serde_json::{Value, json};
use std::collections::HashMap;

const PAGE: u32 = 50;

pub fn operation() -> Operation {
    let item = record(json!({
        "nr": { "type": "integer", "minimum": 1, "description": "Number of the row, without gaps." },
        "at": { "type": "string", "format": "date-time" },
        "actor": { "type": "string", "format": "uuid" },
        "actor_name": { "type": ["string", "null"] },
        "origin": {
            "type": ["string", "null"],
            "description": "`operator`, or the operating system's user if no operator is named, such as `os:root@web-1`.",
        },
        "act": { "type": "string", "description": "`operator.add`, `package.activate`, `key.rotate`." },
        "object": { "type": "string" },
        "outcome": { "enum": ["ok", "denied"] },
        "count": { "type": "integer", "minimum": 1, "description": "Occurrences within the hour; above 1 for denials only." },
        "change": { "type": ["object", "null"], "properties": { "old": {}, "new": {} } },
        "trace_id": { "type": "string" },
    }));
    let doc = Entry::new("host.platform-audit", "operator", "The platform's audit, newest first")
        .query("cursor", json!({ "type": "string", "pattern": "^[0-9]{1,18}$" }), "`next` of the previous page.")
        .answers("200", "A page.", page_schema(item))
        .refuses(&[Code::QueryInvalid, Code::NotAnOperator]);
    Operation {
        method: "get",
        path: "/api/host/platform-audit",
        access: Access::Operator,
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, _: Operator, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let mut start = None;
    for (name, value) in parameters.once(|name| name == "cursor")? {
        let nr = value.parse().ok().filter(|nr| *nr > 0);
        start = Some(nr.ok_or_else(|| Problem::parameter(name, "invalid"))?);
    }
    let (items, next) = platform::page(&app.core.db, start, PAGE).await?;
    let actors: Vec<ActorId> = items.iter().map(|item| item.actor).collect();
    let operators = app.core.directory.operators_among(&actors).await?;
    let names = operators.into_iter().map(|operator| (operator.actor, operator.name)).collect();
    let items: Vec<Value> = items.iter().map(|item| shown(item, &names)).collect();
    Ok(Json(json!({ "items": items, "next": next.map(|nr| nr.to_string()) })))
}

fn shown(item: &Item, names: &HashMap<ActorId, String>) -> Value {
    json!({
        "nr": item.nr,
        "at": instant(item.at),
        "actor": item.actor,
        "actor_name": names.get(&item.actor),
        "origin": item.origin,
        "act": item.act.act,
        "object": item.act.object,
        "outcome": item.act.outcome,
        "count": item.count,
        "change": item.act.change,
        "trace_id": item.trace,
    })
}

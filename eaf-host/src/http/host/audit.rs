//! `GET /api/host/audit`: who did what, newest first.

use super::{PAGE, cursor, instant, page_schema, parse_cursor};
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::operation::{Entry, Operation};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::{Query, State};
use axum::routing::get;
use eaf_core::audit::{self, Recorded};
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "at": { "type": "string", "format": "date-time" },
            "actor": { "type": "string", "format": "uuid" },
            "act": { "type": "string" },
            "object": { "type": "string" },
            "outcome": { "type": "string", "description": "`ok`, `denied`, or an error's code." },
            "trace_id": { "type": "string" },
        },
    });
    let doc = Entry::new("host.audit", "host", "Who did what, newest first")
        .query("cursor", json!({ "type": "string" }), "`next` of the page before.")
        .answers("200", "A page.", page_schema(item))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation { method: "get", path: "/api/host/audit", route: get(list), doc: doc.done() }
}

async fn list(
    State(app): State<App>,
    who: TenantCaller,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Problem> {
    who.require(&app, "host.audit", "audit.list", "audit").await?;
    let mut before = None;
    for (name, value) in &parameters {
        match name.as_str() {
            "cursor" => before = Some(parse_cursor(value)?),
            _ => return Err(Problem::parameter(name, "unknown")),
        }
    }
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let rows = audit::list(&mut tx, before, PAGE).await?;
    let last = rows.last().filter(|_| rows.len() == PAGE as usize);
    let next = last.map(|row| cursor(row.at, row.id));
    Ok(Json(json!({ "items": rows.iter().map(shown).collect::<Vec<_>>(), "next": next })))
}

fn shown(row: &Recorded) -> Value {
    json!({
        "id": row.id,
        "at": instant(row.at),
        "actor": row.entry.actor,
        "act": row.entry.act,
        "object": row.entry.object,
        "outcome": row.entry.outcome,
        "trace_id": row.entry.trace,
    })
}

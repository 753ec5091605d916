//! `GET /api/host/runs/{id}`: one run with the calls of its journal, their grants and outcomes,
//! without arguments and results.

use super::runs::{fault, schema, shown};
use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_core::id::RunId;
use eaf_core::workflow::{self, EntrySummary};
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let mut answer = schema();
    let step = record(json!({
        "sequence": { "type": "integer" },
        "call": { "type": "string" },
        "grant": { "type": ["string", "null"] },
        "target": { "type": ["string", "null"] },
        "state": { "enum": ["intent", "pending", "done"] },
        "progress": { "type": ["integer", "null"] },
        "attempts": { "type": "integer" },
        "retry_code": { "type": ["string", "null"] },
        "retry_at": { "type": ["string", "null"], "format": "date-time" },
        "outcome": { "type": ["string", "null"] },
        "detail": { "type": ["string", "null"], "description": "The reason of a failure, in English." },
        "started_at": { "type": "string", "format": "date-time" },
        "done_at": { "type": ["string", "null"], "format": "date-time" },
    }));
    answer["properties"]["steps"] = json!({ "type": "array", "items": step });
    let answer = record(answer["properties"].take());
    let doc = Entry::new("host.run", "host", "One run with its steps")
        .path("id", "The run's id.")
        .answers("200", "The run.", answer)
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: "/api/host/runs/{id}",
        access: Access::runs("run.get"),
        route: get(show),
        doc: doc.done(),
    }
}

async fn show(State(app): State<App>, who: TenantCaller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let id: RunId = id.parse().map_err(|_| unknown())?;
    let tenant = who.caller.tenant;
    let run = workflow::find(&app.core.db, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    let steps = workflow::entries(&app.core.db, tenant, id).await.map_err(fault)?;
    let mut body = shown(&run);
    body["steps"] = steps.iter().map(step).collect();
    Ok(Json(body))
}

fn step(entry: &EntrySummary) -> Value {
    json!({
        "sequence": entry.seq,
        "call": entry.call,
        "grant": entry.grant,
        "target": entry.target,
        "state": entry.state,
        "progress": entry.progress,
        "attempts": entry.attempts,
        "retry_code": entry.retry_code,
        "retry_at": entry.retry_at.and_then(instant),
        "outcome": entry.outcome,
        "detail": entry.detail,
        "started_at": instant(entry.started_at),
        "done_at": entry.done_at.and_then(instant),
    })
}

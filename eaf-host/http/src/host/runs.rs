//! `GET /api/host/runs`: the tenant's workflow runs, newest first, without personal data.

use super::{CURSOR, PAGE, cursor, instant, page_schema, parse_cursor, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::{self, Parameters};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::id::RunId;
use eaf_core::workflow::{self, RunSummary};
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.runs", "host", "Workflow runs, newest first")
        .query(
            "key",
            json!({ "type": "string", "pattern": parameters::TEXT }),
            "The key of the thing that runs are about.",
        )
        .query("cursor", json!({ "type": "string", "pattern": CURSOR }), "`next` of the previous page.")
        .answers("200", "A page.", page_schema(schema()))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/runs",
        access: Access::runs("run.list"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let (mut key, mut before) = (None, None);
    for (name, value) in parameters.once(|name| matches!(name, "key" | "cursor"))? {
        match name.as_str() {
            "key" => key = Some(value.clone()),
            _ => before = Some(parse_cursor::<RunId>(value)?),
        }
    }
    let runs = workflow::list(&app.core.db, who.caller.tenant, key.as_deref(), before, PAGE).await.map_err(fault)?;
    let last = runs.last().filter(|_| runs.len() == PAGE as usize);
    let next = last.map(|run| cursor(run.created_at, run.id));
    Ok(Json(json!({ "items": runs.iter().map(shown).collect::<Vec<_>>(), "next": next })))
}

pub(super) fn fault(cause: workflow::Error) -> Problem {
    Problem::fault(Code::Internal, &cause)
}

pub(super) fn shown(run: &RunSummary) -> Value {
    json!({
        "id": run.id,
        "plugin": run.plugin,
        "workflow": run.workflow,
        "key": run.key,
        "state": run.state.as_str(),
        "waiting": run.waiting.as_ref().map(|reason| &reason.code),
        "due_at": run.due_at.and_then(instant),
        "failure": run.failure,
        "attempts": run.attempts,
        "trace_id": run.trace,
        "created_at": instant(run.created_at),
        "ended_at": run.ended_at.and_then(instant),
    })
}

pub(super) fn schema() -> Value {
    record(json!({
        "id": { "type": "string", "format": "uuid" },
        "plugin": { "type": "string" },
        "workflow": { "type": "string" },
        "key": { "type": "string", "description": "The key of the thing that the run is about." },
        "state": { "enum": ["running", "waiting", "done", "failed", "stopped"] },
        "waiting": { "type": ["string", "null"] },
        "due_at": { "type": ["string", "null"], "format": "date-time" },
        "failure": {
            "type": ["object", "null"],
            "description": "{class, code} of a failure; {seq, journal, call} of a divergence, with the names of the calls.",
        },
        "attempts": { "type": "integer" },
        "trace_id": { "type": "string" },
        "created_at": { "type": "string", "format": "date-time" },
        "ended_at": { "type": ["string", "null"], "format": "date-time" },
    }))
}

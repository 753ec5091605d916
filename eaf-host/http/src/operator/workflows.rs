//! `GET /api/host/workflows`: numbers of runs by package and state, without tenants and keys.

use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::record;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::workflow;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let item = record(json!({
        "plugin": { "type": "string" },
        "state": { "enum": ["open", "done", "failed", "stopped"] },
        "runs": { "type": "integer" },
        "overdue": { "type": "integer", "description": "Runs that are due for more than a minute and not leased by a host." },
    }));
    let schema = record(json!({ "items": { "type": "array", "items": item } }));
    let doc = Entry::new("host.workflows", "operator", "Numbers of workflow runs by package and state")
        .answers("200", "The numbers.", schema)
        .refuses(&[Code::NotAnOperator]);
    Operation {
        method: "get",
        path: "/api/host/workflows",
        access: Access::Operator,
        route: get(health),
        doc: doc.done(),
    }
}

async fn health(State(app): State<App>, _: Operator) -> Result<Json<Value>, Problem> {
    let counts = workflow::health(&app.core.db).await.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let items: Vec<Value> = counts
        .iter()
        .map(|count| {
            json!({ "plugin": count.plugin, "state": count.state, "runs": count.runs, "overdue": count.overdue })
        })
        .collect();
    Ok(Json(json!({ "items": items })))
}

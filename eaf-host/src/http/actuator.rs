//! Health and metrics, at the paths that operators know.

use super::App;
use super::operation::{Entry, Operation};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::time::Duration;

/// A probe that waits longer than this has its answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub fn liveness_operation() -> Operation {
    let doc = Entry::new("liveness", "actuator", "Does the process answer").public().answers(
        "200",
        "It does.",
        status_schema(),
    );
    Operation { method: "get", path: "/actuator/health/liveness", route: get(liveness), doc: doc.done() }
}

pub fn readiness_operation() -> Operation {
    let doc = Entry::new("readiness", "actuator", "Can this host serve: database and products")
        .public()
        .answers("200", "It can.", status_schema())
        .answers("503", "Not now; `reason` says why.", status_schema());
    Operation { method: "get", path: "/actuator/health/readiness", route: get(readiness), doc: doc.done() }
}

pub fn metrics_operation() -> Operation {
    let doc = Entry::new("prometheus", "actuator", "Metrics as Prometheus text").public().answers_as(
        "200",
        "The metrics.",
        "text/plain",
        json!({ "type": "string" }),
    );
    Operation { method: "get", path: "/actuator/prometheus", route: get(prometheus), doc: doc.done() }
}

fn status_schema() -> serde_json::Value {
    json!({
        "type": "object",
        "required": ["status"],
        "properties": { "status": { "enum": ["UP", "DOWN"] }, "reason": { "type": "string" } },
    })
}

async fn liveness() -> Response {
    Json(json!({ "status": "UP" })).into_response()
}

/// What other systems do (vCenter, SMTP, the identity provider) is not asked: a restart would not mend them. But a host
/// whose own settings keep everybody out is not ready, so that it does not take the place of one that is.
async fn readiness(State(app): State<App>) -> Response {
    if app.products.all().is_empty() {
        return down("no product is loaded");
    }
    if app.identity.is_misconfigured() {
        return down("the settings of the identity provider do not fit it, so nobody can sign in: see the log");
    }
    match tokio::time::timeout(PATIENCE, eaf_core::db::ready(&app.core.db)).await {
        Ok(Ok(())) => liveness().await,
        Ok(Err(cause)) => {
            tracing::warn!(error = &cause as &dyn std::error::Error, "not ready");
            down("the database is not ready")
        }
        Err(_) => down("the database does not answer"),
    }
}

fn down(reason: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "DOWN", "reason": reason }))).into_response()
}

async fn prometheus(State(app): State<App>) -> Response {
    let text = app.metrics.as_ref().map(|metrics| metrics.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

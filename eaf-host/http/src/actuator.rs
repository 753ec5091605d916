//! Health checks and metrics, at paths such as `/actuator/health/liveness`.

use super::App;
use super::access::Access;
use super::operation::{Entry, Operation};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eaf_core::Core;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Time-out of the database check, shorter than that of common probes.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// Lifetime of a cached result of the database check. Load balancers probe at most once a second,
/// so each of their probes gets a fresh result.
const RESULT_TTL: Duration = Duration::from_millis(500);

pub fn liveness_operation() -> Operation {
    let doc = Entry::new("liveness", "actuator", "Does the process answer").public().answers(
        "200",
        "It does.",
        status_schema(),
    );
    Operation {
        method: "get",
        path: "/actuator/health/liveness",
        access: Access::Public,
        route: get(liveness),
        doc: doc.done(),
    }
}

pub fn readiness_operation() -> Operation {
    let doc = Entry::new("readiness", "actuator", "Can this host serve: database and products")
        .public()
        .answers("200", "It can.", status_schema())
        .answers("503", "Not now; `reason` says why.", status_schema());
    Operation {
        method: "get",
        path: "/actuator/health/readiness",
        access: Access::Public,
        route: get(readiness),
        doc: doc.done(),
    }
}

pub fn metrics_operation() -> Operation {
    let doc = Entry::new("prometheus", "actuator", "Metrics as Prometheus text").public().answers_as(
        "200",
        "The metrics.",
        "text/plain",
        json!({ "type": "string" }),
    );
    Operation {
        method: "get",
        path: "/actuator/prometheus",
        access: Access::Public,
        route: get(prometheus),
        doc: doc.done(),
    }
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

/// Cached result of the database check. Probes need no sign-in, so they must not be able to use up
/// the database connections.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), &'static str>)>>);

impl Readiness {
    /// Checks the database, at most once per [`RESULT_TTL`]. The error is the text that says in the
    /// response why the host is not ready.
    async fn check(&self, core: &Core) -> Result<(), &'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < RESULT_TTL
        {
            return *answer;
        }
        let answer = tokio::time::timeout(PROBE_TIMEOUT, ready(core)).await;
        let answer = answer.unwrap_or(Err("the database does not answer"));
        *last = Some((Instant::now(), answer));
        answer
    }
}

async fn ready(core: &Core) -> Result<(), &'static str> {
    if let Err(cause) = eaf_core::db::ready(&core.db).await {
        tracing::warn!(error = &cause as &dyn std::error::Error, "not ready");
        return Err("the database is not ready");
    }
    if let Err(cause) = core.master_keys.ready().await {
        tracing::warn!(error = &cause as &dyn std::error::Error, "not ready");
        return Err("the database's keys are wrapped with a master key that this host does not hold: see the log");
    }
    Ok(())
}

/// Reports readiness. Other systems (vCenter, SMTP, the identity provider) are not checked, because
/// a restart of the host would not repair them. A host whose own settings prevent every sign-in is
/// not ready, so that a deployment does not replace a working host by one without sign-in.
async fn readiness(State(app): State<App>) -> Response {
    if app.products.all().is_empty() {
        return down("no product is loaded");
    }
    if app.identity.is_misconfigured() {
        return down("the identity provider rejects the host's settings, so no sign-in is possible: see the log");
    }
    match app.readiness.check(&app.core).await {
        Ok(()) => liveness().await,
        Err(reason) => down(reason),
    }
}

fn down(reason: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "DOWN", "reason": reason }))).into_response()
}

async fn prometheus(State(app): State<App>) -> Response {
    let text = app.metrics.as_ref().map(|metrics| metrics.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

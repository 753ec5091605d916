//! Health and metrics, at the paths that operators know.

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

/// A probe that waits longer than this has its answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Probes come once a second at most, from one balancer.
const KEEP: Duration = Duration::from_millis(500);

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

/// The last answer about the database. Anybody may probe, so that probes must not take the connections of those who work.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), &'static str>)>>);

impl Readiness {
    /// Asks once in [`KEEP`] for all who probe.
    async fn of(&self, core: &Core) -> Result<(), &'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < KEEP
        {
            return *answer;
        }
        let answer = tokio::time::timeout(PATIENCE, ready(core)).await;
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

/// What other systems do (vCenter, SMTP, the identity provider) is not asked: a restart would not mend them. But a host
/// whose own settings keep everybody out is not ready, so that it does not take the place of one that is.
async fn readiness(State(app): State<App>) -> Response {
    if app.products.all().is_empty() {
        return down("no product is loaded");
    }
    if app.identity.is_misconfigured() {
        return down("the settings of the identity provider do not fit it, so nobody can sign in: see the log");
    }
    match app.readiness.of(&app.core).await {
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

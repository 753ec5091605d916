//! Management port: probes with reasons, metrics, versions. It is a port of its own, so that a
//! network policy can keep it from the public.
//!
//! | Path | Answer |
//! |---|---|
//! | `/actuator/health/startup` | 200 once the host serves: schema migrated, packages loaded |
//! | `/actuator/health/liveness` | 200 while the process answers; never depends on other systems |
//! | `/actuator/health/readiness` | 200 while the host can serve; 503 with `reason` |
//! | `/actuator/prometheus` | metrics as Prometheus text |
//! | `/actuator/info` | version, commit, packages with digests |

use super::serve::{self as server, Limits};
use super::{App, readiness};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;

/// Version of the program, for `/actuator/info`.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    pub version: &'static str,
    /// Commit of the sources; `None` in a build that was not told.
    pub commit: Option<&'static str>,
}

/// State of the management port. It answers from the start of the process on, before the API does.
#[derive(Clone)]
pub struct Management {
    build: Build,
    metrics: PrometheusHandle,
    app: Arc<OnceLock<App>>,
}

impl Management {
    pub fn new(build: Build, metrics: PrometheusHandle) -> Self {
        Management { build, metrics, app: Arc::default() }
    }

    /// Records that the host serves from now on.
    pub fn started(&self, app: App) {
        // A host starts once.
        let _first = self.app.set(app);
    }
}

pub fn router(management: Management) -> Router {
    Router::new()
        .route("/actuator/health/startup", get(startup))
        .route("/actuator/health/liveness", get(up))
        .route("/actuator/health/readiness", get(ready))
        .route("/actuator/prometheus", get(prometheus))
        .route("/actuator/info", get(info))
        .with_state(management)
}

/// Serves until the future is dropped, which is after the API has stopped.
pub async fn serve(listener: TcpListener, management: Management) {
    server::serve(listener, router(management), Limits::management(), std::future::pending()).await;
}

async fn up() -> Response {
    Json(json!({ "status": "UP" })).into_response()
}

fn down(reason: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "DOWN", "reason": reason }))).into_response()
}

const STARTING: &str = "the host is starting";

async fn startup(State(management): State<Management>) -> Response {
    if management.app.get().is_some() { up().await } else { down(STARTING) }
}

async fn ready(State(management): State<Management>) -> Response {
    let Some(app) = management.app.get() else { return down(STARTING) };
    match readiness::check(app).await {
        Ok(()) => up().await,
        Err(reason) => down(reason),
    }
}

async fn prometheus(State(management): State<Management>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], management.metrics.render()).into_response()
}

async fn info(State(management): State<Management>) -> Response {
    let products = management.app.get().map(|app| app.products.all()).unwrap_or_default();
    let packages: Vec<_> = products
        .iter()
        .map(|product| json!({ "id": product.id(), "version": product.version, "digest": product.digest }))
        .collect();
    let Build { version, commit } = management.build;
    Json(json!({ "version": version, "commit": commit, "packages": packages })).into_response()
}

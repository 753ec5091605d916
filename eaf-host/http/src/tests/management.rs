//! Management port, and the health of the public port.

use super::TestHost;
use crate::management::{self, Build, Management};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tower::ServiceExt;

const STARTUP: &str = "/actuator/health/startup";
const LIVENESS: &str = "/actuator/health/liveness";
const READINESS: &str = "/actuator/health/readiness";

fn starting() -> (Management, Router) {
    let build = Build { version: "1.2.3", commit: Some("abc") };
    let management = Management::new(build, PrometheusBuilder::new().build_recorder().handle());
    (management.clone(), management::router(management))
}

async fn ask(router: &Router, path: &str) -> (u16, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn up() -> (u16, Value) {
    (200, json!({ "status": "UP" }))
}

fn down(reason: &str) -> (u16, Value) {
    (503, json!({ "status": "DOWN", "reason": reason }))
}

#[tokio::test]
async fn a_starting_host_is_alive_and_not_ready() {
    let (management, router) = starting();
    assert_eq!(ask(&router, LIVENESS).await, up());
    for path in [STARTUP, READINESS] {
        assert_eq!(ask(&router, path).await, down("the host is starting"), "{path}");
    }
    let host = TestHost::new().await;
    management.started(host.app.clone());
    for path in [STARTUP, LIVENESS, READINESS] {
        assert_eq!(ask(&router, path).await, up(), "{path}");
    }
}

#[tokio::test]
async fn a_draining_host_is_not_ready_and_still_serves() {
    let host = TestHost::new().await;
    let (management, router) = starting();
    management.started(host.app.clone());
    assert_eq!(host.get("requester@acme", "/actuator/health").await.json, json!({ "status": "UP" }));
    host.app.draining.begin();
    assert_eq!(ask(&router, READINESS).await, down("the host is shutting down"));
    assert_eq!((ask(&router, LIVENESS).await, ask(&router, STARTUP).await), (up(), up()));
    let public = host.get("requester@acme", "/actuator/health").await;
    assert_eq!((public.status.as_u16(), public.json), (503, json!({ "status": "DOWN" })));
    assert_eq!(host.get("requester@acme", "/api/session").await.status, 200);
}

#[tokio::test]
async fn without_its_database_a_host_is_alive_and_not_ready_and_recovers() {
    let host = TestHost::new().await;
    let (management, router) = starting();
    management.started(host.app.clone());
    assert_eq!(ask(&router, READINESS).await, up());
    host.database.read_only(true).await;
    host.database.end_sessions().await;
    let since = Instant::now();
    while ask(&router, READINESS).await.0 != 503 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert_eq!(ask(&router, LIVENESS).await, up());
    host.database.read_only(false).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while ask(&router, READINESS).await != up() {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn information_names_version_commit_and_packages() {
    let (management, router) = starting();
    assert_eq!(ask(&router, "/actuator/info").await.1["packages"], json!([]));
    let host = TestHost::new().await;
    management.started(host.app.clone());
    let package = json!({ "id": "notes", "version": "1.0.0", "digest": "0f".repeat(32) });
    let expected = json!({ "version": "1.2.3", "commit": "abc", "packages": [package] });
    assert_eq!(ask(&router, "/actuator/info").await, (200, expected));
    for path in ["/", "/api/session", "/actuator/env"] {
        assert_eq!(ask(&router, path).await.0, 404, "{path}");
    }
}

//! Content of logs and metrics of a request.

use super::{TestHost, note};
use axum::body::Body;
use axum::http::Request;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Log lines that the test's thread writes, captured so that the test can read them.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Captures the log until the guard is dropped.
    pub fn start() -> (Captured, impl Sized) {
        let log = Captured::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .finish();
        // With a single dispatcher, tracing caches for each log line whether the first thread that
        // reaches it is interested. Threads of other tests are not, so a second, unused dispatcher
        // disables that cache.
        let second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(std::io::sink).finish());
        (log, (tracing::subscriber::set_default(subscriber), second))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic while held")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while held").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Captured;
    fn make_writer(&'a self) -> Captured {
        self.clone()
    }
}

#[tokio::test]
async fn a_log_line_has_route_status_tenant_and_trace_and_no_input() {
    let host = TestHost::new().await;
    let (log, guard) = Captured::start();
    let key = host.note("requester@acme", "canary-title").await;
    host.get("requester@acme", &format!("/api/notes/views/notes/{key}")).await;
    host.get("requester@acme", "/api/notes/views/notes?title=canary-query").await;
    host.get("requester@acme", "/canary-path?a=canary-query").await;
    host.give("requester@acme", "write-note", json!({ "title": "canary-body", "text": 5 }), &[]).await;
    let key = [("idempotency-key", "canary-key")];
    host.give("requester@acme", "write-note", note("taken"), &key).await;
    let secret = json!({ "config": { "host": "canary-host" }, "secret": { "password": "canary-password" } });
    host.json("PUT", "admin@acme", "/api/host/connections/echo/main", secret, &[]).await;
    host.json("POST", "admin@acme", "/api/host/connections/echo/main/test", json!(null), &[]).await;
    let bad = Request::get("/api/session").header("authorization", "Bearer canary-token");
    let trace = host.send(bad.body(Body::empty()).unwrap()).await.json["trace_id"].as_str().unwrap().to_owned();
    drop(guard);

    let text = log.text();
    assert!(
        text.contains("route=\"/api/notes/views/{view}\"") || text.contains("/api/{plugin}/views/{view}"),
        "{text}"
    );
    assert!(text.contains(&trace) && text.contains("status=401"), "{text}");
    assert!(text.contains(&eaf_core::id::TenantId::derive("acme").to_string()));
    // Names of people begin with "Canary" in these tests.
    let leaks: Vec<&str> = text.lines().filter(|line| line.to_lowercase().contains("canary")).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(!text.contains(&host.token("requester@acme")[..40]), "a token is in the log");
}

#[tokio::test]
async fn metrics_have_route_and_status_and_no_path() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let guard = metrics::set_default_local_recorder(&recorder);
    let host = TestHost::new().await;
    host.get("requester@acme", "/api/notes/views/notes/canary-path").await;
    host.get("requester@acme", "/canary-path").await;
    let odd = Request::builder().method("CANARY").uri("/api/session").body(Body::empty()).unwrap();
    host.send(odd).await;
    drop(guard);
    let build = crate::Build { version: "1", commit: None };
    let management = crate::management::router(crate::Management::new(build, handle));
    let request = Request::get("/actuator/prometheus").body(Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(management, request).await.unwrap();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let labels = "http_request_method=\"GET\",http_route=\"/api/{plugin}/views/{view}/{*key}\",http_response_status_code=\"404\"";
    assert!(text.contains(&format!("http_server_request_duration_seconds_count{{{labels}}} 1")), "{text}");
    assert!(text.contains("http_server_active_requests 0"), "{text}");
    assert!(!text.to_lowercase().contains("canary"), "{text}");
}

//! Connections: their limit, the rate of their tests, and the records of a test.

use super::{Echo, TestHost};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use eaf_capability::{Call, Capability, ConnectionType, Failure, Polled, Provider, Report, Started, Verdict};
use eaf_core::id::TenantId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceExt;

const PATH: &str = "/api/host/connections/echo/main";

/// Provider whose connection test completes only when the test releases it.
struct Blocked {
    echo: Echo,
    entered: Semaphore,
    release: Semaphore,
    forgotten: Mutex<Vec<String>>,
}

#[async_trait]
impl Capability for Blocked {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.echo.start(call).await
    }
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        self.echo.poll(call, handle).await
    }
}

#[async_trait]
impl Provider for Blocked {
    async fn check(&self, _: TenantId, _: &str) -> Report {
        self.entered.add_permits(1);
        self.release.acquire().await.expect("open").forget();
        let mut report = Report::default();
        report.setting("host", "good", Verdict::Good);
        report
    }
    async fn close_connection(&self, _: TenantId, connection: &str) {
        self.forgotten.lock().unwrap().push(connection.to_owned());
    }
    fn connections(&self) -> ConnectionType {
        self.echo.connections()
    }
}

async fn blocked() -> (TestHost, Arc<Blocked>, Router) {
    let host = TestHost::new().await;
    let blocked = Arc::new(Blocked {
        echo: Echo(host.core.clone()),
        entered: Semaphore::new(0),
        release: Semaphore::new(0),
        forgotten: Mutex::default(),
    });
    let mut app = host.app.clone();
    app.providers = Arc::new(BTreeMap::from([("echo".to_owned(), blocked.clone() as Arc<dyn Provider>)]));
    assert_eq!(put(&host, "main").await, 204);
    let router = crate::router(app);
    (host, blocked, router)
}

async fn put(host: &TestHost, name: &str) -> u16 {
    let body = json!({ "config": { "host": "good" }, "secret": { "password": "canary-password" } });
    host.json("PUT", "admin@acme", &format!("/api/host/connections/echo/{name}"), body, &[]).await.status.as_u16()
}

fn test(host: &TestHost, router: &Router) -> tokio::task::JoinHandle<u16> {
    let request = host.request("POST", "admin@acme", &format!("{PATH}/test"), &[]).body(Body::empty()).unwrap();
    let router = router.clone();
    tokio::spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() })
}

async fn outcomes(host: &TestHost) -> Vec<String> {
    let audit = host.get("auditor@acme", "/api/host/audit?act=connection.test").await.json;
    audit["items"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn start_and_end_of_a_test_are_recorded_without_its_caller() {
    let (host, blocked, router) = blocked().await;
    let request = test(&host, &router);
    blocked.entered.acquire().await.unwrap().forget();
    assert_eq!(outcomes(&host).await, ["pending"], "before the first byte goes out");
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled(), "the client goes away");
    blocked.release.add_permits(1);
    while outcomes(&host).await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(outcomes(&host).await, ["ok", "pending"]);
    let shown = host.get("admin@acme", PATH).await.json;
    assert!(shown["last_check_at"].is_string() && shown["last_error"].is_null());
}

#[tokio::test]
async fn a_third_concurrent_test_is_refused_and_not_recorded() {
    let (host, blocked, router) = blocked().await;
    let running = [test(&host, &router), test(&host, &router)];
    blocked.entered.acquire_many(2).await.unwrap().forget();
    assert_eq!(test(&host, &router).await.unwrap(), 429);
    assert_eq!(outcomes(&host).await, ["pending", "pending"]);
    blocked.release.add_permits(3);
    for running in running {
        assert_eq!(running.await.unwrap(), 200);
    }
    assert_eq!(test(&host, &router).await.unwrap(), 200);
}

#[tokio::test]
async fn a_tenants_connections_are_limited_and_can_be_deleted() {
    let (host, blocked, router) = blocked().await;
    for number in 1..eaf_core::connection::MAX_CONNECTIONS {
        assert_eq!(put(&host, &format!("c{number}")).await, 204);
    }
    assert_eq!((put(&host, "one-more").await, put(&host, "main").await), (409, 204));
    let delete = async |who: &str| {
        let request = host.request("DELETE", who, PATH, &[]).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((delete("requester@acme").await, delete("admin@globex").await), (403, 404));
    assert_eq!((delete("admin@acme").await, delete("admin@acme").await), (204, 404));
    assert_eq!(*blocked.forgotten.lock().unwrap(), ["main"]);
    assert_eq!(put(&host, "one-more").await, 204);
    let audit = host.get("auditor@acme", "/api/host/audit?act=connection.delete").await.json;
    let rows: Vec<_> = audit["items"].as_array().unwrap().iter().map(|row| (&row["object"], &row["outcome"])).collect();
    assert_eq!(rows, [(&json!("echo/main"), &json!("ok")), (&json!("connections"), &json!("denied"))]);
    let change = &audit["items"][0]["change"];
    assert!(change["old"].is_object() && change["new"].is_null(), "what was there is on record: {change}");
}

#[tokio::test]
async fn a_connections_form_is_that_of_its_capability_and_translated() {
    let host = TestHost::new().await;
    let request = host.request("GET", "admin@acme", "/api/host/connection-types", &[("accept-language", "en")]);
    let english = host.send(request.body(Body::empty()).unwrap()).await;
    let room = json!({
        "name": "room", "label": "Room", "hint": "…", "input": "text", "options": [], "optional": true,
        "non_routing": true, "initial": null, "choosable": true, "by_token": false,
    });
    let items = english.json["items"].as_array().unwrap();
    let [echo] = items.as_slice() else { panic!("{}", english.text) };
    assert_eq!((&echo["capability"], &echo["name"]), (&json!("echo"), &json!("House")));
    assert_eq!(echo["fields"][1], room);
    // A field without a label in the texts is shown by its name.
    assert_eq!((&echo["fields"][0]["label"], &echo["fields"][0]["non_routing"]), (&json!("host"), &json!(false)));
    let german = host.get("admin@acme", "/api/host/connection-types").await.json;
    assert_eq!(german["items"][0]["fields"][1]["label"], "Raum");
}

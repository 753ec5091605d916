//! Connections: how many there are, how often they are tested, and what is on record of a test.

use super::{Echo, House};
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

/// A provider whose server answers when the test lets it.
struct Held {
    echo: Echo,
    entered: Semaphore,
    release: Semaphore,
    forgotten: Mutex<Vec<String>>,
}

#[async_trait]
impl Capability for Held {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.echo.start(call).await
    }
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        self.echo.poll(call, handle).await
    }
}

#[async_trait]
impl Provider for Held {
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

async fn held() -> (House, Arc<Held>, Router) {
    let house = House::new().await;
    let held = Arc::new(Held {
        echo: Echo(house.core.clone()),
        entered: Semaphore::new(0),
        release: Semaphore::new(0),
        forgotten: Mutex::default(),
    });
    let mut app = house.app.clone();
    app.providers = Arc::new(BTreeMap::from([("echo".to_owned(), held.clone() as Arc<dyn Provider>)]));
    assert_eq!(put(&house, "main").await, 204);
    let router = crate::router(app);
    (house, held, router)
}

async fn put(house: &House, name: &str) -> u16 {
    let body = json!({ "config": { "host": "good" }, "secret": { "password": "canary-password" } });
    house.json("PUT", "admin@acme", &format!("/api/host/connections/echo/{name}"), body, &[]).await.status.as_u16()
}

fn test(house: &House, router: &Router) -> tokio::task::JoinHandle<u16> {
    let request = house.request("POST", "admin@acme", &format!("{PATH}/test"), &[]).body(Body::empty()).unwrap();
    let router = router.clone();
    tokio::spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() })
}

async fn outcomes(house: &House) -> Vec<String> {
    let audit = house.get("auditor@acme", "/api/host/audit?act=connection.test").await.json;
    audit["items"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_test_is_on_record_before_it_begins_and_its_end_when_nobody_waits_for_it() {
    let (house, held, router) = held().await;
    let request = test(&house, &router);
    held.entered.acquire().await.unwrap().forget();
    assert_eq!(outcomes(&house).await, ["pending"], "before the first byte goes out");
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled(), "the client goes away");
    held.release.add_permits(1);
    while outcomes(&house).await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(outcomes(&house).await, ["ok", "pending"]);
    let shown = house.get("admin@acme", PATH).await.json;
    assert!(shown["last_check_at"].is_string() && shown["last_error"].is_null());
}

#[tokio::test]
async fn a_tenant_runs_two_tests_at_once_and_the_third_leaves_no_trace() {
    let (house, held, router) = held().await;
    let running = [test(&house, &router), test(&house, &router)];
    held.entered.acquire_many(2).await.unwrap().forget();
    assert_eq!(test(&house, &router).await.unwrap(), 429);
    assert_eq!(outcomes(&house).await, ["pending", "pending"]);
    held.release.add_permits(3);
    for running in running {
        assert_eq!(running.await.unwrap(), 200);
    }
    assert_eq!(test(&house, &router).await.unwrap(), 200);
}

#[tokio::test]
async fn a_tenant_has_so_many_connections_and_can_delete_them() {
    let (house, held, router) = held().await;
    for number in 1..eaf_core::connection::MAX_CONNECTIONS {
        assert_eq!(put(&house, &format!("c{number}")).await, 204);
    }
    assert_eq!((put(&house, "one-more").await, put(&house, "main").await), (409, 204));
    let delete = async |who: &str| {
        let request = house.request("DELETE", who, PATH, &[]).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((delete("requester@acme").await, delete("admin@globex").await), (403, 404));
    assert_eq!((delete("admin@acme").await, delete("admin@acme").await), (204, 404));
    assert_eq!(*held.forgotten.lock().unwrap(), ["main"]);
    assert_eq!(put(&house, "one-more").await, 204);
    let audit = house.get("auditor@acme", "/api/host/audit?act=connection.delete").await.json;
    let rows: Vec<_> = audit["items"].as_array().unwrap().iter().map(|row| (&row["object"], &row["outcome"])).collect();
    assert_eq!(rows, [(&json!("echo/main"), &json!("ok")), (&json!("connections"), &json!("denied"))]);
    let change = &audit["items"][0]["change"];
    assert!(change["old"].is_object() && change["new"].is_null(), "what was there is on record: {change}");
}

#[tokio::test]
async fn the_form_of_a_connection_comes_from_its_capability_in_the_callers_language() {
    let house = House::new().await;
    let request = house.request("GET", "admin@acme", "/api/host/connection-types", &[("accept-language", "en")]);
    let english = house.send(request.body(Body::empty()).unwrap()).await;
    let room = json!({
        "name": "room", "label": "Room", "hint": "…", "input": "text", "options": [], "optional": true,
        "harmless": true, "initial": null, "choosable": true, "by_token": false,
    });
    let items = english.json["items"].as_array().unwrap();
    let [echo] = items.as_slice() else { panic!("{}", english.text) };
    assert_eq!((&echo["capability"], &echo["name"]), (&json!("echo"), &json!("House")));
    assert_eq!(echo["fields"][1], room);
    // Without a text a field is shown by its name.
    assert_eq!((&echo["fields"][0]["label"], &echo["fields"][0]["harmless"]), (&json!("host"), &json!(false)));
    let german = house.get("admin@acme", "/api/host/connection-types").await.json;
    assert_eq!(german["items"][0]["fields"][1]["label"], "Raum");
}

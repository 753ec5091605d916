//! Products of a tenant and their grants: what an operator may switch, what a tenant is refused, and who reads of it.

use super::{Answer, House};
use eaf_core::id::TenantId;
use serde_json::{Value, json};

const GRANT: &str = "/api/host/tenants/acme/grants/notes/echo/room";
const PRODUCT: &str = "/api/host/tenants/acme/products/notes";
const STOPPED: &str = "/api/host/plugins/notes/stopped";

fn granted(scope: Value) -> Value {
    json!({ "scope": scope, "connection": "main", "reason": "ordered by Acme" })
}

fn enabled(enabled: bool) -> Value {
    json!({ "enabled": enabled, "reason": "ordered by Acme" })
}

async fn put(house: &House, path: &str, body: Value) -> Answer {
    house.json("PUT", "operator", path, body, &[]).await
}

async fn write(house: &House, who: &str) -> Answer {
    let note = json!({ "title": "A note", "text": "Long enough to be one." });
    house.json("POST", who, "/api/notes/commands/write-note", note, &[]).await
}

async fn acts(house: &House, query: &str) -> Vec<(String, Value)> {
    let audit = house.get("auditor@acme", &format!("/api/host/audit?{query}")).await.json;
    let items = audit["items"].as_array().unwrap().iter().rev();
    items.map(|item| (item["act"].as_str().unwrap().to_owned(), item["object"].clone())).collect()
}

#[tokio::test]
async fn a_disabled_product_takes_nothing_and_shows_nothing_in_that_tenant_alone() {
    let house = House::new().await;
    put(&house, GRANT, granted(json!({}))).await;
    assert_eq!(put(&house, PRODUCT, enabled(false)).await.status, 204);
    assert_eq!(write(&house, "admin@acme").await.refusal(), (403, "product-not-enabled", vec![]));
    for path in ["/api/notes/views/notes", "/api/notes/views/notes/x"] {
        assert_eq!(house.get("auditor@acme", path).await.code(), "product-not-enabled", "{path}");
    }
    assert_eq!(house.get("auditor@acme", "/api/live?view=notes/notes").await.status, 403);
    let session = house.get("admin@acme", "/api/session").await.json;
    assert_eq!(session["products"], json!([]));
    assert!(!session["permissions"].to_string().contains("notes."), "{session}");
    assert_eq!(write(&house, "admin@globex").await.status, 202);
    assert!(acts(&house, "outcome=denied").await.contains(&("command.give".into(), json!("notes/write-note"))));

    assert_eq!(put(&house, PRODUCT, enabled(true)).await.status, 204);
    assert_eq!(write(&house, "admin@acme").await.status, 202);
}

#[tokio::test]
async fn a_stopped_plugin_takes_nothing_in_any_tenant_until_it_goes_on() {
    let house = House::new().await;
    let stopped = |stopped: bool| json!({ "stopped": stopped, "reason": "it misbehaves" });
    assert_eq!(put(&house, STOPPED, stopped(true)).await.status, 204);
    for who in ["admin@acme", "admin@globex"] {
        assert_eq!(write(&house, who).await.code(), "product-not-enabled", "{who}");
    }
    let shown = house.get("admin@acme", "/api/host/products").await.json;
    assert_eq!((&shown["items"][0]["enabled"], &shown["items"][0]["stopped"]), (&json!(true), &json!(true)));
    assert_eq!(shown["items"][0]["stopped_reason"], "it misbehaves");
    assert_eq!(put(&house, STOPPED, stopped(false)).await.status, 204);
    assert_eq!(write(&house, "admin@globex").await.status, 202);
    let platform = house.get("operator", "/api/host/platform-audit").await.json;
    let acts: Vec<&Value> = platform["items"].as_array().unwrap().iter().map(|item| &item["act"]).collect();
    assert_eq!(acts, ["plugin.resume", "plugin.stop"]);
}

#[tokio::test]
async fn a_product_is_enabled_only_where_all_that_it_requires_is_granted() {
    let house = House::new().await;
    assert_eq!(put(&house, PRODUCT, enabled(false)).await.status, 204);
    let refused = put(&house, PRODUCT, enabled(true)).await;
    assert_eq!(refused.refusal(), (409, "grants-missing", vec![]));
    assert!(refused.json["detail"].as_str().unwrap().contains("echo/room"), "{}", refused.text);

    assert_eq!(put(&house, GRANT, granted(json!({}))).await.status, 204);
    assert_eq!(put(&house, PRODUCT, enabled(true)).await.status, 204);
    let request = |answer: &Answer| answer.json["items"][0]["requests"][0].clone();
    let shown = request(&house.get("operator", "/api/host/tenants/acme/products").await);
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("granted"), &json!("ordered by Acme")));
    assert_eq!(house.json("DELETE", "operator", GRANT, json!(null), &[]).await.status, 204);
    assert_eq!(house.json("DELETE", "operator", GRANT, json!(null), &[]).await.status, 404);
    let nul = GRANT.replace("room", "%00");
    assert_eq!(house.json("DELETE", "operator", &nul, json!(null), &[]).await.status, 404);
    // The tenant's admin sees what is missing, and the audit who withdrew it.
    assert_eq!(request(&house.get("admin@acme", "/api/host/products").await)["state"], "missing");
    let expected = ["product.disable", "grant.put", "product.enable", "grant.remove"];
    let acts: Vec<String> = acts(&house, "source=host").await.into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts.iter().filter(|act| expected.contains(&act.as_str())).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_grant_that_cannot_be_meant_is_refused_with_its_place_and_changes_nothing() {
    let house = House::new().await;
    let with = |member: &str, value: Value| {
        let mut body = granted(json!({}));
        body[member] = value;
        body
    };
    for (body, pointer) in [
        (with("scope", json!({ "denied": 1 })), "/scope/denied"),
        (with("scope", json!({ "rooms": [] })), "/scope/rooms"),
        (with("scope", json!(null)), "/scope"),
        (with("connection", json!("Not a name")), "/connection"),
        (with("reason", json!("")), "/reason"),
        (with("reason", json!("a\u{0}b")), "/reason"),
        (with("expires_at", json!("9999-12-31T23:59:59-01:00")), "/expires_at"),
        (with("expires_at", json!("2020-01-01T00:00:00Z")), "/expires_at"),
        (with("expires_at", json!("tomorrow")), "/expires_at"),
        (with("tenant", json!("globex")), "/tenant"),
        (json!({}), "/scope"),
    ] {
        let refused = put(&house, GRANT, body.clone()).await;
        let (status, code, pointers) = refused.refusal();
        assert_eq!((status, code), (422, "body-invalid"), "{body}");
        assert!(pointers.contains(&pointer), "{body}: {pointers:?}");
    }
    for path in [
        "/api/host/tenants/nobody/grants/notes/echo/room",
        "/api/host/tenants/acme/grants/nothing/echo/room",
        "/api/host/tenants/acme/grants/notes/nothing/room",
        "/api/host/tenants/acme/grants/notes/echo/attic",
        "/api/host/tenants/acme/grants/notes/echo/%00",
    ] {
        assert_eq!(put(&house, path, granted(json!({}))).await.status, 404, "{path}");
    }
    let kept = eaf_core::grant::list(&house.core.db, TenantId::derive("acme")).await.unwrap();
    assert_eq!(kept, []);
}

//! Products of a tenant and their grants: enabling, stopping, grants, and their audit.

use super::{Answer, TestHost};
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

async fn put(host: &TestHost, path: &str, body: Value) -> Answer {
    host.json("PUT", "operator", path, body, &[]).await
}

async fn write(host: &TestHost, who: &str) -> Answer {
    let note = json!({ "title": "A note", "text": "Long enough to be one." });
    host.json("POST", who, "/api/notes/commands/write-note", note, &[]).await
}

async fn acts(host: &TestHost, query: &str) -> Vec<(String, Value)> {
    let audit = host.get("auditor@acme", &format!("/api/host/audit?{query}")).await.json;
    let items = audit["items"].as_array().unwrap().iter().rev();
    items.map(|item| (item["act"].as_str().unwrap().to_owned(), item["object"].clone())).collect()
}

/// Number of acme's missing grants, as operators see it in the list of tenants.
async fn missing_grants(host: &TestHost) -> u64 {
    let tenants = host.get("operator", "/api/host/tenants").await.json;
    let acme = tenants["items"].as_array().unwrap().iter().find(|tenant| tenant["slug"] == "acme").unwrap();
    acme["missing_grants"].as_u64().unwrap()
}

#[tokio::test]
async fn a_disabled_product_is_refused_in_that_tenant_only() {
    let host = TestHost::new().await;
    put(&host, GRANT, granted(json!({}))).await;
    assert_eq!(put(&host, PRODUCT, enabled(false)).await.status, 204);
    assert_eq!(write(&host, "admin@acme").await.refusal(), (403, "product-not-enabled", vec![]));
    for path in ["/api/notes/views/notes", "/api/notes/views/notes/x"] {
        assert_eq!(host.get("auditor@acme", path).await.code(), "product-not-enabled", "{path}");
    }
    assert_eq!(host.get("auditor@acme", "/api/live?view=notes/notes").await.status, 403);
    let session = host.get("admin@acme", "/api/session").await.json;
    assert_eq!(session["products"], json!([]));
    assert!(!session["permissions"].to_string().contains("notes."), "{session}");
    assert_eq!(write(&host, "admin@globex").await.status, 202);
    assert!(acts(&host, "outcome=denied").await.contains(&("command.give".into(), json!("notes/write-note"))));

    assert_eq!(put(&host, PRODUCT, enabled(true)).await.status, 204);
    assert_eq!(write(&host, "admin@acme").await.status, 202);
}

#[tokio::test]
async fn a_stopped_plugin_is_refused_in_all_tenants_until_resumed() {
    let host = TestHost::new().await;
    let stopped = |stopped: bool| json!({ "stopped": stopped, "reason": "it misbehaves" });
    assert_eq!(put(&host, STOPPED, stopped(true)).await.status, 204);
    for who in ["admin@acme", "admin@globex"] {
        assert_eq!(write(&host, who).await.code(), "product-not-enabled", "{who}");
    }
    let shown = host.get("admin@acme", "/api/host/products").await.json;
    assert_eq!((&shown["items"][0]["enabled"], &shown["items"][0]["stopped"]), (&json!(true), &json!(true)));
    assert_eq!(shown["items"][0]["stopped_reason"], "it misbehaves");
    assert_eq!(put(&host, STOPPED, stopped(false)).await.status, 204);
    assert_eq!(write(&host, "admin@globex").await.status, 202);
    let platform = host.get("operator", "/api/host/platform-audit").await.json;
    let acts: Vec<&Value> = platform["items"].as_array().unwrap().iter().map(|item| &item["act"]).collect();
    assert_eq!(acts, ["plugin.resume", "plugin.stop"]);
}

#[tokio::test]
async fn a_product_is_enabled_only_with_all_required_grants() {
    let host = TestHost::new().await;
    assert_eq!(put(&host, PRODUCT, enabled(false)).await.status, 204);
    let refused = put(&host, PRODUCT, enabled(true)).await;
    assert_eq!(refused.refusal(), (409, "grants-missing", vec![]));
    assert!(refused.json["detail"].as_str().unwrap().contains("echo/room"), "{}", refused.text);

    assert_eq!(put(&host, GRANT, granted(json!({}))).await.status, 204);
    assert_eq!(put(&host, PRODUCT, enabled(true)).await.status, 204);
    let request = |answer: &Answer| answer.json["items"][0]["requests"][0].clone();
    assert_eq!(missing_grants(&host).await, 0);
    let shown = request(&host.get("operator", "/api/host/tenants/acme/products").await);
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("granted"), &json!("ordered by Acme")));
    assert_eq!(host.json("DELETE", "operator", GRANT, json!(null), &[]).await.status, 204);
    assert_eq!(host.json("DELETE", "operator", GRANT, json!(null), &[]).await.status, 404);
    let nul = GRANT.replace("room", "%00");
    assert_eq!(host.json("DELETE", "operator", &nul, json!(null), &[]).await.status, 404);
    // Operator and tenant's admin see the missing grant, and the audit names its withdrawal.
    assert_eq!(missing_grants(&host).await, 1);
    assert_eq!(request(&host.get("admin@acme", "/api/host/products").await)["state"], "missing");
    let expected = ["product.disable", "grant.put", "product.enable", "grant.remove"];
    let acts: Vec<String> = acts(&host, "source=host").await.into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts.iter().filter(|act| expected.contains(&act.as_str())).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn an_invalid_grant_is_refused_with_a_pointer_and_changes_nothing() {
    let host = TestHost::new().await;
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
        let refused = put(&host, GRANT, body.clone()).await;
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
        assert_eq!(put(&host, path, granted(json!({}))).await.status, 404, "{path}");
    }
    let kept = eaf_core::grant::list(&host.core.db, TenantId::derive("acme")).await.unwrap();
    assert_eq!(kept, []);
}

//! Drafts of connections: tested before they are stored, the stored secret goes to no other server,
//! and settings can be chosen.

use super::{Answer, TestHost};
use eaf_core::actor::Attribution;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Value, json};

const MAIN: &str = "/api/host/connections/echo/main";
const SECRET: &str = "canary-password";

async fn with_connection() -> TestHost {
    let host = TestHost::new().await;
    let body = json!({ "config": { "host": "good" }, "secret": { "password": SECRET } });
    assert_eq!(host.json("PUT", "admin@acme", MAIN, body, &[]).await.status, 204);
    host
}

async fn draft(host: &TestHost, what: &str, body: Value) -> Answer {
    host.json("POST", "admin@acme", &format!("{MAIN}/draft/{what}"), body, &[]).await
}

#[tokio::test]
async fn a_draft_is_tested_and_nothing_is_stored() {
    let host = with_connection().await;
    let before = host.get("admin@acme", MAIN).await.json;
    let wrong = json!({ "config": { "host": "typo" }, "secret": { "password": SECRET } });
    let found = draft(&host, "test", wrong).await;
    assert_eq!((found.status.as_u16(), &found.json["ok"]), (200, &json!(false)), "{}", found.text);
    assert_eq!(found.json["findings"].as_array().unwrap().len(), 2, "all lines");
    assert_eq!(host.get("admin@acme", MAIN).await.json, before, "neither settings nor state");

    // The same holds for a new connection.
    let path = "/api/host/connections/echo/new/draft/trial";
    let right = json!({ "config": { "host": "good" }, "secret": { "password": SECRET } });
    let found = host.json("POST", "admin@acme", path, right, &[]).await;
    assert_eq!((&found.json["ok"], &found.json["findings"][1]["name"]), (&json!(true), &json!("trial")));
    assert_eq!(host.get("admin@acme", "/api/host/connections/echo/new").await.code(), "not-found");
}

#[tokio::test]
async fn a_stored_secret_goes_to_no_other_server_for_a_test() {
    let host = with_connection().await;
    let same = draft(&host, "test", json!({ "config": { "host": "good", "room": "attic" } })).await;
    assert_eq!(same.json["ok"], json!(true), "the stored secret is used for the same server: {}", same.text);
    for (what, members) in [("test", json!({})), ("trial", json!({})), ("choices", json!({ "of": "room" }))] {
        let mut body = json!({ "config": { "host": "evil.example" } });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let refused = draft(&host, what, body).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/secret"]), "{what}");
        assert_eq!(refused.json["errors"][0]["code"], "secret-again", "{what}");
    }
    // The same holds for another tenant's connection, and for one that does not exist.
    for (who, path) in [("admin@globex", MAIN), ("admin@acme", "/api/host/connections/echo/new")] {
        let body = json!({ "config": { "host": "good" } });
        let refused = host.json("POST", who, &format!("{path}/draft/test"), body, &[]).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/secret"]), "{who}");
        assert_eq!(refused.json["errors"][0]["code"], "required", "{who}");
    }
    let audit = host.get("auditor@acme", "/api/host/audit").await;
    assert!(!audit.text.contains("evil.example"), "nothing was begun: {}", audit.text);
}

#[tokio::test]
async fn a_draft_has_the_same_rules_as_a_stored_connection() {
    let host = with_connection().await;
    for (body, pointer) in [
        (json!({ "config": {} }), "/config/host"),
        (json!({ "config": { "host": "http" }, "secret": { "password": "p" } }), "/config/host"),
        (json!({ "config": { "host": "good", "password": "p" } }), "/config/password"),
        (json!({ "config": { "host": "good" }, "trial": true }), "/trial"),
    ] {
        assert_eq!(draft(&host, "test", body).await.refusal(), (422, "body-invalid", vec![pointer]));
    }
    let body = json!({ "config": { "host": "good" } });
    for what in ["test", "trial", "choices"] {
        let path = format!("{MAIN}/draft/{what}");
        assert_eq!(host.json("POST", "requester@acme", &path, body.clone(), &[]).await.code(), "permission-missing");
        let unknown = format!("/api/host/connections/unheard-of/main/draft/{what}");
        assert_eq!(host.json("POST", "admin@acme", &unknown, body.clone(), &[]).await.code(), "not-found");
    }
}

#[tokio::test]
async fn a_test_of_a_draft_is_recorded_with_its_settings_without_its_secret() {
    let host = with_connection().await;
    let body = json!({ "config": { "host": "elsewhere" }, "secret": { "password": "canary-typed" } });
    draft(&host, "test", body).await;
    let audit = host.get("auditor@acme", "/api/host/audit?act=connection.test-draft").await;
    let rows = audit.json["items"].as_array().unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| (&row["object"], &row["outcome"])).collect();
    assert_eq!(outcomes, [(&json!("echo/main"), &json!("bad-host")), (&json!("echo/main"), &json!("pending"))]);
    let change = json!({ "old": { "host": "good" }, "new": { "host": "elsewhere", "secret": "set" } });
    assert_eq!(rows[1]["change"], change);
    assert!(!audit.text.contains("canary"), "{}", audit.text);
}

#[tokio::test]
async fn tests_of_drafts_and_stored_connections_share_one_limit() {
    let host = with_connection().await;
    let body = json!({ "config": { "host": "good" } });
    let mut begun = 0;
    loop {
        let what = if begun % 2 == 0 { "test" } else { "choices" };
        let mut body = body.clone();
        if what == "choices" {
            body["of"] = json!("room");
        }
        if draft(&host, what, body).await.status == 429 {
            break;
        }
        begun += 1;
    }
    assert_eq!(begun, 20);
    let with_connection = host.json("POST", "admin@acme", &format!("{MAIN}/test"), json!({}), &[]).await;
    assert_eq!(with_connection.code(), "too-many-tests");
}

#[tokio::test]
async fn choices_of_a_draft_use_its_settings() {
    let host = with_connection().await;
    let found = draft(&host, "choices", json!({ "config": { "host": "good" }, "of": "room", "search": "att" })).await;
    let choice = json!({ "value": "House/Attic", "name": "Attic", "facts": { "over": "main/draft" }, "description": "ein Raum" });
    assert_eq!((&found.json["items"], &found.json["unreadable"]), (&json!([choice]), &json!(3)), "{}", found.text);
    assert!(found.json["failure"].is_null());
    let away = json!({ "config": { "host": "away" }, "secret": { "password": SECRET }, "of": "room" });
    let away = draft(&host, "choices", away).await;
    assert_eq!((away.status.as_u16(), &away.json["failure"]["code"]), (200, &json!("bad-host")), "an answer");
    let other = draft(&host, "choices", json!({ "config": { "host": "good" }, "of": "host" })).await;
    assert_eq!(other.refusal(), (422, "body-invalid", vec!["/of"]));
    let audit = host.get("auditor@acme", "/api/host/audit?act=connection.draft-choices").await;
    let outcomes: Vec<_> = audit.json["items"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["bad-host", "pending", "ok", "pending"]);
}

async fn grant(host: &TestHost, scope: Value) {
    let tenant = TenantId::derive("acme");
    let (plugin, capability, name) = ("notes".into(), "echo".into(), "room".into());
    let grant = Grant { plugin, capability, name, scope, connection: "main".into() };
    let by = Attribution { actor: ActorId::SYSTEM, origin: None, trace: eaf_core::actor::TraceId("0".repeat(32)) };
    let mut tx = host.core.db.tenant(tenant).await.unwrap();
    grant::put(&mut tx, &grant, &Terms::default(), &by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn choices_of_a_command_use_the_packages_grant() {
    const PATH: &str = "/api/notes/commands/write-note/choices/title";
    let host = with_connection().await;
    let failure = async |who: &str| host.get(who, PATH).await.json["failure"]["code"].clone();
    assert_eq!(failure("requester@acme").await, "not-granted");
    grant(&host, Value::Null).await;
    // A requester has no access to connections, and sees nothing of this one.
    let found = host.get("requester@acme", PATH).await;
    let names: Vec<_> = found.json["items"].as_array().unwrap().iter().map(|item| &item["value"]).collect();
    assert_eq!(names, ["House/Attic", "House/Cellar"], "{}", found.text);
    grant(&host, json!({ "denied": "Cellar" })).await;
    let found = host.get("requester@acme", PATH).await.json;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "as far as the grant goes: {found:#}");
    let known = host.get("requester@acme", &format!("{PATH}?value=House%2FAttic")).await.json;
    assert_eq!((&known["items"][0]["name"], &known["unknown"]), (&json!("Attic"), &Value::Null));
    let unknown = host.get("requester@acme", &format!("{PATH}?value=House%2FGarage")).await.json;
    assert_eq!((&unknown["unknown"]["code"], &unknown["failure"]), (&json!("template-missing"), &Value::Null));

    for (who, path, status) in [
        ("auditor@acme", PATH, 403),
        ("requester@acme", "/api/notes/commands/write-note/choices/text", 404),
        ("requester@acme", "/api/notes/commands/sweep/choices/title", 404),
        ("requester@acme", "/api/notes/commands/write-note/choices/title?q=b", 400),
    ] {
        assert_eq!(host.get(who, path).await.status, status, "{who} {path}");
    }
    assert_eq!(host.get("admin@globex", PATH).await.json["failure"]["code"], "not-granted");
}

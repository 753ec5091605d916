//! Drafts of connections: what is typed is tested before it is stored, the stored secret goes nowhere else, and what is to be
//! named can be chosen.

use super::{Answer, House};
use eaf_core::actor::Attribution;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Value, json};

const MAIN: &str = "/api/host/connections/echo/main";
const SECRET: &str = "canary-password";

async fn stored() -> House {
    let house = House::new().await;
    let body = json!({ "config": { "host": "good" }, "secret": { "password": SECRET } });
    assert_eq!(house.json("PUT", "admin@acme", MAIN, body, &[]).await.status, 204);
    house
}

async fn draft(house: &House, what: &str, body: Value) -> Answer {
    house.json("POST", "admin@acme", &format!("{MAIN}/draft/{what}"), body, &[]).await
}

#[tokio::test]
async fn a_draft_is_tested_and_nothing_is_stored() {
    let house = stored().await;
    let before = house.get("admin@acme", MAIN).await.json;
    let wrong = json!({ "config": { "host": "typo" }, "secret": { "password": SECRET } });
    let found = draft(&house, "test", wrong).await;
    assert_eq!((found.status.as_u16(), &found.json["ok"]), (200, &json!(false)), "{}", found.text);
    assert_eq!(found.json["findings"].as_array().unwrap().len(), 2, "all lines");
    assert_eq!(house.get("admin@acme", MAIN).await.json, before, "neither settings nor state");

    // Of a connection that there is not yet, too.
    let path = "/api/host/connections/echo/new/draft/trial";
    let right = json!({ "config": { "host": "good" }, "secret": { "password": SECRET } });
    let found = house.json("POST", "admin@acme", path, right, &[]).await;
    assert_eq!((&found.json["ok"], &found.json["findings"][1]["name"]), (&json!(true), &json!("trial")));
    assert_eq!(house.get("admin@acme", "/api/host/connections/echo/new").await.code(), "not-found");
}

#[tokio::test]
async fn a_stored_secret_goes_to_no_other_server_for_a_test() {
    let house = stored().await;
    let same = draft(&house, "test", json!({ "config": { "host": "good", "room": "attic" } })).await;
    assert_eq!(same.json["ok"], json!(true), "the stored one is used where it belongs: {}", same.text);
    for (what, members) in [("test", json!({})), ("trial", json!({})), ("choices", json!({ "of": "room" }))] {
        let mut body = json!({ "config": { "host": "evil.example" } });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let refused = draft(&house, what, body).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/secret"]), "{what}");
        assert_eq!(refused.json["errors"][0]["code"], "secret-again", "{what}");
    }
    // Another tenant's, or none at all.
    for (who, path) in [("admin@globex", MAIN), ("admin@acme", "/api/host/connections/echo/new")] {
        let body = json!({ "config": { "host": "good" } });
        let refused = house.json("POST", who, &format!("{path}/draft/test"), body, &[]).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/secret"]), "{who}");
        assert_eq!(refused.json["errors"][0]["code"], "required", "{who}");
    }
    let audit = house.get("auditor@acme", "/api/host/audit").await;
    assert!(!audit.text.contains("evil.example"), "nothing was begun: {}", audit.text);
}

#[tokio::test]
async fn a_draft_is_held_to_what_can_be_stored() {
    let house = stored().await;
    for (body, pointer) in [
        (json!({ "config": {} }), "/config/host"),
        (json!({ "config": { "host": "http" }, "secret": { "password": "p" } }), "/config/host"),
        (json!({ "config": { "host": "good", "password": "p" } }), "/config/password"),
        (json!({ "config": { "host": "good" }, "trial": true }), "/trial"),
    ] {
        assert_eq!(draft(&house, "test", body).await.refusal(), (422, "body-invalid", vec![pointer]));
    }
    let body = json!({ "config": { "host": "good" } });
    for what in ["test", "trial", "choices"] {
        let path = format!("{MAIN}/draft/{what}");
        assert_eq!(house.json("POST", "requester@acme", &path, body.clone(), &[]).await.code(), "permission-missing");
        let unknown = format!("/api/host/connections/unheard-of/main/draft/{what}");
        assert_eq!(house.json("POST", "admin@acme", &unknown, body.clone(), &[]).await.code(), "not-found");
    }
}

#[tokio::test]
async fn a_test_of_a_draft_is_on_record_with_its_settings_and_without_its_secret() {
    let house = stored().await;
    let body = json!({ "config": { "host": "elsewhere" }, "secret": { "password": "canary-typed" } });
    draft(&house, "test", body).await;
    let audit = house.get("auditor@acme", "/api/host/audit?act=connection.test-draft").await;
    let rows = audit.json["items"].as_array().unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| (&row["object"], &row["outcome"])).collect();
    assert_eq!(outcomes, [(&json!("echo/main"), &json!("bad-host")), (&json!("echo/main"), &json!("pending"))]);
    let change = json!({ "old": { "host": "good" }, "new": { "host": "elsewhere", "secret": "set" } });
    assert_eq!(rows[1]["change"], change);
    assert!(!audit.text.contains("canary"), "{}", audit.text);
}

#[tokio::test]
async fn tests_of_drafts_and_of_what_is_stored_have_one_limit() {
    let house = stored().await;
    let body = json!({ "config": { "host": "good" } });
    let mut begun = 0;
    loop {
        let what = if begun % 2 == 0 { "test" } else { "choices" };
        let mut body = body.clone();
        if what == "choices" {
            body["of"] = json!("room");
        }
        if draft(&house, what, body).await.status == 429 {
            break;
        }
        begun += 1;
    }
    assert_eq!(begun, 20);
    let stored = house.json("POST", "admin@acme", &format!("{MAIN}/test"), json!({}), &[]).await;
    assert_eq!(stored.code(), "too-many-tests");
}

#[tokio::test]
async fn a_setting_is_chosen_with_what_is_typed_so_far() {
    let house = stored().await;
    let found = draft(&house, "choices", json!({ "config": { "host": "good" }, "of": "room", "search": "att" })).await;
    let choice = json!({ "value": "House/Attic", "name": "Attic", "facts": { "over": "main/draft" } });
    assert_eq!((&found.json["items"], &found.json["unreadable"]), (&json!([choice]), &json!(3)), "{}", found.text);
    assert!(found.json["failure"].is_null());
    let away = json!({ "config": { "host": "away" }, "secret": { "password": SECRET }, "of": "room" });
    let away = draft(&house, "choices", away).await;
    assert_eq!((away.status.as_u16(), &away.json["failure"]["code"]), (200, &json!("bad-host")), "an answer");
    let other = draft(&house, "choices", json!({ "config": { "host": "good" }, "of": "host" })).await;
    assert_eq!(other.refusal(), (422, "body-invalid", vec!["/of"]));
    let audit = house.get("auditor@acme", "/api/host/audit?act=connection.draft-choices").await;
    let outcomes: Vec<_> = audit.json["items"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["bad-host", "pending", "ok", "pending"]);
}

async fn granted(house: &House, scope: Value) {
    let tenant = TenantId::derive("acme");
    let (plugin, capability, name) = ("notes".into(), "echo".into(), "room".into());
    let grant = Grant { plugin, capability, name, scope, connection: "main".into() };
    let by = Attribution { actor: ActorId::SYSTEM, origin: None, trace: eaf_core::actor::TraceId("0".repeat(32)) };
    let mut tx = house.core.db.tenant(tenant).await.unwrap();
    grant::put(&mut tx, &grant, &Terms::default(), &by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_may_give_a_command_chooses_its_members_over_the_packages_grant() {
    const PATH: &str = "/api/notes/commands/write-note/choices/title";
    let house = stored().await;
    let failure = async |who: &str| house.get(who, PATH).await.json["failure"]["code"].clone();
    assert_eq!(failure("requester@acme").await, "not-granted");
    granted(&house, Value::Null).await;
    // A requester has no access to connections, and sees nothing of this one.
    let found = house.get("requester@acme", PATH).await;
    let names: Vec<_> = found.json["items"].as_array().unwrap().iter().map(|item| &item["value"]).collect();
    assert_eq!(names, ["House/Attic", "House/Cellar"], "{}", found.text);
    granted(&house, json!({ "denied": "Cellar" })).await;
    let found = house.get("requester@acme", PATH).await.json;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "as far as the grant goes: {found:#}");
    let known = house.get("requester@acme", &format!("{PATH}?value=House%2FAttic")).await.json;
    assert_eq!((&known["items"][0]["name"], &known["unknown"]), (&json!("Attic"), &Value::Null));
    let unknown = house.get("requester@acme", &format!("{PATH}?value=House%2FGarage")).await.json;
    assert_eq!((&unknown["unknown"]["code"], &unknown["failure"]), (&json!("template-missing"), &Value::Null));

    for (who, path, status) in [
        ("auditor@acme", PATH, 403),
        ("requester@acme", "/api/notes/commands/write-note/choices/text", 404),
        ("requester@acme", "/api/notes/commands/sweep/choices/title", 404),
        ("requester@acme", "/api/notes/commands/write-note/choices/title?q=b", 400),
    ] {
        assert_eq!(house.get(who, path).await.status, status, "{who} {path}");
    }
    assert_eq!(house.get("admin@globex", PATH).await.json["failure"]["code"], "not-granted");
}

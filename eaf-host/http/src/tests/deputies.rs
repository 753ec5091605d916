//! Deputies by API: of oneself, and of a member by an admin.

use super::TestHost;
use super::people::{MEMBERS, UNKNOWN, hire, id, period};
use serde_json::{Value, json};

const OWN: &str = "/api/session/deputy";

async fn deputies(host: &TestHost, who: &str) -> Value {
    host.get(who, OWN).await.json
}

#[tokio::test]
async fn a_member_sets_sees_and_ends_their_deputy() {
    let host = TestHost::new().await;
    let (requester, auditor) = (id(&host, "requester@acme").await, id(&host, "auditor@acme").await);
    let none = json!({ "deputy": null, "stands_in_for": [] });
    assert_eq!(deputies(&host, "requester@acme").await, none);
    assert_eq!(host.json("DELETE", "requester@acme", OWN, Value::Null, &[]).await.status, 404);
    let set = host.json("PUT", "requester@acme", OWN, period(&host, auditor, -1, 24), &[]).await;
    assert_eq!(set.status, 204, "{}", set.text);

    let own = deputies(&host, "requester@acme").await;
    assert_eq!((&own["deputy"]["actor"], &own["deputy"]["name"]), (&json!(auditor), &json!("Canary auditor")));
    let person = json!({ "actor": requester, "name": "Canary requester" });
    assert_eq!(deputies(&host, "auditor@acme").await["stands_in_for"], json!([person]));

    // A period to come replaces the present one.
    assert_eq!(host.json("PUT", "requester@acme", OWN, period(&host, auditor, 1, 24), &[]).await.status, 204);
    assert_eq!(deputies(&host, "auditor@acme").await, none);
    assert!(deputies(&host, "requester@acme").await["deputy"].is_object());
    assert_eq!(host.json("DELETE", "requester@acme", OWN, Value::Null, &[]).await.status, 204);
    assert_eq!(deputies(&host, "requester@acme").await, none);
    let audit = host.get("auditor@acme", "/api/host/audit?act=deputy.").await.json;
    let sentences: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|item| &item["sentence"]).collect();
    assert_eq!(
        sentences,
        [
            "Canary requester hat die Vertretung von Canary requester durch Canary auditor beendet.",
            "Canary requester hat Canary auditor als Vertretung von Canary requester gesetzt.",
            "Canary requester hat Canary auditor als Vertretung von Canary requester gesetzt.",
        ]
    );
}

#[tokio::test]
async fn an_admin_sets_the_deputy_of_another_member_and_no_one_else_does() {
    let host = TestHost::new().await;
    let (requester, auditor) = (id(&host, "requester@acme").await, id(&host, "auditor@acme").await);
    let path = format!("{MEMBERS}/{requester}/deputy");
    for (who, status) in [("auditor@acme", 403), ("requester@acme", 403), ("admin@globex", 404), ("admin@acme", 204)] {
        assert_eq!(host.json("PUT", who, &path, period(&host, auditor, 0, 24), &[]).await.status, status, "{who}");
    }
    assert!(deputies(&host, "requester@acme").await["deputy"].is_object());
    for (who, status) in [("auditor@acme", 403), ("admin@globex", 404), ("admin@acme", 204), ("admin@acme", 404)] {
        assert_eq!(host.json("DELETE", who, &path, Value::Null, &[]).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn a_deputy_is_a_current_member_of_the_tenant_for_a_period_to_come() {
    let host = TestHost::new().await;
    let auditor = id(&host, "auditor@acme").await;
    let foreign = id(&host, "admin@globex").await;
    let left = hire(&host, "acme", "left", &[]).await;
    let with = |member: &str, value: &str| {
        let mut body = period(&host, auditor, 0, 24);
        body[member] = value.into();
        body
    };
    for (body, code, pointer) in [
        (period(&host, UNKNOWN, 0, 24), "body-invalid", "/deputy"),
        (period(&host, foreign, 0, 24), "body-invalid", "/deputy"),
        (period(&host, left, 0, 24), "body-invalid", "/deputy"),
        (with("deputy", "a\u{0}"), "body-invalid", "/deputy"),
        (with("starts_at", "tomorrow"), "body-invalid", "/starts_at"),
        (with("ends_at", "9999-12-31T23:59:59-01:00"), "body-invalid", "/ends_at"),
        (with("ends_at", "2027-01-01"), "body-invalid", "/ends_at"),
        (with("reason", "ill"), "body-invalid", "/reason"),
        (json!({ "deputy": auditor }), "body-invalid", "/ends_at"),
        (period(&host, auditor, -2, -1), "body-invalid", "/ends_at"),
        (period(&host, auditor, 2, 1), "deputy-period", "/ends_at"),
        (period(&host, auditor, 1, 1), "deputy-period", "/ends_at"),
        (period(&host, auditor, 0, 24 * 367), "deputy-period", "/ends_at"),
        (with("starts_at", "0000-01-01T00:00:00+23:59"), "deputy-period", "/ends_at"),
    ] {
        let refused = host.json("PUT", "requester@acme", OWN, body.clone(), &[]).await;
        let (status, found, pointers) = refused.refusal();
        assert_eq!((status, found), (422, code), "{body}: {}", refused.text);
        assert!(pointers.contains(&pointer), "{body}: {pointers:?}");
    }
    let (theirs, unknown) = (period(&host, foreign, 0, 24), period(&host, UNKNOWN, 0, 24));
    let theirs = host.json("PUT", "requester@acme", OWN, theirs, &[]).await.json["errors"].clone();
    assert_eq!(theirs, host.json("PUT", "requester@acme", OWN, unknown, &[]).await.json["errors"]);
    assert_eq!(deputies(&host, "requester@acme").await["deputy"], Value::Null);
}

#[tokio::test]
async fn deputies_form_no_cycle() {
    let host = TestHost::new().await;
    let (requester, auditor) = (id(&host, "requester@acme").await, id(&host, "auditor@acme").await);
    let own = host.json("PUT", "requester@acme", OWN, period(&host, requester, 0, 24), &[]).await;
    assert_eq!(own.refusal(), (409, "deputy-cycle", vec![]));
    assert_eq!(host.json("PUT", "requester@acme", OWN, period(&host, auditor, 0, 24), &[]).await.status, 204);
    let back = host.json("PUT", "auditor@acme", OWN, period(&host, requester, 1, 2), &[]).await;
    assert_eq!(back.refusal(), (409, "deputy-cycle", vec![]));
    let later = host.json("PUT", "auditor@acme", OWN, period(&host, requester, 48, 72), &[]).await;
    assert_eq!(later.status, 204, "{}", later.text);
}

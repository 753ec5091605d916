//! Groups by API.

use super::people::{UNKNOWN, acme, id};
use super::{Answer, TestHost};
use eaf_core::directory::Basis;
use serde_json::{Value, json};

const GROUPS: &str = "/api/host/groups";

async fn send(host: &TestHost, method: &str, path: &str, body: Value) -> Answer {
    host.json(method, "admin@acme", &format!("{GROUPS}/{path}"), body, &[]).await
}

async fn put(host: &TestHost, key: &str, name: &str) -> Answer {
    send(host, "PUT", key, json!({ "name": name })).await
}

async fn groups(host: &TestHost, who: &str) -> Value {
    let mut items = host.get(who, GROUPS).await.json["items"].clone();
    for group in items.as_array_mut().expect("items") {
        group.as_object_mut().expect("a group").remove("tag");
    }
    items
}

#[tokio::test]
async fn a_group_is_added_filled_renamed_and_removed() {
    let host = TestHost::new().await;
    let requester = id(&host, "requester@acme").await;
    let member = format!("finance/members/{requester}");
    assert_eq!(put(&host, "finance", " Finance ").await.status, 204);
    assert_eq!(put(&host, "finance", "Money").await.status, 204);
    for _ in 0..2 {
        assert_eq!(send(&host, "PUT", &member, Value::Null).await.status, 204);
    }
    assert_eq!(groups(&host, "admin@acme").await, json!([{ "key": "finance", "name": "Money", "size": 1 }]));
    let shown = host.get("admin@acme", "/api/host/groups/finance/members").await.json;
    let expected = json!({ "actor": requester, "name": "Canary requester", "email": "requester@acme.example" });
    assert_eq!(shown, json!({ "items": [expected], "next": null }));
    assert_eq!(send(&host, "DELETE", &member, Value::Null).await.status, 204);
    assert_eq!(send(&host, "DELETE", &member, Value::Null).await.status, 404);
    assert_eq!(send(&host, "DELETE", "finance", Value::Null).await.status, 204);
    assert_eq!(send(&host, "DELETE", "finance", Value::Null).await.status, 404);
    assert_eq!(groups(&host, "admin@acme").await, json!([]));

    let audit = host.get("auditor@acme", "/api/host/audit?act=group.").await.json;
    let items = audit["items"].as_array().unwrap();
    let sentences: Vec<&Value> = items.iter().map(|item| &item["sentence"]).collect();
    assert_eq!(
        sentences,
        [
            "Canary admin hat die Gruppe finance entfernt.",
            "Canary admin hat Canary requester aus der Gruppe finance genommen.",
            "Canary admin hat Canary requester in die Gruppe finance aufgenommen.",
            "Canary admin hat die Gruppe finance umbenannt.",
            "Canary admin hat die Gruppe finance angelegt.",
        ]
    );
    let renamed = json!({ "old": { "name": "Finance" }, "new": { "name": "Money" } });
    assert_eq!((&items[3]["change"], &items[3]["thing"]), (&renamed, &json!("finance")));
}

#[tokio::test]
async fn a_groups_name_has_1_to_200_characters_in_one_line() {
    let host = TestHost::new().await;
    let (long, too_long) = ("\u{5d0}".repeat(200), "\u{1f1e9}".repeat(201));
    for name in ["👩‍🚀 Raumfahrt", "\u{202e}קבוצה\u{202c}", "<b>100%</b>", long.as_str()] {
        assert_eq!(put(&host, "one", name).await.status, 204, "{name}");
        assert_eq!(groups(&host, "admin@acme").await[0]["name"], name);
    }
    for (body, code) in [
        (json!({ "name": too_long }), "max-length"),
        (json!({ "name": " \u{2003} " }), "min-length"),
        (json!({ "name": "a\u{0}b" }), "pattern"),
        (json!({ "name": "a\nb" }), "pattern"),
        (json!({ "name": 1 }), "type"),
        (json!({}), "required"),
    ] {
        let refused = send(&host, "PUT", "one", body).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/name"]));
        assert_eq!(refused.json["errors"][0]["code"], code);
    }
    assert_eq!(groups(&host, "admin@acme").await[0]["name"], json!(long));
}

#[tokio::test]
async fn a_key_is_a_name_and_no_key_of_another_form_is_found() {
    let host = TestHost::new().await;
    let requester = id(&host, "requester@acme").await;
    for key in ["Finance", "a%20b", "%00", "%E2%80%AE", &"a".repeat(41)] {
        assert_eq!(put(&host, key, "A name").await.refusal(), (422, "group-key", vec![]), "{key}");
        for (method, path) in [("DELETE", key.to_owned()), ("GET", format!("{key}/members"))] {
            assert_eq!(send(&host, method, &path, Value::Null).await.code(), "not-found", "{method} {path}");
        }
        for method in ["PUT", "DELETE"] {
            let path = format!("{key}/members/{requester}");
            assert_eq!(send(&host, method, &path, Value::Null).await.code(), "not-found", "{method} {path}");
        }
    }
    assert_eq!(put(&host, &"a".repeat(40), "A name").await.status, 204);
}

#[tokio::test]
async fn a_group_of_another_tenant_is_not_there() {
    let host = TestHost::new().await;
    let (requester, foreign) = (id(&host, "requester@acme").await, id(&host, "admin@globex").await);
    put(&host, "finance", "Finance").await;
    send(&host, "PUT", &format!("finance/members/{requester}"), Value::Null).await;
    assert_eq!(groups(&host, "admin@globex").await, json!([]));
    for (method, path) in [
        ("GET", "finance/members".to_owned()),
        ("DELETE", "finance".into()),
        ("PUT", format!("finance/members/{foreign}")),
        ("PUT", format!("finance/members/{requester}")),
        ("DELETE", format!("finance/members/{requester}")),
    ] {
        let refused = host.json(method, "admin@globex", &format!("{GROUPS}/{path}"), Value::Null, &[]).await;
        assert_eq!(refused.refusal(), (404, "not-found", vec![]), "{method} {path}");
    }
    for actor in [foreign.to_string(), UNKNOWN.into(), "no-id".into()] {
        for method in ["PUT", "DELETE"] {
            let refused = send(&host, method, &format!("finance/members/{actor}"), Value::Null).await;
            assert_eq!(refused.refusal(), (404, "not-found", vec![]), "{method} {actor}");
        }
    }
    assert_eq!(groups(&host, "admin@acme").await[0]["size"], 1);
    for (who, status) in [("auditor@acme", 403), ("requester@acme", 403)] {
        assert_eq!(host.get(who, GROUPS).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn a_tenant_has_at_most_500_groups() {
    let host = TestHost::new().await;
    for number in 0..500 {
        host.core
            .directory
            .put_group(&host.core.by, acme(), &format!("g-{number}"), "A name", &Basis::Any)
            .await
            .unwrap();
    }
    let refused = put(&host, "one-more", "A name").await;
    assert_eq!(refused.refusal(), (409, "too-many-groups", vec![]));
    assert!(refused.json["detail"].as_str().unwrap().contains("500"), "{}", refused.text);
    assert_eq!(put(&host, "g-7", "Renamed").await.status, 204);
    assert_eq!(groups(&host, "admin@acme").await.as_array().unwrap().len(), 500);
}

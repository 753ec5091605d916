//! Open items of a member by API: things that belong to the member, and things that wait for the
//! member alone or among others.

use super::people::{MEMBERS, UNKNOWN, acme, hire, id};
use super::{Answer, TestHost};
use eaf_core::id::ActorId;
use serde_json::{Value, json};

async fn open_items(host: &TestHost, who: &str, actor: impl std::fmt::Display) -> Answer {
    host.get(who, &format!("{MEMBERS}/{actor}/open-items")).await
}

/// Own and waiting items, each as name and whether it waits for the member alone.
async fn of(host: &TestHost, actor: ActorId) -> (Vec<(String, bool)>, Vec<(String, bool)>) {
    let answer = open_items(host, "admin@acme", actor).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let listed = |relation: &str| {
        let items = answer.json[relation]["items"].as_array().expect("items");
        assert_eq!(answer.json[relation]["total"], items.len());
        let item = |item: &Value| (item["name"].as_str().unwrap().to_owned(), item["alone"] == true);
        items.iter().map(item).collect::<Vec<_>>()
    };
    (listed("own"), listed("waiting"))
}

fn named(name: &str, alone: bool) -> Vec<(String, bool)> {
    vec![(name.to_owned(), alone)]
}

#[tokio::test]
async fn open_items_belong_to_the_member_or_wait_for_the_member() {
    let host = TestHost::new().await;
    let (requester, admin) = (id(&host, "requester@acme").await, id(&host, "admin@acme").await);
    assert_eq!(of(&host, requester).await, (vec![], vec![]));
    let key = host.note("requester@acme", "mine").await;
    assert_eq!(of(&host, requester).await, (named("mine", false), vec![]));
    assert_eq!(of(&host, admin).await, (vec![], named("mine", true)), "no other admin may archive it");
    let shown = open_items(&host, "admin@acme", requester).await.json["own"]["items"][0].clone();
    assert_eq!(shown["object"], format!("notes/note/{key}"));
    assert!(shown["status_text"].is_string(), "{shown}");

    let second = hire(&host, "acme", "second", &["admin"]).await;
    assert_eq!(of(&host, admin).await.1, named("mine", false));
    assert_eq!(of(&host, second).await, (vec![], named("mine", false)));
    // A note does not wait for its author.
    host.note("admin@acme", "other").await;
    assert_eq!(of(&host, second).await.1, [("mine".to_owned(), false), ("other".to_owned(), true)]);
    assert_eq!(of(&host, admin).await, (named("other", false), named("mine", false)));

    // After the removal, own items stay open, and nothing waits for the person any more.
    for removed in [requester, second] {
        host.core.directory.remove_member(&host.core.by, acme(), removed).await.unwrap();
    }
    assert_eq!(of(&host, requester).await, (named("mine", false), vec![]));
    assert_eq!(of(&host, second).await, (vec![], vec![]));
    assert_eq!(of(&host, admin).await.1, named("mine", true));
    host.give("admin@acme", "archive-note", json!({ "id": key }), &[]).await;
    host.project(acme()).await;
    assert_eq!(of(&host, requester).await, (vec![], vec![]), "final");
}

#[tokio::test]
async fn open_items_are_for_admins_of_the_tenant() {
    let host = TestHost::new().await;
    let requester = id(&host, "requester@acme").await;
    host.note("requester@acme", "canary-title").await;
    for (who, refusal) in [
        ("requester@acme", (403, "permission-missing")),
        ("auditor@acme", (403, "permission-missing")),
        ("admin@globex", (404, "not-found")),
    ] {
        let refused = open_items(&host, who, requester).await;
        assert_eq!((refused.status.as_u16(), refused.code()), refusal, "{who}");
        assert!(!refused.text.contains("canary-title"), "{who}");
    }
    for unknown in [UNKNOWN, "no-id", "%00", &"a".repeat(500)] {
        assert_eq!(open_items(&host, "admin@acme", unknown).await.status, 404, "{unknown}");
    }
}

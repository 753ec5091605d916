//! Look-up of colleagues by API: names and ids of the caller's tenant.

use super::people::{UNKNOWN, acme, hire, id};
use super::{Answer, TestHost};
use serde_json::{Value, json};

const COLLEAGUES: &str = "/api/session/colleagues";

async fn find(host: &TestHost, who: &str, search: &str) -> Answer {
    host.get(who, &format!("{COLLEAGUES}?q={search}")).await
}

#[tokio::test]
async fn a_member_finds_names_and_ids_of_current_members_of_the_own_tenant() {
    let host = TestHost::new().await;
    let auditor = id(&host, "auditor@acme").await;
    let left = hire(&host, "acme", "Canary left", &["requester"]).await;
    host.core.directory.remove_member(&host.core.by, acme(), left).await.unwrap();
    let found = find(&host, "requester@acme", "CANARY%20aud").await;
    let auditor = json!({ "actor": auditor, "name": "Canary auditor" });
    assert_eq!(found.json, json!({ "items": [auditor], "more": false }), "no address, no role");
    let all = find(&host, "requester@acme", "canary").await;
    let names: Vec<&Value> = all.json["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["Canary admin", "Canary auditor"], "not the caller, and no removed member");
    // The words are those of the name, not of the mail address.
    assert_eq!(find(&host, "requester@acme", "acme.example").await.json["items"], json!([]));
    assert_eq!(find(&host, "admin@globex", "canary").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_search_needs_a_word_of_two_characters() {
    let host = TestHost::new().await;
    let long = "x".repeat(101);
    for query in ["", "?q=", "?q=a", "?q=%20%20%20", "?q=a%20b", "?q=%00%00", &format!("?q={long}")] {
        let refused = host.get("requester@acme", &format!("{COLLEAGUES}{query}")).await;
        assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?q"]), "{query}");
    }
    let refused = host.get("requester@acme", &format!("{COLLEAGUES}?q=ab&cursor={UNKNOWN}")).await;
    assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?cursor"]));
    assert_eq!(find(&host, "requester@acme", "au%20d").await.json["items"][0]["name"], "Canary auditor");
}

#[tokio::test]
async fn a_search_finds_at_most_twenty_members() {
    let host = TestHost::new().await;
    for number in 0..21 {
        hire(&host, "acme", &format!("Twin {number:02}"), &["requester"]).await;
    }
    let found = find(&host, "requester@acme", "twin").await.json;
    assert_eq!((found["items"].as_array().unwrap().len(), &found["more"]), (20, &json!(true)));
    assert_eq!(found["items"][0]["name"], "Twin 00");
    let found = find(&host, "requester@acme", "twin%2020").await.json;
    assert_eq!((&found["items"][0]["name"], &found["more"]), (&json!("Twin 20"), &json!(false)));
}

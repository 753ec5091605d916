//! Drafts by API: of oneself only, for commands that one may give.

use super::TestHost;
use serde_json::{Value, json};

const LIST: &str = "/api/session/drafts";
const ID: &str = "0198f0a0-0000-4000-8000-00000000000a";
const WHO: &str = "requester@acme";

fn path(id: &str) -> String {
    format!("{LIST}/{id}")
}

fn draft(title: &str) -> Value {
    json!({ "product": "notes", "command": "write-note", "title": title, "values": { "text": "Canary", "room": null } })
}

#[tokio::test]
async fn a_member_saves_continues_and_deletes_a_draft() {
    let host = TestHost::new().await;
    assert_eq!(host.get(WHO, LIST).await.json["items"], json!([]));
    let saved = host.json("PUT", WHO, &path(ID), draft("Lunch"), &[]).await;
    assert_eq!((saved.status.as_u16(), &saved.json["revision"]), (200, &json!(1)), "{}", saved.text);
    let item = &host.get(WHO, LIST).await.json["items"][0];
    assert_eq!(
        (&item["title"], &item["command"], &item["revision"]),
        (&json!("Lunch"), &json!("write-note"), &json!(1))
    );
    assert_eq!(item["values"], json!({ "text": "Canary", "room": null }), "as typed");

    let changed = host.json("PUT", WHO, &path(ID), draft("Dinner"), &[("if-match", "\"1\"")]).await;
    assert_eq!(changed.json["revision"], 2, "{}", changed.text);
    for headers in [&[("if-match", "\"1\"")][..], &[("if-none-match", "*")], &[]] {
        let stale = host.json("PUT", WHO, &path(ID), draft("Other tab"), headers).await;
        assert_eq!(stale.refusal(), (412, "changed-meanwhile", vec![]), "{headers:?}");
    }
    let stale = host.json("DELETE", WHO, &path(ID), json!(null), &[("if-match", "\"1\"")]).await;
    assert_eq!(stale.refusal(), (412, "changed-meanwhile", vec![]));
    for _ in 0..2 {
        assert_eq!(host.json("DELETE", WHO, &path(ID), json!(null), &[]).await.status, 204);
    }
    assert_eq!(host.get(WHO, LIST).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_draft_is_its_authors_alone() {
    let host = TestHost::new().await;
    host.json("PUT", WHO, &path(ID), draft("Lunch"), &[]).await;
    for other in ["auditor@acme", "admin@globex"] {
        assert_eq!(host.get(other, LIST).await.json["items"], json!([]), "{other}");
        host.json("DELETE", other, &path(ID), json!(null), &[]).await;
    }
    assert_eq!(host.get(WHO, LIST).await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_draft_that_nothing_can_come_of_is_refused() {
    let host = TestHost::new().await;
    let with = |member: &str, value: Value| {
        let mut body = draft("Lunch");
        body[member] = value;
        body
    };
    for (body, pointer) in [
        (with("title", json!("")), "/title"),
        (with("title", json!("x".repeat(201))), "/title"),
        (with("values", json!([1])), "/values"),
        (with("values", json!({ "text": "x".repeat(17_000) })), "/values"),
    ] {
        let refused = host.json("PUT", WHO, &path(ID), body, &[]).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec![pointer]), "{}", refused.text);
    }
    assert_eq!(host.json("PUT", WHO, &path("no-id"), draft("Lunch"), &[]).await.status, 404);
    for (who, body) in [
        (WHO, with("product", json!("dcm"))),
        (WHO, with("command", json!("no-command"))),
        ("auditor@acme", draft("Lunch")),
    ] {
        let refused = host.json("PUT", who, &path(ID), body, &[]).await;
        assert_eq!(refused.refusal(), (404, "not-found", vec![]), "the caller gives no such command");
    }

    for n in 0..20 {
        let id = format!("0198f0a0-0000-4000-8000-0000000001{n:02}");
        assert_eq!(host.json("PUT", WHO, &path(&id), draft("Lunch"), &[]).await.status, 200);
    }
    let full = host.json("PUT", WHO, &path(ID), draft("Lunch"), &[]).await;
    assert_eq!(full.refusal(), (409, "too-many-drafts", vec![]));
}

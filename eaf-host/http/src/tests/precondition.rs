//! Preconditions: of two changes based on the same state, one is accepted and the other refused.

use super::{TestHost, note};
use serde_json::{Value, json};

const CONNECTION: &str = "/api/host/connections/echo/main";

fn quoted(tag: &Value) -> String {
    format!("\"{}\"", tag.as_str().expect("a tag"))
}

async fn archive(host: &TestHost, key: &str, headers: &[(&str, &str)]) -> super::Answer {
    host.give("admin@acme", "archive-note", json!({ "id": key }), headers).await
}

async fn written_note(host: &TestHost) -> (String, String) {
    let key = host.note("requester@acme", "first").await;
    let row = host.get("admin@acme", &format!("/api/notes/views/notes/{key}")).await.json;
    (key, quoted(&row["position"]))
}

#[tokio::test]
async fn of_two_commands_on_one_state_one_is_refused() {
    let host = TestHost::new().await;
    let (key, seen) = written_note(&host).await;
    let precondition = [("if-match", seen.as_str())];
    let (one, other) = tokio::join!(archive(&host, &key, &precondition), archive(&host, &key, &precondition));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 412]);
    let (won, lost) = if one.status == 202 { (one, other) } else { (other, one) };
    assert_eq!(lost.refusal(), (412, "changed-meanwhile", vec![]));
    assert_eq!(lost.json["params"]["position"], won.json["position"]);
    // Without a precondition, a command applies to any version; with the newest position, the
    // precondition holds.
    assert_eq!(archive(&host, &key, &[]).await.status, 202);
    assert_eq!(archive(&host, &key, &precondition).await.code(), "changed-meanwhile");
    let newest = archive(&host, &key, &[]).await.json["position"].clone();
    assert_eq!(archive(&host, &key, &[("if-match", &quoted(&newest))]).await.status, 202);
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_despite_its_own_change() {
    let host = TestHost::new().await;
    let (key, seen) = written_note(&host).await;
    let headers = [("if-match", seen.as_str()), ("idempotency-key", "once")];
    let first = archive(&host, &key, &headers).await;
    assert_eq!(first.status, 202);
    assert_eq!(archive(&host, &key, &headers).await.json, first.json);
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let host = TestHost::new().await;
    let (key, seen) = written_note(&host).await;
    for value in ["", "null", "*", "\"\"", "7", "\"1-999999\"", "\"2-1\"", "\"0-1\"", "\"1--1\"", "W/\"1-1\""] {
        let answer = archive(&host, &key, &[("if-match", value)]).await;
        assert_eq!(answer.refusal(), (400, "basis-invalid", vec![]), "{value}");
    }
    let both = [("if-match", seen.as_str()), ("if-none-match", "*")];
    assert_eq!(archive(&host, &key, &both).await.code(), "basis-invalid");
    assert_eq!(archive(&host, &key, &[("if-none-match", "*")]).await.refusal(), (412, "changed-meanwhile", vec![]));
    assert_eq!(archive(&host, &key, &[("if-match", &seen)]).await.status, 202, "it was as it had been");
    let fresh = host.give("admin@acme", "write-note", note("new"), &[("if-none-match", "*")]).await;
    assert_eq!(fresh.status, 202);
}

#[tokio::test]
async fn of_two_changes_of_a_connection_one_is_refused() {
    let host = TestHost::new().await;
    let set = |room: &str| json!({ "config": { "host": "good", "room": room }, "secret": { "password": "p" } });
    let put = async |room: &str, header: (&str, &str)| {
        host.json("PUT", "admin@acme", CONNECTION, set(room), &[header]).await.status.as_u16()
    };
    let new = ("if-none-match", "*");
    let (one, other) = tokio::join!(put("a", new), put("b", new));
    assert_eq!((one.min(other), one.max(other)), (204, 412));
    let shown = async || host.get("admin@acme", CONNECTION).await.json;
    let seen = quoted(&shown().await["updated_at"]);
    assert_eq!(shown().await["updated_by_name"], "Canary admin");
    let precondition = ("if-match", seen.as_str());
    let (one, other) = tokio::join!(put("c", precondition), put("d", precondition));
    assert_eq!((one.min(other), one.max(other)), (204, 412));
    let room = if one == 204 { "c" } else { "d" };
    assert_eq!(shown().await["config"]["room"], room);
    for garbage in ["\"1-1\"", "\"2026-13-01T00:00:00Z\"", "*", "null"] {
        assert_eq!(put("e", ("if-match", garbage)).await, 400, "{garbage}");
    }
    assert_eq!(put("e", ("if-match", "\"2999-01-01T00:00:00Z\"")).await, 412);
    let now = quoted(&shown().await["updated_at"]);
    assert_eq!(put("f", ("if-match", &now)).await, 204);
    assert_eq!(host.json("PUT", "admin@acme", CONNECTION, set("g"), &[]).await.status, 204);
}

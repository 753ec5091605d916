//! Preconditions: of two changes based on the same state, one is accepted and the other refused.

use super::people::{MEMBERS, id, period};
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

/// Sends a change as read by two admins, and the change of the later one again on the new state.
async fn of_two_one_is_refused(host: &TestHost, path: &str, bodies: [Value; 2], tag: impl AsyncFn() -> Value) {
    let put = async |body: &Value, header: (&str, &str)| {
        host.json("PUT", "admin@acme", path, body.clone(), &[header]).await.status.as_u16()
    };
    let seen = quoted(&tag().await);
    let precondition = ("if-match", seen.as_str());
    let (one, other) = tokio::join!(put(&bodies[0], precondition), put(&bodies[1], precondition));
    assert_eq!((one.min(other), one.max(other)), (204, 412), "{path}");
    let lost = host.json("PUT", "admin@acme", path, bodies[0].clone(), &[precondition]).await;
    assert_eq!(lost.refusal(), (412, "changed-meanwhile", vec![]), "{path}");
    assert_eq!(put(&bodies[0], ("if-none-match", "*")).await, 412, "{path}");
    for garbage in ["*", "null", "\"\"", "\"1-1\"", "\"0123456789ABCDEF\"", "\"0123456789abcdef0\""] {
        assert_eq!(put(&bodies[0], ("if-match", garbage)).await, 400, "{path}: {garbage}");
    }
    let now = quoted(&tag().await);
    assert_ne!(now, seen, "{path}");
    assert_eq!(put(&bodies[0], ("if-match", &now)).await, 204, "{path}");
    let again = quoted(&tag().await);
    assert_eq!(put(&bodies[0], ("if-match", &again)).await, 204, "{path}: a repetition changes nothing");
}

#[tokio::test]
async fn of_two_changes_of_a_member_one_is_refused() {
    let host = TestHost::new().await;
    let path = format!("{MEMBERS}/{}", id(&host, "requester@acme").await);
    let bodies = ["1", "2"].map(|centre| json!({ "roles": ["requester"], "manager": null, "cost_centre": centre }));
    let tag = async || host.get("admin@acme", &path).await.json["tag"].clone();
    of_two_one_is_refused(&host, &path, bodies, tag).await;
    // Another change, such as that of a group, does not concern these values.
    let seen = quoted(&tag().await);
    let admin = id(&host, "admin@acme").await;
    let body = json!({ "roles": ["requester"], "manager": admin, "cost_centre": "1" });
    assert_eq!(host.json("PUT", "admin@acme", &path, body, &[("if-match", &seen)]).await.status, 204);
}

#[tokio::test]
async fn of_two_changes_of_a_group_one_is_refused() {
    let host = TestHost::new().await;
    let path = "/api/host/groups/finance";
    let name = |name: &str| json!({ "name": name });
    let add =
        async |body: Value| host.json("PUT", "admin@acme", path, body, &[("if-none-match", "*")]).await.status.as_u16();
    let additions = (0..8).map(|n| add(name(&format!("Finance {n}"))));
    let mut answers = futures_util::future::join_all(additions).await;
    answers.sort_unstable();
    assert_eq!(answers, [204, 412, 412, 412, 412, 412, 412, 412]);
    let tag = async || host.get("admin@acme", "/api/host/groups").await.json["items"][0]["tag"].clone();
    of_two_one_is_refused(&host, path, [name("Money"), name("Moneys")], tag).await;
}

#[tokio::test]
async fn of_two_changes_of_a_deputy_one_is_refused() {
    let host = TestHost::new().await;
    let member = format!("{MEMBERS}/{}", id(&host, "requester@acme").await);
    let path = format!("{member}/deputy");
    let auditor = id(&host, "auditor@acme").await;
    let first = host.json("PUT", "admin@acme", &path, period(&host, auditor, 0, 24), &[("if-none-match", "*")]).await;
    assert_eq!(first.status, 204, "{}", first.text);
    let bodies = [period(&host, auditor, 0, 48), period(&host, auditor, 0, 72)];
    let tag = async || host.get("admin@acme", &member).await.json["deputy"]["tag"].clone();
    of_two_one_is_refused(&host, &path, bodies, tag).await;
    // The person sees the same deputy, and the same tag.
    let own = host.get("requester@acme", "/api/session/deputy").await.json["deputy"]["tag"].clone();
    assert_eq!(own, tag().await);
    let body = period(&host, auditor, 0, 96);
    let set = host.json("PUT", "requester@acme", "/api/session/deputy", body, &[("if-none-match", "*")]).await;
    assert_eq!(set.refusal(), (412, "changed-meanwhile", vec![]));
}

//! Views: pages, filters, single rows, and reading one's own writes.

use super::TestHost;
use super::people::{hire, id, period};
use serde_json::{Value, json};

fn titles(answer: &super::Answer) -> Vec<String> {
    let items = answer.json["items"].as_array().expect("items");
    items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

#[tokio::test]
async fn a_row_has_status_reason_to_wait_and_actions() {
    let host = TestHost::new().await;
    let key = host.note("requester@acme", "first").await;
    let path = format!("/api/notes/views/notes/{key}");
    let row = host.get("requester@acme", &path).await.json;
    assert_eq!(
        (&row["status"], &row["status_text"], &row["terminal"]),
        (&json!("open"), &json!("offen"), &json!(false))
    );
    assert_eq!(row["waiting_on"], "Wartet auf Canary admin oder Canary auditor.");
    let action = json!([{
        "command": "archive-note",
        "title": "Notiz ablegen",
        "permitted": false,
        "allowed": false,
        "why": "Das dürfen nur Administratoren.",
        "body": { "id": key },
    }]);
    assert_eq!(row["actions"], action);
    assert!(row["written_at"].as_str().unwrap().contains('T'), "RFC 3339: {}", row["written_at"]);

    let admins = host.get("admin@acme", &path).await.json;
    assert_eq!((&admins["actions"][0]["allowed"], &admins["actions"][0]["why"]), (&json!(true), &Value::Null));
    assert_eq!(admins["actions"][0]["permitted"], true);
    // The body of an action is valid for its command.
    let body = admins["actions"][0]["body"].clone();
    assert_eq!(host.give("admin@acme", "archive-note", body, &[]).await.status, 202);
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    let row = host.get("admin@acme", &path).await.json;
    assert_eq!((&row["terminal"], &row["waiting_on"]), (&json!(true), &Value::Null));
    assert_eq!(row["waiting"], Value::Null);
}

#[tokio::test]
async fn a_row_names_people_who_can_act_and_the_start_of_the_wait() {
    let host = TestHost::new().await;
    let key = host.note("requester@acme", "first").await;
    let path = format!("/api/notes/views/notes/{key}");
    let row = host.get("requester@acme", &path).await.json;
    let waiting = json!({
        "code": "reader",
        "text": "Wartet auf Canary admin oder Canary auditor.",
        "since": row["written_at"],
        "people": ["Canary admin", "Canary auditor"],
    });
    assert_eq!(row["waiting"], waiting);
    // The caller is omitted if the product says so, and so are erased people.
    let admins = host.get("admin@acme", &path).await.json;
    assert_eq!(admins["waiting"]["people"], json!(["Canary auditor"]));
    let acme = eaf_core::id::TenantId::derive("acme");
    let auditor = host.core.directory.members_with_role(acme, "auditor").await.unwrap().remove(0);
    host.core.directory.erase_member(&host.core.by, acme, auditor.actor).await.unwrap();
    let row = host.get("requester@acme", &path).await.json;
    assert_eq!(row["waiting"]["people"], json!(["Canary admin"]));
    let alone = host.get("admin@acme", &path).await.json;
    assert_eq!(alone["waiting"]["people"], json!([]));
    assert!(alone["waiting_on"].as_str().unwrap().contains("zurzeit hat es niemand"), "{alone:#}");
}

#[tokio::test]
async fn pages_continue_at_the_cursor_with_the_same_filters() {
    let host = TestHost::new().await;
    for title in ["c", "a", "b", "a b,ü"] {
        host.note("requester@acme", title).await;
    }
    let mut found = Vec::new();
    let mut path = "/api/notes/views/notes?sort=-title&limit=3".to_owned();
    for _ in 0..2 {
        let page = host.get("admin@acme", &path).await;
        found.extend(titles(&page));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/api/notes/views/notes?sort=-title&limit=3&cursor={next}");
    }
    assert_eq!(found, ["c", "b", "a b,ü", "a"]);
    let page = host.get("admin@acme", "/api/notes/views/notes?title=a,c&sort=title").await;
    assert_eq!(titles(&page), ["a", "c"]);
    let page = host.get("admin@acme", "/api/notes/views/notes?status=archived").await;
    assert_eq!(page.json, json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn a_deputy_reads_and_filters_by_what_asks_the_person() {
    let host = TestHost::new().await;
    hire(&host, "acme", "second", &["requester"]).await;
    for (who, title) in [("requester@acme", "a"), ("admin@acme", "b"), ("second@acme", "c")] {
        host.note(who, title).await;
    }
    let all = async |who: &str| titles(&host.get(who, "/api/notes/views/notes?sort=title").await);
    let asked = async |who: &str| titles(&host.get(who, "/api/notes/views/notes?sort=title&waiting_for=me").await);
    assert_eq!((all("admin@acme").await.len(), asked("admin@acme").await), (3, vec!["a".into(), "c".into()]));
    assert_eq!((all("auditor@acme").await.len(), asked("auditor@acme").await), (3, vec![]));
    assert_eq!((all("requester@acme").await, asked("requester@acme").await), (vec!["a".to_owned()], vec![]));

    // The requester wrote “a”, and the admin wrote “b”: neither note asks its author.
    let deputy = period(&host, id(&host, "requester@acme").await, -1, 24);
    let set = host.json("PUT", "admin@acme", "/api/session/deputy", deputy, &[]).await;
    assert_eq!(set.status, 204, "{}", set.text);
    assert_eq!(all("requester@acme").await, ["a", "c"]);
    assert_eq!(asked("requester@acme").await, ["c"]);
    assert_eq!(asked("admin@acme").await, ["a", "c"], "the person stays asked");
    let ended = host.json("DELETE", "admin@acme", "/api/session/deputy", Value::Null, &[]).await;
    assert_eq!(ended.status, 204, "{}", ended.text);
    assert_eq!((all("requester@acme").await, asked("requester@acme").await), (vec!["a".to_owned()], vec![]));
}

#[tokio::test]
async fn a_filter_by_what_asks_has_the_value_me_alone() {
    let host = TestHost::new().await;
    for value in ["", "you", "me,me", "Me", "%7B%7D"] {
        let refused = host.get("admin@acme", &format!("/api/notes/views/notes?waiting_for={value}")).await;
        assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?waiting_for"]), "{value}");
    }
    let refused = host.get("admin@acme", "/api/notes/views/notes?waiting_for=me&waiting_for=me").await;
    assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?waiting_for"]));
}

#[tokio::test]
async fn a_read_after_a_position_waits_and_gets_retry_after() {
    let host = TestHost::new().await;
    let answer = host.give("requester@acme", "write-note", super::note("late"), &[]).await;
    let after = answer.json["position"].as_str().expect("a position").to_owned();
    let path = format!("/api/notes/views/notes?after={after}");
    let early = host.get("requester@acme", &path).await;
    assert_eq!(early.refusal(), (503, "view-behind", vec![]));
    assert_eq!(early.headers["retry-after"], "1");
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    assert_eq!(titles(&host.get("requester@acme", &path).await), ["late"]);
    let other = host.get("requester@acme", "/api/notes/views/notes?after=99-1").await;
    assert_eq!(other.refusal(), (409, "other-epoch", vec![]));
}

#[tokio::test]
async fn a_faulty_row_has_a_fault_and_the_others_are_shown() {
    let host = TestHost::new().await;
    for title in ["a", "trap-row", "b"] {
        host.note("requester@acme", title).await;
    }
    let page = host.get("requester@acme", "/api/notes/views/notes?sort=title").await;
    assert_eq!((page.status.as_u16(), titles(&page)), (200, vec!["a".into(), "b".into(), "trap-row".into()]));
    let [a, b, broken] = page.json["items"].as_array().unwrap().as_slice() else { panic!("{}", page.text) };
    for sound in [a, b] {
        assert!(sound["waiting"]["code"] == "reader" && sound["actions"][0]["command"] == "archive-note", "{sound:#}");
    }
    assert_eq!((&broken["waiting"]["code"], &broken["actions"]), (&json!("row-fault"), &json!([])));
    let trace = page.headers["x-trace-id"].to_str().unwrap();
    assert!(broken["waiting_on"].as_str().is_some_and(|text| text.contains(trace)), "{broken:#}");
    assert_eq!((&broken["status_text"], &broken["text"]), (&json!("offen"), &json!("long enough to be a note")));
    assert!(!page.text.contains("canary-panic"), "the guest's own words stay in the log");

    let path = format!("/api/notes/views/notes/{}", broken["key"].as_str().unwrap());
    let row = host.get("requester@acme", &path).await;
    assert_eq!((row.status.as_u16(), &row.json["waiting"]["code"]), (200, &json!("row-fault")));
}

#[tokio::test]
async fn a_suspended_package_answers_retry_after() {
    let host = TestHost::new().await;
    host.note("requester@acme", "refused-row").await;
    let page = host.get("requester@acme", "/api/notes/views/notes").await;
    assert_eq!(page.refusal(), (503, "package-unavailable", vec![]));
    assert_eq!(page.headers["retry-after"], "7");
}

#[tokio::test]
async fn a_row_names_its_people_for_every_reader_and_also_after_they_have_left() {
    let host = TestHost::new().await;
    let author = id(&host, "requester@acme").await;
    let key = host.note("requester@acme", "first").await;
    let path = format!("/api/notes/views/notes/{key}");
    let people = async |who: &str| host.get(who, &path).await.json["people"].clone();
    let named = json!({ author.to_string(): "Canary requester" });
    assert_eq!(people("auditor@acme").await, named);
    let list = host.get("admin@acme", "/api/notes/views/notes").await.json;
    assert_eq!(list["items"][0]["people"], named);

    let acme = eaf_core::id::TenantId::derive("acme");
    host.core.directory.remove_member(&host.core.by, acme, author).await.unwrap();
    assert_eq!(people("admin@acme").await, named);
    host.core.directory.erase_member(&host.core.by, acme, author).await.unwrap();
    assert_eq!(people("admin@acme").await, json!({ author.to_string(): null }));
}

#[tokio::test]
async fn rows_are_read_through_the_rows_of_another_view() {
    let host = TestHost::new().await;
    hire(&host, "acme", "second", &["requester"]).await;
    let (first, second) = (host.note("requester@acme", "first").await, host.note("second@acme", "second").await);
    let notes = async |who: &str| {
        let page = host.get(who, "/api/notes/views/history").await.json;
        let mut notes: Vec<String> = page["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|row| row["note"].as_str().expect("a note").to_owned())
            .collect();
        notes.sort();
        notes
    };
    assert_eq!(notes("requester@acme").await, [first.as_str()]);
    assert_eq!(notes("second@acme").await, [second.as_str()]);
    let mut both = vec![first.clone(), second.clone()];
    both.sort();
    assert_eq!(notes("auditor@acme").await, both);

    let all = host.get("auditor@acme", "/api/notes/views/history").await.json;
    let of_second = all["items"].as_array().expect("items").iter().find(|row| row["note"] == second.as_str());
    let path = format!("/api/notes/views/history/{}", of_second.expect("a row")["key"].as_str().expect("a key"));
    assert_eq!(host.get("second@acme", &path).await.status, 200);
    assert_eq!(host.get("requester@acme", &path).await.status, 404);
    let filtered = format!("/api/notes/views/history?note={second}");
    assert_eq!(host.get("requester@acme", &filtered).await.json["items"], json!([]));
}

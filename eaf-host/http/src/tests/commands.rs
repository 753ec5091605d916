//! Commands: accepted once, repeated safely, refused with a text.

use super::notes::Notes;
use super::{OneProduct, TestHost, note, product_of};
use eaf_core::rate_limit::Limit;
use serde_json::json;

#[tokio::test]
async fn an_accepted_command_has_the_location_of_its_result() {
    let host = TestHost::new().await;
    let answer = host.give("requester@acme", "write-note", note("first"), &[]).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let key = answer.json["subject"]["key"].as_str().unwrap();
    let location = format!("/api/notes/views/notes/{key}");
    assert_eq!(answer.headers["location"], location.as_str());
    assert_eq!(answer.json["location"], location.as_str());
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    let after = answer.json["position"].as_str().unwrap();
    let row = host.get("requester@acme", &format!("{location}?after={after}")).await;
    assert_eq!((row.status.as_u16(), row.json["title"].as_str()), (200, Some("first")));
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_even_a_rejection() {
    let host = TestHost::new().await;
    for title in ["yes", "taken"] {
        let key = [("idempotency-key", title)];
        let first = host.give("requester@acme", "write-note", note(title), &key).await;
        let again = host.give("requester@acme", "write-note", note(title), &key).await;
        assert_eq!(first.status, again.status);
        let (mut first, mut again) = (first.json, again.json);
        for answer in [&mut first, &mut again] {
            answer["trace_id"] = json!(null);
        }
        assert_eq!(first, again);
    }
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    let list = host.get("requester@acme", "/api/notes/views/notes").await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_command_of_one_person() {
    let host = TestHost::new().await;
    let key = [("idempotency-key", "k")];
    assert_eq!(host.give("requester@acme", "write-note", note("a"), &key).await.status, 202);
    let answer = host.give("requester@acme", "write-note", note("b"), &key).await;
    assert_eq!(answer.refusal(), (409, "idempotency-key-reused", vec![]));
    assert_eq!(host.give("admin@acme", "write-note", note("b"), &key).await.status, 202);
}

#[tokio::test]
async fn a_rejection_has_a_text_in_the_callers_language_and_a_pointer() {
    let host = TestHost::new().await;
    let german = host.give("requester@acme", "write-note", note("taken"), &[]).await;
    assert_eq!(german.refusal(), (409, "title-taken", vec!["/title"]));
    assert_eq!(german.json["detail"], "Den Titel „taken“ gibt es schon.");
    assert_eq!(german.json["type"], "/docs/errors#rejections");
    let english = host.give("requester@acme", "write-note", note("taken"), &[("accept-language", "en-GB")]).await;
    assert_eq!(english.json["detail"], "The title “taken” is taken.");
    let missing = host.give("admin@acme", "archive-note", json!({ "id": "none" }), &[]).await;
    assert_eq!(missing.refusal(), (404, "no-such-note", vec![]));
}

#[tokio::test]
async fn violations_of_schema_and_rules_are_in_one_answer() {
    let host = TestHost::new().await;
    let body = json!({ "title": "taken", "text": 7 });
    for path in ["/api/notes/commands/write-note", "/api/notes/commands/write-note?dry-run"] {
        let answer = host.json("POST", "requester@acme", path, body.clone(), &[]).await;
        assert_eq!(answer.refusal(), (422, "body-invalid", vec!["/text", "/title"]), "{path}");
        assert_eq!(answer.json["errors"][1]["code"], "title-taken", "{path}");
    }
    let answer = host.give("requester@acme", "write-note", json!({ "title": 1 }), &[]).await;
    let (status, code, mut places) = answer.refusal();
    places.sort_unstable();
    assert_eq!((status, code, places), (422, "body-invalid", vec!["/text", "/title"]), "of stand-ins nothing is said");
}

#[tokio::test]
async fn a_rehearsal_decides_and_records_nothing() {
    let host = TestHost::new().await;
    let path = "/api/notes/commands/write-note?dry-run";
    let answer = host.json("POST", "requester@acme", path, note("a"), &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json["dry_run"]), (200, &json!(true)), "{}", answer.text);
    let answer = host.json("POST", "requester@acme", path, note("taken"), &[]).await;
    assert_eq!(answer.code(), "title-taken");
    assert_eq!(host.get("auditor@acme", "/api/host/audit").await.json["items"], json!([]), "nobody did anything");
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    assert_eq!(host.get("admin@acme", "/api/notes/views/notes").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_rehearsal_has_a_preview_and_a_command_has_none() {
    let host = TestHost::new().await;
    let path = "/api/notes/commands/write-note?dry-run";
    let rehearsed = host.json("POST", "requester@acme", path, note("a"), &[]).await;
    let reading = json!({ "reading": { "minutes": 1, "people": ["Canary admin", "Canary auditor"] } });
    assert_eq!(rehearsed.json["preview"], reading);
    let given = host.give("requester@acme", "write-note", note("a"), &[]).await;
    assert!(given.json.get("preview").is_none(), "{}", given.text);
}

/// The ledger stores a reference to people and no names, so that the answer to a repetition has the
/// names of the people who are meant at the time of the repetition.
#[tokio::test]
async fn a_refusal_names_people_as_they_are_at_each_answer() {
    let host = TestHost::new().await;
    let refused = async || {
        let key = [("idempotency-key", "again")];
        host.give("requester@acme", "write-note", note("taken"), &key).await.json["params"]["readers"].clone()
    };
    assert_eq!(refused().await, json!(["Canary admin", "Canary auditor"]));
    let acme = eaf_core::id::TenantId::derive("acme");
    let admin = host.core.directory.members_with_role(acme, "admin").await.unwrap().remove(0);
    host.core.directory.erase_member(&host.core.by, acme, admin.actor).await.unwrap();
    assert_eq!(refused().await, json!(["Canary auditor"]));
}

#[tokio::test]
async fn a_repeated_refusal_is_in_the_audit_once() {
    let host = TestHost::new().await;
    for key in ["a", "a", "b"] {
        host.give("requester@acme", "write-note", note("taken"), &[("idempotency-key", key)]).await;
    }
    let audit = host.get("auditor@acme", "/api/host/audit?act=command.give").await.json;
    let items = audit["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{audit:#}");
    assert_eq!((&items[0]["object"], &items[0]["outcome"]), (&json!("notes/write-note"), &json!("title-taken")));
}

#[tokio::test]
async fn a_missing_permission_is_refused_and_recorded() {
    let host = TestHost::new().await;
    let answer = host.give("requester@acme", "archive-note", json!({ "id": "x" }), &[("accept-language", "en")]).await;
    assert_eq!(answer.refusal(), (403, "permission-missing", vec![]));
    let next = "Ask an administrator of your organisation for the permission “notes.archive”.";
    assert_eq!(answer.json["detail"], format!("Your roles do not allow this. {next}"));
    let audit = host.get("auditor@acme", "/api/host/audit").await;
    let entry = &audit.json["items"][0];
    assert_eq!((entry["act"].as_str(), entry["outcome"].as_str()), (Some("command.give"), Some("denied")));
    assert_eq!((&entry["object"], &entry["trace_id"]), (&json!("notes/archive-note"), &answer.json["trace_id"]));
}

#[tokio::test]
async fn a_fault_of_the_product_is_reported_without_its_message() {
    let host = TestHost::new().await;
    for title in ["trap", "outside"] {
        let answer = host.give("requester@acme", "write-note", note(title), &[]).await;
        assert_eq!(answer.refusal(), (500, "package-fault", vec![]), "{}", answer.text);
        assert!(!answer.text.contains("canary-panic"));
    }
}

#[tokio::test]
async fn a_tenant_over_its_rate_limit_gets_retry_after_and_others_do_not() {
    let host = TestHost::with_quota(Limit { per_second: 0.01, burst: 2.0 }).await;
    for (who, key) in [("requester@acme", "a"), ("admin@acme", "b")] {
        assert_eq!(host.give(who, "write-note", note(key), &[("idempotency-key", key)]).await.status, 202);
    }
    let refused = host.give("requester@acme", "write-note", note("c"), &[("idempotency-key", "c")]).await;
    assert_eq!(refused.refusal(), (429, "overloaded", vec![]));
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=100).contains(&wait), "{wait}");
    assert_eq!(host.give("admin@globex", "write-note", note("c"), &[]).await.status, 202);
    // Nothing was recorded.
    host.project(eaf_core::id::TenantId::derive("acme")).await;
    let list = host.get("admin@acme", "/api/notes/views/notes").await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_after_an_upgrade_with_another_schema() {
    let mut host = TestHost::new().await;
    let key = [("idempotency-key", "a-key")];
    let first = host.give("requester@acme", "write-note", note("short"), &key).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let stricter = Notes::stricter(host.app.products.get("notes").unwrap().domain.generation());
    host.app.products = OneProduct::new(product_of(stricter));
    host.router = crate::router(host.app.clone());
    let again = host.give("requester@acme", "write-note", note("short"), &key).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    for (title, key) in [("short", "another-key"), ("other", "a-key")] {
        let refused = host.give("requester@acme", "write-note", note(title), &[("idempotency-key", key)]).await;
        assert_eq!(refused.code(), "body-invalid", "{title} with {key}");
    }
}

//! Sentences of the audit trail: they have names, are found by thing and person, and contain no
//! erased data and none of another tenant.

use super::{Answer, TestHost, note};
use eaf_core::id::TenantId;
use serde_json::{Value, json};

fn sentences(answer: &Answer) -> Vec<&str> {
    let items = answer.json["items"].as_array().expect("items");
    items.iter().map(|item| item["sentence"].as_str().expect("a sentence")).collect()
}

fn acme() -> TenantId {
    TenantId::derive("acme")
}

async fn audit(host: &TestHost, query: &str) -> Answer {
    host.get("auditor@acme", &format!("/api/host/audit?{query}")).await
}

#[tokio::test]
async fn each_row_is_a_sentence_with_names_in_the_readers_language() {
    let host = TestHost::new().await;
    host.note("requester@acme", "Shopping").await;
    host.give("requester@acme", "write-note", note("taken"), &[]).await;
    let put = |room: &str, secret: Value| json!({ "config": { "host": "bad", "room": room }, "secret": secret });
    let (path, first) = ("/api/host/connections/echo/main", json!({ "password": "canary-password" }));
    host.json("PUT", "admin@acme", path, put("blue", first), &[]).await;
    let again = json!({ "password": "canary-changed" });
    host.json("PUT", "admin@acme", path, put("green", again), &[]).await;
    host.get("requester@acme", "/api/host/runs").await;
    host.project(acme()).await;
    let german = audit(&host, "").await;
    assert_eq!(
        sentences(&german),
        [
            "Canary requester wollte die Abläufe lesen (runs); die Berechtigung fehlt.",
            "Canary admin hat die Verbindung echo/main gespeichert; geändert: Raum, Passwort.",
            "Canary admin hat die Verbindung echo/main gespeichert; geändert: host, Raum, Passwort.",
            "Canary requester versuchte „Notiz schreiben“; abgelehnt: Der Titel war vergeben.",
            "Canary requester hat „Shopping“ für Canary requester geschrieben.",
        ]
    );
    assert!(!german.text.contains("canary-"), "{}", german.text);
    let request = host.request("GET", "auditor@acme", "/api/host/audit?source=log", &[("accept-language", "en")]);
    let english = host.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(sentences(&english), ["Canary requester wrote “Shopping” for Canary requester."]);
    assert_eq!(english.json["items"][0]["thing"], "Shopping");
}

#[tokio::test]
async fn an_auditor_finds_a_thing_by_part_of_its_name_with_its_refusals() {
    let host = TestHost::new().await;
    let shopping = host.note("requester@acme", "Shopping list").await;
    host.note("requester@acme", "Other").await;
    host.project(acme()).await;
    let archive = |key: &str| json!({ "id": key });
    host.give("admin@acme", "archive-note", archive(&shopping), &[]).await;
    let found = audit(&host, "thing=SHOPP").await;
    assert_eq!(
        sentences(&found),
        [
            "Canary admin: archived (Shopping list).",
            "Canary requester hat „Shopping list“ für Canary requester geschrieben."
        ]
    );
    assert_eq!(found.json["things"], json!([{ "name": "Shopping list", "object": format!("notes/note/{shopping}") }]));
    // Special characters of SQL and HTML in the search text have no special meaning.
    for query in ["thing=%25", "thing=_", "thing=%3Cb%3E", "thing=%27", "thing=%5C"] {
        let nothing = audit(&host, query).await;
        assert_eq!((nothing.status.as_u16(), sentences(&nothing).len()), (200, 0), "{query}: {}", nothing.text);
    }
    let id = audit(&host, &format!("thing={shopping}")).await;
    assert_eq!(sentences(&id).len(), 2);
}

#[tokio::test]
async fn names_with_characters_of_patterns_and_html_are_found_unchanged() {
    let host = TestHost::new().await;
    host.note("requester@acme", "100%_<b>x</b>").await;
    host.note("requester@acme", "100 percent").await;
    host.project(acme()).await;
    for query in ["thing=%25_", "thing=%3Cb%3E", "thing=100%25"] {
        let found = audit(&host, query).await;
        assert_eq!(
            sentences(&found),
            ["Canary requester hat „100%_<b>x</b>“ für Canary requester geschrieben."],
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_person_is_found_and_has_no_name_after_the_erasure() {
    let host = TestHost::new().await;
    host.note("requester@acme", "Shopping").await;
    host.note("admin@acme", "Other").await;
    host.project(acme()).await;
    let session = audit(&host, "source=log").await;
    let items = session.json["items"].as_array().unwrap();
    let person = items.iter().find(|item| item["thing"] == "Shopping").unwrap()["actor"].as_str().unwrap().to_owned();
    assert_eq!(sentences(&audit(&host, &format!("source=log&person={person}")).await).len(), 1);
    host.core.directory.erase_member(&host.core.by, acme(), person.parse().unwrap()).await.unwrap();
    for path in ["/api/host/audit", "/api/host/audit.csv", "/api/host/audit.csv?dialect=excel"] {
        let after = host.get("auditor@acme", path).await;
        assert!(!after.text.contains("Canary requester"), "{path}: {}", after.text);
    }
    let found = audit(&host, &format!("source=log&person={person}")).await;
    assert_eq!(sentences(&found), ["Eine gelöschte Person hat „Shopping“ für eine gelöschte Person geschrieben."]);
}

#[tokio::test]
async fn things_of_another_tenant_are_neither_found_nor_named() {
    let host = TestHost::new().await;
    let shopping = host.note("requester@acme", "Shopping").await;
    host.project(acme()).await;
    host.project(TenantId::derive("globex")).await;
    for query in ["thing=Shopping".to_owned(), format!("thing={shopping}")] {
        let nothing = host.get("admin@globex", &format!("/api/host/audit?{query}")).await;
        assert_eq!(nothing.json, json!({ "items": [], "next": null, "things": [] }), "{query}");
    }
}

#[tokio::test]
async fn a_refused_command_names_its_thing_only_if_it_exists() {
    let host = TestHost::new().await;
    let shopping = host.note("requester@acme", "Shopping").await;
    host.project(acme()).await;
    for id in [shopping.clone(), "made-up-and-long".to_owned()] {
        let refused = host.give("admin@acme", "write-note", json!({ "title": "taken", "text": id }), &[]).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    }
    let refused = audit(&host, "act=command.give").await;
    let about: Vec<&Value> = refused.json["items"].as_array().unwrap().iter().map(|item| &item["about"]).collect();
    assert_eq!(about, [&Value::Null, &json!(format!("notes/note/{shopping}"))], "{}", refused.text);
    assert_eq!(
        sentences(&audit(&host, "thing=Shopping&source=host").await),
        ["Canary admin versuchte „Notiz schreiben“ bei Shopping; abgelehnt: Der Titel war vergeben."]
    );
}

#[tokio::test]
async fn a_refusal_is_answered_and_recorded_without_the_view() {
    let host = TestHost::new().await;
    host.database.run("update eaf.view_copy set state = 'building'").await;
    let refused = host.give("requester@acme", "write-note", note("taken"), &[]).await;
    assert_eq!(refused.refusal(), (409, "title-taken", vec!["/title"]), "{}", refused.text);
    host.database.run("update eaf.view_copy set state = 'live'").await;
    let found = audit(&host, "act=command.give").await;
    let items = found.json["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["outcome"], &items[0]["about"]), (1, &json!("title-taken"), &Value::Null));
}

async fn one(host: &TestHost, source: &str, key: &str) -> Answer {
    host.get("auditor@acme", &format!("/api/host/audit/row?source={source}&key={key}")).await
}

#[tokio::test]
async fn a_row_has_its_changes_its_cause_and_its_trace() {
    let host = TestHost::new().await;
    let shopping = host.note("requester@acme", "Shopping").await;
    host.give("admin@acme", "archive-note", json!({ "id": shopping }), &[]).await;
    let put = |server: &str| json!({ "config": { "host": server }, "secret": { "password": "canary-password" } });
    for server in ["bad", "good"] {
        host.json("PUT", "admin@acme", "/api/host/connections/echo/main", put(server), &[]).await;
    }
    let list = audit(&host, "").await;
    let rows = list.json["items"].as_array().unwrap();
    let key = |index: usize| rows[index]["row"].as_str().unwrap();
    let saved = one(&host, "host", key(0)).await;
    assert_eq!(saved.json["row"]["sentence"], rows[0]["sentence"]);
    let field = |name: &str, title: &str, old: Value, new: &str| json!({ "name": name, "title": title, "old": old, "new": new, "changed": true, "personal": false });
    assert_eq!(
        saved.json["fields"],
        json!([field("host", "host", json!("bad"), "good"), field("secret", "Passwort", Value::Null, "neu gesetzt"),])
    );
    let written = one(&host, "log", key(3)).await;
    let titles: Vec<&str> =
        written.json["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(titles, ["title", "text", "author", "topic"], "{}", written.text);
    assert_eq!(written.json["fields"][2]["new"], "Canary requester");
    let trace = written.json["trace"].as_array().unwrap();
    assert_eq!((trace.len(), &trace[0]["kind"], &trace[0]["row"]), (1, &json!("event"), &json!(key(3))));
    assert!(!saved.text.contains("canary-"), "{}", saved.text);
}

#[tokio::test]
async fn a_row_of_another_tenant_is_not_found() {
    let host = TestHost::new().await;
    host.note("requester@acme", "Shopping").await;
    host.json(
        "PUT",
        "admin@acme",
        "/api/host/connections/echo/main",
        json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } }),
        &[],
    )
    .await;
    let list = audit(&host, "").await;
    for row in list.json["items"].as_array().unwrap() {
        let path = format!(
            "/api/host/audit/row?source={}&key={}",
            row["source"].as_str().unwrap(),
            row["row"].as_str().unwrap()
        );
        assert_eq!(host.get("auditor@acme", &path).await.status, 200, "{path}");
        assert_eq!(host.get("admin@globex", &path).await.refusal(), (404, "not-found", vec![]), "{path}");
        assert_eq!(host.get("requester@acme", &path).await.code(), "permission-missing");
    }
    for (query, pointer) in
        [("source=x&key=1", "?source"), ("key=1", "?source"), ("source=log", "?key"), ("source=log&key=1&x=1", "?x")]
    {
        let refused = host.get("auditor@acme", &format!("/api/host/audit/row?{query}")).await;
        assert_eq!(refused.refusal(), (400, "query-invalid", vec![pointer]), "{query}");
    }
    for key in
        ["999", "-1", "x", "1/2", "0198f0a0-0000-7000-8000-000000000000", "0198f0a0-0000-7000-8000-000000000000/1"]
    {
        for source in ["log", "host", "call"] {
            assert_eq!(one(&host, source, key).await.refusal(), (404, "not-found", vec![]), "{source} {key}");
        }
    }
}

/// Status and last line of the response to a verification.
async fn proof(host: &TestHost, who: &str) -> (u16, Value) {
    let answer = host.json("POST", who, "/api/host/audit/proof", json!({}), &[]).await;
    let last = answer.text.trim().lines().last().unwrap_or_default().to_owned();
    (answer.status.as_u16(), serde_json::from_str(&last).unwrap_or_default())
}

#[tokio::test]
async fn the_verification_counts_events_and_names_a_broken_link() {
    let host = TestHost::new().await;
    for title in ["one", "two", "three"] {
        host.note("requester@acme", title).await;
    }
    let (status, sound) = proof(&host, "auditor@acme").await;
    let report = &sound["report"];
    assert_eq!((status, &report["events"], &report["findings"]), (200, &json!(3), &json!([])), "{sound}");
    assert_eq!(report["head"].as_str().map(str::len), Some(64));
    assert!(report["first_at"].as_str() <= report["last_at"].as_str() && report["first_at"].is_string(), "{report}");
    assert_eq!(audit(&host, "act=audit.prove").await.json["items"][0]["actor_name"], "Canary auditor");
    host.database.run("alter table eaf.event disable trigger all").await;
    host.database.run("update eaf.event set type = 'notes.archived' where pos = 2").await;
    let (_, broken) = proof(&host, "auditor@acme").await;
    let finding = &broken["report"]["findings"][0];
    assert_eq!((&finding["finding"], &finding["position"]), (&json!("leaf"), &json!(2)), "{broken}");
    assert_eq!(proof(&host, "admin@globex").await.1["report"]["events"], 0);
    let refused = host.json("POST", "requester@acme", "/api/host/audit/proof", json!({}), &[]).await;
    assert_eq!(refused.code(), "permission-missing");
}

#[tokio::test]
async fn acts_have_titles_and_events_without_a_text_have_their_type() {
    let host = TestHost::new().await;
    let german = host.get("auditor@acme", "/api/host/audit/acts").await.json;
    let title = |act: &str| {
        let items = german["items"].as_array().unwrap();
        items.iter().find(|item| item["act"] == act).map(|item| item["title"].clone())
    };
    assert_eq!(title("connection.put"), Some(json!("eine Verbindung speichern")));
    assert_eq!(title("notes.written"), Some(json!("Notiz geschrieben")));
    assert_eq!(title("notes.archived"), Some(json!("archived")));
    assert_eq!(title("notes.elsewhere"), None);
}

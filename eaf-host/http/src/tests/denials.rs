//! Denials and administrative acts are in the audit, on every path.

use super::TestHost;
use axum::http::StatusCode;
use eaf_core::actor::Locale;
use eaf_core::directory::NewMember;
use eaf_core::id::TenantId;
use serde_json::{Value, json};

/// Denials in an answer of the audit, oldest first, each as act, object and name of the actor.
fn denials(answer: &super::Answer) -> Vec<(&str, &str, &str)> {
    let items = answer.json["items"].as_array().expect("items").iter().rev();
    items
        .filter(|item| item["outcome"] == "denied")
        .map(|item| {
            let member = |name: &str| item[name].as_str().unwrap_or("none");
            (member("act"), member("object"), member("actor_name"))
        })
        .collect()
}

#[tokio::test]
async fn denied_reads_of_lists_rows_and_streams_are_recorded() {
    let host = TestHost::new().await;
    let visitor = NewMember {
        issuer: host.issuer.url.clone(),
        subject: "requester@acme".into(),
        name: "Canary requester".into(),
        email: "requester@acme.example".into(),
        locale: Locale::De,
        roles: vec!["visitor".into()],
    };
    host.core.directory.put_member(&host.core.by, TenantId::derive("acme"), visitor).await.unwrap();
    for path in ["/api/notes/views/notes", "/api/notes/views/notes/canary-key", "/api/live?view=notes/notes"] {
        let refused = host.get("requester@acme", path).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "permission-missing"), "{path}");
    }
    let audit = host.get("auditor@acme", "/api/host/audit?outcome=denied").await;
    let by = "Canary requester";
    let expected = ["view.list", "view.read", "view.watch"].map(|act| (act, "notes/notes", by));
    assert_eq!(denials(&audit), expected, "{}", audit.text);
    assert!(!audit.text.contains("canary-key"), "{}", audit.text);
}

#[tokio::test]
async fn denials_of_members_and_of_operators_are_recorded() {
    let host = TestHost::new().await;
    for path in ["/api/host/tenants", "/api/host/platform-audit"] {
        assert_eq!(host.get("requester@acme", path).await.code(), "not-an-operator");
    }
    assert_eq!(host.get("operator", "/api/host/connections/echo/canary-name").await.code(), "no-tenant");

    let audit = host.get("auditor@acme", "/api/host/audit?outcome=denied").await;
    let by = "Canary requester";
    let expected = [("http.get", "/api/host/tenants", by), ("http.get", "/api/host/platform-audit", by)];
    assert_eq!(denials(&audit), expected);
    let platform = host.get("operator", "/api/host/platform-audit").await;
    let route = "/api/host/connections/{capability}/{name}";
    assert_eq!(denials(&platform), [("http.get", route, "Olga")], "{}", platform.text);
    assert!(host.get("admin@globex", "/api/host/audit").await.json["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_connections_changed_settings_are_recorded_without_its_secret() {
    let host = TestHost::new().await;
    let path = "/api/host/connections/echo/main";
    let long = "x".repeat(300);
    for body in [
        json!({ "config": { "host": "bad", "room": "1" }, "secret": { "password": "canary-password" } }),
        json!({ "config": { "host": "bad", "room": long } }),
    ] {
        assert_eq!(host.json("PUT", "admin@acme", path, body, &[]).await.status, StatusCode::NO_CONTENT);
    }
    let audit = host.get("auditor@acme", "/api/host/audit?act=connection.put").await;
    let changes: Vec<&Value> = audit.json["items"].as_array().unwrap().iter().map(|item| &item["change"]).collect();
    assert_eq!(changes[1], &json!({ "old": null, "new": { "host": "bad", "room": "1", "secret": "set" } }));
    assert_eq!(changes[0]["old"], json!({ "room": "1" }));
    assert!(changes[0]["new"]["room"].as_str().unwrap().starts_with("sha256:"), "{}", audit.text);
    assert!(!audit.text.contains("canary-password"));
}

#[tokio::test]
async fn a_denial_has_no_text_of_the_caller_so_rows_do_not_multiply() {
    let host = TestHost::new().await;
    for name in ["a", "b", "c"] {
        let run = format!("/api/host/runs/{:032x}", name.as_bytes()[0]);
        let connection = format!("/api/host/connections/vsphere/canary-{name}");
        for path in [&run, &connection] {
            assert_eq!(host.get("requester@acme", path).await.code(), "permission-missing", "{path}");
        }
        let (test, pause) = (format!("{connection}/test"), format!("/api/host/mail-queue/pauses/canary-{name}"));
        let again = json!({ "message_id": format!("canary of my own {name}") });
        for (method, path, body) in [
            ("PUT", connection.as_str(), json!({ "config": {} })),
            ("DELETE", &connection, json!({})),
            ("POST", &test, json!({})),
            ("PUT", &pause, json!({})),
            ("DELETE", &pause, json!({})),
            ("POST", "/api/host/mail-failures/send-again", again),
        ] {
            let refused = host.json(method, "requester@acme", path, body, &[]).await;
            assert_eq!(refused.code(), "permission-missing", "{method} {path}");
        }
    }
    let audit = host.get("auditor@acme", "/api/host/audit?outcome=denied").await;
    let by = "Canary requester";
    let mut found = denials(&audit);
    found.dedup();
    let expected = [
        ("run.get", "runs", by),
        ("connection.get", "connections", by),
        ("connection.put", "connections", by),
        ("connection.delete", "connections", by),
        ("connection.test", "connections", by),
        ("mail.pause", "mail", by),
        ("mail.resume", "mail", by),
        ("mail.send-again", "mail", by),
    ];
    // Two rows are possible if the hour ended in between.
    assert!(found.len() > expected.len() || found == expected, "{found:?}");
    assert!(!audit.text.contains("canary-") && !audit.text.contains("canary of"), "{}", audit.text);
}

#[tokio::test]
async fn equal_denials_of_an_operator_are_counted() {
    let host = TestHost::new().await;
    for name in ["a", "b", "c"] {
        let path = format!("/api/host/connections/echo/{name}");
        assert_eq!(host.get("operator", &path).await.code(), "no-tenant");
    }
    let platform = host.get("operator", "/api/host/platform-audit").await;
    let counts: Vec<_> = platform.json["items"].as_array().unwrap().iter().map(|item| &item["count"]).collect();
    let total: u64 = counts.iter().filter_map(|count| count.as_u64()).sum();
    assert!(counts.contains(&&json!(3)) || total > 3, "{}", platform.text);
}

//! Operations of the host: connections, mails, health, start page.

use super::TestHost;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

const PATH: &str = "/api/host/connections/echo/main";

#[tokio::test]
async fn a_connections_secret_is_write_only() {
    let host = TestHost::new().await;
    let body = json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } });
    assert_eq!(host.json("PUT", "admin@acme", PATH, body, &[]).await.status, 204);
    let shown = host.get("admin@acme", PATH).await;
    assert_eq!((shown.status.as_u16(), &shown.json["config"]), (200, &json!({ "host": "bad" })));
    let listed = host.get("admin@acme", "/api/host/connections").await;
    let audit = host.get("admin@acme", "/api/host/audit").await;
    for answer in [&shown, &listed, &audit] {
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    assert_eq!(audit.json["items"][0]["act"], "connection.put");
    assert_eq!(audit.json["items"][0]["object"], "echo/main");
}

#[tokio::test]
async fn a_test_reports_the_fault_until_it_is_repaired() {
    let host = TestHost::new().await;
    let body = json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } });
    host.json("PUT", "admin@acme", PATH, body, &[]).await;
    let test = format!("{PATH}/test");
    let found = host.json("POST", "admin@acme", &test, Value::Null, &[]).await;
    let expected = json!({
        "ok": false, "class": "configuration", "code": "bad-host", "text": "bad-host", "message": "The host is not good.",
        "findings": [
            { "kind": "setting", "name": "host", "subject": "bad", "state": "bad",
                "code": "bad-host", "text": "bad-host", "message": "The host is not good." },
            { "kind": "privilege", "name": "Room.Open", "subject": "bad", "state": "untested",
                "code": null, "text": null, "message": null },
        ],
    });
    assert_eq!((found.status.as_u16(), &found.json), (200, &expected));
    let shown = host.get("admin@acme", PATH).await.json;
    assert_eq!((&shown["configured"], &shown["last_error"]), (&json!(true), &json!("bad-host")));
    let body = json!({ "config": { "host": "good" }, "secret": { "password": "canary-password" } });
    assert_eq!(host.json("PUT", "admin@acme", PATH, body, &[]).await.status, 204);
    let found = host.json("POST", "admin@acme", &test, Value::Null, &[]).await.json;
    assert_eq!((&found["ok"], &found["findings"][0]["state"]), (&json!(true), &json!("good")));
    assert_eq!(host.get("admin@acme", PATH).await.json["last_error"], Value::Null);
}

/// The stored secret goes to no other server: otherwise an admin without the password could send it
/// to a server of their own.
#[tokio::test]
async fn the_stored_secret_is_kept_for_the_same_server_only() {
    let host = TestHost::new().await;
    let put = async |body: Value| host.json("PUT", "admin@acme", PATH, body, &[("accept-language", "en")]).await;
    let secret = json!({ "password": "canary-password" });
    assert_eq!(put(json!({ "config": { "host": "good" }, "secret": secret })).await.status, 204);
    let elsewhere = put(json!({ "config": { "host": "attacker.example" } })).await;
    assert_eq!(elsewhere.refusal(), (422, "body-invalid", vec!["/secret"]));
    let message = elsewhere.json["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Enter the password again"), "{message}");
    assert_eq!(host.get("admin@acme", PATH).await.json["config"], json!({ "host": "good" }));
    assert_eq!(put(json!({ "config": { "host": "good", "room": "7" } })).await.status, 204);
    let test = host.json("POST", "admin@acme", &format!("{PATH}/test"), Value::Null, &[]).await;
    assert_eq!(test.json["ok"], true, "the secret is still there");
}

#[tokio::test]
async fn an_invalid_connection_is_refused() {
    let host = TestHost::new().await;
    let put = async |path: &str, body: Value| host.json("PUT", "admin@acme", path, body, &[]).await;
    let secretless = put(PATH, json!({ "config": { "host": "good" } })).await;
    assert_eq!(secretless.refusal(), (422, "body-invalid", vec!["/secret"]));
    let odd = put(PATH, json!({ "config": "x", "secret": [], "more": 1 })).await;
    assert_eq!((odd.status.as_u16(), odd.json["errors"].as_array().unwrap().len()), (422, 3), "{}", odd.text);
    // Settings are readable: a password in them is refused.
    let shown = put(PATH, json!({ "config": { "host": "good", "password": "canary" }, "secret": {} })).await;
    assert_eq!(shown.refusal(), (422, "body-invalid", vec!["/config/password"]));
    let flawed = put(PATH, json!({ "config": { "host": "http" }, "secret": {} })).await;
    assert_eq!(flawed.refusal(), (422, "body-invalid", vec!["/config/host"]));
    for path in
        ["/api/host/connections/unheard-of/main", "/api/host/connections/echo/UPPER", "/api/host/connections/echo/%00"]
    {
        let body = json!({ "config": {}, "secret": { "a": "b" } });
        assert_eq!(put(path, body).await.refusal(), (404, "not-found", vec![]), "{path}");
    }
    assert_eq!(host.json("POST", "admin@acme", &format!("{PATH}/test"), Value::Null, &[]).await.code(), "not-found");
}

#[tokio::test]
async fn a_granted_connection_that_is_not_configured_is_listed() {
    use eaf_core::grant::{self, Grant, Terms};
    use eaf_core::id::TenantId;
    let host = TestHost::new().await;
    let mut tx = host.core.db.tenant(TenantId::derive("acme")).await.unwrap();
    for (capability, connection) in [("echo", "main"), ("vsphere", "vcenter")] {
        let grant = Grant {
            plugin: "notes".into(),
            capability: capability.into(),
            name: capability.into(),
            scope: json!({}),
            connection: connection.into(),
        };
        grant::put(&mut tx, &grant, &Terms::default(), &host.core.by).await.unwrap();
    }
    tx.commit().await.unwrap();
    let body = json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } });
    assert_eq!(host.json("PUT", "admin@acme", PATH, body, &[]).await.status, 204);
    let listed = host.get("admin@acme", "/api/host/connections").await.json;
    let shown: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["capability"], &one["name"], &one["configured"]))
        .collect();
    let [main, vcenter] = [json!("main"), json!("vcenter")];
    assert_eq!(shown, [(&json!("echo"), &main, &json!(true)), (&json!("vsphere"), &vcenter, &json!(false))]);
    let missing = host.get("admin@acme", "/api/host/connections/vsphere/vcenter").await;
    assert_eq!((missing.status.as_u16(), &missing.json["config"]), (200, &json!({})));
    assert_eq!(host.get("admin@acme", "/api/host/connections/vsphere/other").await.code(), "not-found");
    assert_eq!(host.get("admin@globex", "/api/host/connections").await.json["items"], json!([]));
}

/// German text of the failure `no-answer`, which the host has for all capabilities.
const NO_ANSWER: &str = "Ein System hat nicht rechtzeitig geantwortet; das Ergebnis des Aufrufs ist unbekannt.";

#[tokio::test]
async fn a_tests_result_is_a_sentence_in_the_callers_language() {
    use eaf_core::id::TenantId;
    let host = TestHost::new().await;
    let body = json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } });
    host.json("PUT", "admin@acme", PATH, body, &[]).await;
    let acme = TenantId::derive("acme");
    // The last one is an older text without a code: it is shown unchanged.
    for (error, text) in [
        (Some("no-answer"), json!(NO_ANSWER)),
        (None, Value::Null),
        (Some("The host is not good."), json!("The host is not good.")),
    ] {
        let set_at = host.core.connections.list(acme).await.unwrap()[0].updated_at;
        host.core.connections.record_check(acme, "echo", "main", set_at, error).await.unwrap();
        let shown = host.get("admin@acme", PATH).await.json;
        assert_eq!((&shown["last_error"], &shown["last_error_text"]), (&json!(error), &text));
    }
}

/// The table has the role that each operation of the host admits. All other roles are refused.
#[tokio::test]
async fn the_hosts_operations_require_their_permissions() {
    let host = TestHost::new().await;
    let rows = [
        ("/api/host/connections", "admin"),
        (PATH, "admin"),
        ("/api/host/connection-types", "admin"),
        ("/api/host/mail-failures", "admin"),
        ("/api/host/mail-queue", "admin"),
        ("/api/host/runs", "admin auditor"),
        ("/api/host/runs/0198f0a0-0000-7000-8000-000000000000", "admin auditor"),
        ("/api/host/audit", "admin auditor"),
        ("/api/host/audit.csv", "admin auditor"),
        ("/api/host/audit/acts", "admin auditor"),
    ];
    for (path, allowed) in rows {
        for role in ["requester", "admin", "auditor"] {
            let answer = host.get(&format!("{role}@acme"), path).await;
            assert_eq!(answer.status != 403, allowed.contains(role), "{role} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_start_page_is_served_only_without_the_web_application() {
    let host = TestHost::new().await;
    let page = async |path: &str, language: &str| {
        let request = Request::get(path).header("accept-language", language).body(Body::empty()).unwrap();
        host.send(request).await
    };
    assert!(page("/", "de").await.text.contains("EAF läuft"));
    assert!(page("/", "en").await.text.contains("EAF is running"));
    assert!(page("/docs/errors", "en").await.text.contains("### token-expired"));

    let folder = std::env::temp_dir().join(format!("eaf-web-{}", host.core.ambient.uuid()));
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("index.html"), "<p>the application").unwrap();
    std::fs::write(folder.join("assets/app-1.js"), "run()").unwrap();
    let mut app = host.app.clone();
    app.config = std::sync::Arc::new(crate::Config { web: Some(folder.clone()), ..crate::Config::for_tests() });
    let router = crate::router(app);
    let fetch = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        (answer.status().as_u16(), answer.headers()["cache-control"].to_str().unwrap().to_owned())
    };
    assert_eq!(fetch("/").await, (200, "no-cache".into()));
    assert_eq!(fetch("/requests/42").await, (200, "no-cache".into()));
    assert_eq!(fetch("/assets/app-1.js").await, (200, "public, max-age=31536000, immutable".into()));
    assert_eq!(fetch("/assets/app-2.js").await.0, 404);
    assert_eq!(fetch("/api/nothing").await.0, 404);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_failed_mail_is_shown_to_the_admins_of_its_tenant_only() {
    use eaf_core::actor::TraceId;
    use eaf_core::id::{EventId, RunId, TenantId};
    use eaf_core::mail_log::{self, Mail, Status};
    let host = TestHost::new().await;
    let tenant = TenantId::derive("acme");
    let auditor = host.core.directory.members_with_role(tenant, "auditor").await.unwrap().remove(0);
    for (message_id, status) in [("a@eaf", Status::Sent), ("b@eaf", Status::Failed("no-answer (550 5.1.1)".into()))] {
        let mail = Mail {
            message_id: message_id.into(),
            plugin: "notes".into(),
            template: "written".into(),
            event: EventId(host.core.ambient.uuid()),
            run: RunId(host.core.ambient.uuid()),
            sequence: 1,
            recipient: auditor.actor,
            trace: TraceId("0".repeat(32)),
        };
        mail_log::record(&host.core.db, tenant, &mail, host.core.ambient.now()).await.unwrap();
        mail_log::set_status(&host.core.db, tenant, message_id, &status, None).await.unwrap();
    }
    let items = host.get("admin@acme", "/api/host/mail-failures").await.json["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
    assert_eq!((&items[0]["message_id"], &items[0]["error"]), (&json!("b@eaf"), &json!("no-answer (550 5.1.1)")));
    assert_eq!(items[0]["recipient_name"], "Canary auditor");
    assert_eq!(items[0]["error_text"], NO_ANSWER);
    assert_eq!(host.get("admin@globex", "/api/host/mail-failures").await.json["items"], json!([]));
}

#[tokio::test]
async fn admins_list_pause_and_retry_mails_of_their_tenant_only() {
    use eaf_core::actor::TraceId;
    use eaf_core::id::{EventId, RunId, TenantId};
    use eaf_core::mail_log::{self, Deferral, Mail};
    let host = TestHost::new().await;
    let tenant = TenantId::derive("acme");
    let auditor = host.core.directory.members_with_role(tenant, "auditor").await.unwrap().remove(0);
    let mail = Mail {
        message_id: "<a@eaf>".into(),
        plugin: "notes".into(),
        template: "written".into(),
        event: EventId(host.core.ambient.uuid()),
        run: RunId(host.core.ambient.uuid()),
        sequence: 1,
        recipient: auditor.actor,
        trace: TraceId("0".repeat(32)),
    };
    mail_log::record(&host.core.db, tenant, &mail, host.core.ambient.now()).await.unwrap();
    mail_log::offer(&host.core.db, tenant, "<a@eaf>", "main", None).await.unwrap();
    let wait = Deferral {
        error: "mail-wrong-password",
        delay: std::time::Duration::from_secs(900),
        unanswered: 0,
        of_recipient: false,
    };
    mail_log::defer(&host.core.db, tenant, "<a@eaf>", &wait, host.core.ambient.now()).await.unwrap();

    let queue = async |who| host.get(who, "/api/host/mail-queue").await.json;
    let item = queue("admin@acme").await["items"][0].clone();
    assert_eq!((&item["error"], &item["connection"]), (&json!("mail-wrong-password"), &json!("main")));
    assert!(item["next_at"].is_string() && item["recipient_name"] == "Canary auditor", "{item}");
    assert_eq!(queue("admin@globex").await, json!({ "items": [], "pauses": [] }));
    assert_eq!(host.get("auditor@acme", "/api/host/mail-queue").await.status, 403);

    let pause = "/api/host/mail-queue/pauses/main";
    for (who, status) in [("auditor@acme", 403), ("admin@acme", 204)] {
        assert_eq!(host.json("PUT", who, pause, json!(null), &[]).await.status, status);
    }
    assert_eq!(queue("admin@acme").await["pauses"][0]["connection"], "main");
    assert_eq!(queue("admin@globex").await["pauses"], json!([]));
    assert_eq!(host.json("DELETE", "admin@acme", pause, json!(null), &[]).await.status, 204);
    let after = queue("admin@acme").await;
    assert_eq!((&after["pauses"], &after["items"][0]["next_at"]), (&json!([]), &json!(null)), "tried at once");
    assert_eq!(host.json("POST", "admin@acme", "/api/host/mail-queue/send", json!(null), &[]).await.status, 204);

    let again = "/api/host/mail-failures/send-again";
    for (who, id, status) in
        [("admin@globex", "<a@eaf>", 404), ("admin@acme", "<b@eaf>", 404), ("auditor@acme", "<a@eaf>", 403)]
    {
        assert_eq!(host.json("POST", who, again, json!({ "message_id": id }), &[]).await.status, status, "{who} {id}");
    }
    assert_eq!(host.json("POST", "admin@acme", again, json!({}), &[]).await.status, 422);
}

//! Data of a tenant cannot be read, changed or counted from outside.

use super::people::UNKNOWN;
use super::{TestHost, note};
use axum::body::Body;
use axum::http::Request;
use eaf_core::id::TenantId;
use serde_json::json;

#[tokio::test]
async fn another_tenants_rows_are_not_found() {
    let host = TestHost::new().await;
    let key = host.note("requester@acme", "canary-title").await;
    assert_eq!(host.get("admin@acme", &format!("/api/notes/views/notes/{key}")).await.status, 200);

    let theirs = host.get("admin@globex", &format!("/api/notes/views/notes/{key}")).await;
    let nobodys = host.get("admin@globex", "/api/notes/views/notes/0198f0a0-0000-7000-8000-000000000000").await;
    assert_eq!(theirs.refusal(), (404, "not-found", vec![]));
    assert_eq!(theirs.json["detail"], nobodys.json["detail"]);
    let list = host.get("admin@globex", "/api/notes/views/notes").await;
    assert_eq!(list.json, json!({ "items": [], "next": null }));
    for path in [
        "/api/host/audit",
        "/api/host/runs",
        "/api/host/connections",
        "/api/host/mail-failures",
        "/api/host/groups",
        "/api/host/invitations",
    ] {
        let answer = host.get("admin@globex", path).await;
        assert_eq!(answer.json["items"], json!([]), "{path}");
    }
    let change = host.give("admin@globex", "archive-note", json!({ "id": key }), &[]).await;
    assert_eq!(change.refusal(), (404, "no-such-note", vec![]));
}

#[tokio::test]
async fn a_tenant_named_anywhere_but_in_the_token_is_ignored() {
    let host = TestHost::new().await;
    host.note("requester@acme", "canary-title").await;
    for header in ["x-tenant", "x-tenant-id", "x-forwarded-tenant"] {
        let request = host.request("GET", "admin@globex", "/api/notes/views/notes", &[(header, "acme")]);
        assert_eq!(host.send(request.body(Body::empty()).unwrap()).await.json["items"], json!([]), "{header}");
    }
}

#[tokio::test]
async fn a_body_with_another_tenants_id_affects_the_callers_tenant_or_none() {
    let host = TestHost::new().await;
    let (acme, globex) = (TenantId::derive("acme"), TenantId::derive("globex"));
    for member in ["tenant", "tenant_id", "tenantId"] {
        for value in [globex.to_string(), "globex".to_owned()] {
            let mut body = note(&format!("{member} {value}"));
            body[member] = json!(value);
            let answer = host.give("requester@acme", "write-note", body, &[]).await;
            assert!([202, 422].contains(&answer.status.as_u16()), "{}", answer.text);
        }
    }
    let accepted = host.note("requester@acme", "its own").await;
    for tenant in [acme, globex] {
        host.project(tenant).await;
    }
    assert_eq!(host.get("admin@globex", "/api/notes/views/notes").await.json["items"], json!([]));
    assert_eq!(host.database.events(globex).await, 0);
    assert_eq!(host.get("admin@acme", &format!("/api/notes/views/notes/{accepted}")).await.status, 200);
}

#[tokio::test]
async fn row_rules_show_own_rows_or_all() {
    let host = TestHost::new().await;
    host.note("requester@acme", "mine").await;
    let theirs = host.note("admin@acme", "theirs").await;
    let count = async |who: &str| host.get(who, "/api/notes/views/notes").await.json["items"].as_array().unwrap().len();
    assert_eq!((count("requester@acme").await, count("admin@acme").await, count("auditor@acme").await), (1, 2, 2));
    let row = host.get("requester@acme", &format!("/api/notes/views/notes/{theirs}")).await;
    assert_eq!(row.refusal(), (404, "not-found", vec![]));
}

#[tokio::test]
async fn an_operator_sees_numbers_and_tenants_and_no_customer_data() {
    let host = TestHost::new().await;
    let key = host.note("requester@acme", "canary-title").await;
    for path in [
        "/api/notes/views/notes".to_owned(),
        format!("/api/notes/views/notes/{key}"),
        "/api/host/audit".into(),
        "/api/host/runs".into(),
        "/api/host/connections".into(),
        "/api/host/mail-failures".into(),
        "/api/host/members".into(),
        format!("/api/host/members/{UNKNOWN}/open-items"),
        "/api/host/invitations".into(),
        "/api/host/groups".into(),
        "/api/host/roles".into(),
        "/api/session/deputy".into(),
        "/api/session/mail-preferences".into(),
        "/api/session/colleagues?q=canary".into(),
        "/api/live?view=notes/notes".into(),
    ] {
        assert_eq!(host.get("operator", &path).await.refusal(), (403, "no-tenant", vec![]), "{path}");
    }
    assert_eq!(host.give("operator", "write-note", super::note("a"), &[]).await.code(), "no-tenant");
    for path in ["/api/host/tenants", "/api/host/plugins", "/api/host/workflows", "/api/session"] {
        let answer = host.get("operator", path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(!answer.text.to_lowercase().contains("canary"), "{path}");
    }
    let tenants = host.get("operator", "/api/host/tenants").await.json;
    let slugs: Vec<&str> = tenants["items"].as_array().unwrap().iter().filter_map(|one| one["slug"].as_str()).collect();
    assert_eq!(slugs, ["acme", "globex"]);
}

#[tokio::test]
async fn members_of_a_tenant_are_no_operators() {
    let host = TestHost::new().await;
    for path in ["/api/host/tenants", "/api/host/plugins", "/api/host/workflows"] {
        for who in ["admin@acme", "requester@acme"] {
            assert_eq!(host.get(who, path).await.refusal(), (403, "not-an-operator", vec![]), "{who} {path}");
        }
    }
}

/// The routes that answer without a token are exactly the expected ones.
#[tokio::test]
async fn only_public_operations_are_open() {
    let host = TestHost::new().await;
    let mut open = Vec::new();
    for operation in crate::operations::operations() {
        let path =
            operation.path.replace("{plugin}", "notes").replace("{view}", "notes").replace("{command}", "write-note");
        let path =
            path.replace("{*key}", "k").replace("{capability}", "echo").replace("{name}", "n").replace("{id}", "i");
        let path = path.replace("{connection}", "n");
        let request = Request::builder().method(operation.method.to_uppercase().as_str()).uri(path);
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        if answer.status != 401 {
            open.push(operation.path);
        }
    }
    let expected = [
        "/auth/sign-in",
        "/auth/callback",
        "/auth/leave",
        // For the host's own pages only: this request is refused with 403.
        "/auth/sign-out",
        "/docs/errors",
        "/api/openapi.json",
        "/actuator/health",
    ];
    assert_eq!(open, expected);
}

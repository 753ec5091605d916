//! Authentication of bearer tokens, and the errors of invalid ones.

use super::TestHost;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use time::Duration;

async fn refused(host: &TestHost, token: &str) -> (u16, String, String) {
    let request = Request::get("/api/session").header("authorization", format!("Bearer {token}"));
    let answer = host.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.json["trace_id"], answer.headers["x-trace-id"].to_str().unwrap());
    let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
    (answer.status.as_u16(), answer.code().to_owned(), challenge.to_owned())
}

#[tokio::test]
async fn each_fault_of_a_token_is_401_with_its_own_code() {
    let host = TestHost::new().await;
    let good = host.issuer.token_claims("admin@acme", Some("acme"));
    let invalid = "Bearer realm=\"eaf\", error=\"invalid_token\"";
    let mut said = good.clone();
    said.lives = Duration::minutes(-5);
    assert_eq!(refused(&host, &host.issuer.sign(&said)).await, (401, "token-expired".into(), invalid.into()));
    let mut said = good.clone();
    said.not_before = Some(Duration::hours(1));
    assert_eq!(refused(&host, &host.issuer.sign(&said)).await.1, "token-not-yet-valid");
    let mut said = good.clone();
    said.issuer = "https://login.example.org".into();
    assert_eq!(refused(&host, &host.issuer.sign(&said)).await.1, "token-issuer");
    let mut said = good.clone();
    said.audience = "billing".into();
    assert_eq!(refused(&host, &host.issuer.sign(&said)).await.1, "token-audience");
    let mut said = good.clone();
    said.key = (7, "one".into());
    assert_eq!(refused(&host, &host.issuer.sign(&said)).await.1, "token-invalid");
    let none = host.issuer.forge(&host.issuer.sign(&good), json!({ "alg": "none" }), |_| Vec::new());
    assert_eq!(refused(&host, &none).await.1, "token-invalid");
    assert_eq!(refused(&host, "rubbish").await, (401, "token-invalid".into(), invalid.into()));
}

#[tokio::test]
async fn without_a_bearer_token_the_answer_is_a_challenge() {
    let host = TestHost::new().await;
    for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer  ")] {
        let request = header.iter().fold(Request::get("/api/notes/views/notes"), |r, h| r.header("authorization", *h));
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "token-missing"), "{header:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"eaf\"");
    }
}

#[tokio::test]
async fn unknown_people_tenants_and_foreign_members_get_one_error() {
    let host = TestHost::new().await;
    let tokens = [
        host.issuer.token("nobody", Some("acme")),
        host.issuer.token("admin@acme", Some("no-such-tenant")),
        host.issuer.token("admin@acme", Some("globex")),
        host.issuer.token("admin@acme", Some("ACME'; --")),
        host.issuer.token("admin@acme", None),
        host.issuer.token("operator", Some("acme")),
    ];
    for token in tokens {
        let request = Request::get("/api/notes/views/notes").header("authorization", format!("Bearer {token}"));
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), (403, "not-a-member", vec![]));
        // Another sign-in would not help.
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn the_session_has_person_tenant_roles_and_permissions() {
    let host = TestHost::new().await;
    let answer = host.get("requester@acme", "/api/session").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["tenant"], json!({ "slug": "acme", "name": "ACME" }));
    assert_eq!(answer.json["permissions"], json!(["notes.write"]));
    assert_eq!(answer.json["locale"], "de");
    let admin = host.get("admin@acme", "/api/session").await;
    let expected = json!([
        "host.members",
        "host.connections",
        "host.mail-failures",
        "host.runs",
        "host.audit",
        "host.settings",
        "notes.write",
        "notes.archive",
        "notes.read-all"
    ]);
    assert_eq!(admin.json["permissions"], expected);
    let operator = host.get("operator", "/api/session").await;
    assert_eq!((operator.json["kind"].as_str(), &operator.json["permissions"]), (Some("operator"), &json!([])));
}

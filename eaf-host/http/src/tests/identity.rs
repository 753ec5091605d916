//! Who gets in, and what those who do not are told.

use super::House;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use time::Duration;

async fn refused(house: &House, token: &str) -> (u16, String, String) {
    let request = Request::get("/api/session").header("authorization", format!("Bearer {token}"));
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.json["trace_id"], answer.headers["x-trace-id"].to_str().unwrap());
    let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
    (answer.status.as_u16(), answer.code().to_owned(), challenge.to_owned())
}

#[tokio::test]
async fn each_fault_of_a_token_has_its_own_code_and_all_are_401() {
    let house = House::new().await;
    let good = house.issuer.token_claims("admin@acme", Some("acme"));
    let invalid = "Bearer realm=\"eaf\", error=\"invalid_token\"";
    let mut said = good.clone();
    said.lives = Duration::minutes(-5);
    assert_eq!(refused(&house, &house.issuer.sign(&said)).await, (401, "token-expired".into(), invalid.into()));
    let mut said = good.clone();
    said.not_before = Some(Duration::hours(1));
    assert_eq!(refused(&house, &house.issuer.sign(&said)).await.1, "token-not-yet-valid");
    let mut said = good.clone();
    said.issuer = "https://login.example.org".into();
    assert_eq!(refused(&house, &house.issuer.sign(&said)).await.1, "token-issuer");
    let mut said = good.clone();
    said.audience = "billing".into();
    assert_eq!(refused(&house, &house.issuer.sign(&said)).await.1, "token-audience");
    let mut said = good.clone();
    said.key = (7, "one".into());
    assert_eq!(refused(&house, &house.issuer.sign(&said)).await.1, "token-invalid");
    let none = house.issuer.forge(&house.issuer.sign(&good), json!({ "alg": "none" }), |_| Vec::new());
    assert_eq!(refused(&house, &none).await.1, "token-invalid");
    assert_eq!(refused(&house, "rubbish").await, (401, "token-invalid".into(), invalid.into()));
}

#[tokio::test]
async fn without_a_bearer_token_nothing_is_answered_but_the_challenge() {
    let house = House::new().await;
    for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer  ")] {
        let request = header.iter().fold(Request::get("/api/notes/views/notes"), |r, h| r.header("authorization", *h));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "token-missing"), "{header:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"eaf\"");
    }
}

#[tokio::test]
async fn a_stranger_an_unknown_tenant_and_another_tenants_member_are_told_the_same() {
    let house = House::new().await;
    let tokens = [
        house.issuer.token("nobody", Some("acme")),
        house.issuer.token("admin@acme", Some("no-such-tenant")),
        house.issuer.token("admin@acme", Some("globex")),
        house.issuer.token("admin@acme", Some("ACME'; --")),
        house.issuer.token("admin@acme", None),
        house.issuer.token("operator", Some("acme")),
    ];
    for token in tokens {
        let request = Request::get("/api/notes/views/notes").header("authorization", format!("Bearer {token}"));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), (403, "not-a-member", vec![]));
        // Signing in again would change nothing.
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn the_session_says_who_where_and_what_one_may() {
    let house = House::new().await;
    let answer = house.get("requester@acme", "/api/session").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["tenant"], json!({ "slug": "acme", "name": "ACME" }));
    assert_eq!(answer.json["permissions"], json!(["notes.write"]));
    assert_eq!(answer.json["locale"], "de");
    let admin = house.get("admin@acme", "/api/session").await;
    let expected = json!([
        "host.connections",
        "host.mail-failures",
        "host.runs",
        "host.audit",
        "notes.write",
        "notes.archive",
        "notes.read-all"
    ]);
    assert_eq!(admin.json["permissions"], expected);
    let operator = house.get("operator", "/api/session").await;
    assert_eq!((operator.json["kind"].as_str(), &operator.json["permissions"]), (Some("operator"), &json!([])));
}

//! Differences between identity providers, and errors of a misconfigured one.

use super::TestHost;
use super::browser::Browser;
use super::observability::Captured;
use axum::body::Body;
use axum::http::Request;
use eaf_identity::Identity;
use eaf_identity::testing::{Canned, TokenClaims, Unusual, document};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

async fn signed_in_with(host: &TestHost, odd: impl Fn(&mut TokenClaims)) -> u16 {
    let mut browser = Browser::new(host);
    let begun = browser.begin("/auth/sign-in").await;
    let mut token_claims = browser.token_claims(&begun, "admin@acme");
    odd(&mut token_claims);
    browser.finish(&begun, &token_claims).await.status.as_u16()
}

#[tokio::test]
async fn an_id_token_may_have_unused_claims_of_any_type() {
    let host = TestHost::new().await;
    for claims in [
        json!({ "email_verified": "true" }),
        json!({ "updated_at": "2026-01-02T03:04:05.678Z" }),
        json!({ "amr": "pwd" }),
        json!({ "auth_time": "1700000000", "name": null, "locale": 5, "address": [] }),
        json!({ "eaf_tenant": ["acme"] }),
    ] {
        assert_eq!(signed_in_with(&host, |token_claims| token_claims.claims = claims.clone()).await, 303, "{claims}");
    }
    assert_eq!(signed_in_with(&host, |token_claims| token_claims.kind = None).await, 303);
}

#[tokio::test]
async fn a_token_response_is_read_for_its_two_tokens_only() {
    let host = TestHost::new().await;
    for members in [
        json!({ "expires_in": "3599" }),
        json!({ "expires_in": 59.5, "token_type": "bearer" }),
        json!({ "expires_in": null, "token_type": null, "scope": ["openid", "email"] }),
        json!({ "refresh_token": null, "not-before-policy": 0, "token_type": "DPoP", "foci": {} }),
    ] {
        host.issuer.set_behaviour(Unusual { members: members.clone(), ..Unusual::default() });
        assert_eq!(signed_in_with(&host, |_| {}).await, 303, "{members}");
    }
}

#[tokio::test]
async fn further_audiences_are_accepted_in_a_token_for_the_client() {
    let host = TestHost::new().await;
    let project = json!(["eaf", "3141", "2718"]);
    for (claims, status) in [
        (json!({ "aud": project, "azp": "eaf" }), 303),
        (json!({ "aud": "eaf", "azp": null }), 303),
        (json!({ "aud": project, "azp": null }), 500),
        (json!({ "aud": project, "azp": "3141" }), 500),
        (json!({ "aud": ["3141"], "azp": "eaf" }), 500),
        (json!({ "aud": ["eaf"], "azp": ["eaf"] }), 400),
    ] {
        assert_eq!(
            signed_in_with(&host, |token_claims| token_claims.claims = claims.clone()).await,
            status,
            "{claims}"
        );
    }
}

#[tokio::test]
async fn an_outage_of_the_token_endpoint_differs_from_a_configuration_fault() {
    let host = TestHost::new().await;
    let refused = |status, error: &str| Canned::json(status, json!({ "error": error }));
    for (what, canned, status, code) in [
        ("maintenance", Canned::html(503), 503, "identity-unavailable"),
        ("a gateway's fault", Canned::empty(502), 503, "identity-unavailable"),
        ("too often", Canned::json(429, json!({ "error": "rate" })), 503, "identity-unavailable"),
        ("a page in between", Canned::html(200), 503, "identity-unavailable"),
        ("nothing", Canned::empty(200), 503, "identity-unavailable"),
        ("away, it says", refused(400, "temporarily_unavailable"), 503, "identity-unavailable"),
        ("a login proxy", Canned::html(302), 500, "identity-misconfigured"),
        ("a firewall", Canned::html(403), 500, "identity-misconfigured"),
        ("the secret is over", refused(401, "invalid_client"), 500, "identity-misconfigured"),
        ("not allowed to", refused(400, "unauthorized_client"), 500, "identity-misconfigured"),
        ("the code is used", refused(400, "invalid_grant"), 400, "sign-in-failed"),
        ("what nobody knows", refused(400, "canary"), 400, "sign-in-failed"),
        ("no error in it", Canned::json(400, json!({ "message": "canary" })), 400, "sign-in-failed"),
        ("no tokens in it", Canned::json(200, json!({})), 400, "sign-in-failed"),
    ] {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in").await;
        host.issuer.set_behaviour(Unusual { token: Some(canned), ..Unusual::default() });
        let answer = browser.finish(&begun, &browser.token_claims(&begun, "admin@acme")).await;
        host.issuer.set_behaviour(Unusual::default());
        assert_eq!(answer.page(), (status, code.into(), "/auth/sign-in".into()), "{what}");
        assert!(!answer.text.to_lowercase().contains("canary") && browser.session().is_none(), "{what}");
    }
}

#[tokio::test]
async fn the_providers_error_is_in_the_log_and_not_on_the_page() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let said = "AADSTS7000222: The client secret 'canary-secret' of canary@acme.example is expired. Trace ID: 17-a";
    let body = json!({ "error": "invalid_client", "error_description": said });
    host.issuer.set_behaviour(Unusual { token: Some(Canned::json(401, body)), ..Unusual::default() });
    let (log, guard) = Captured::start();
    let exchanged = browser.finish(&begun, &browser.token_claims(&begun, "admin@acme")).await;
    let begun = browser.begin("/auth/sign-in").await;
    let back = "error=invalid_scope&error_description=AADSTS70011%3A+scope+%27canary%27+is+not+valid";
    let sent = format!("/auth/callback?{back}&state={}&iss={}", begun.asked["state"], host.issuer.url);
    let sent = browser.get(&sent).await;
    let begun = browser.begin("/auth/sign-in").await;
    let unknown = format!("/auth/callback?error=canary&state={}&iss={}", begun.asked["state"], host.issuer.url);
    let unknown = browser.get(&unknown).await;
    drop(guard);
    let log = log.text();
    for words in [
        "invalid_client: AADSTS7000222: The client secret … of … is expired. Trace ID: 17-a",
        "invalid_scope: AADSTS70011: scope … is not valid",
        "an error that no standard names",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.to_lowercase().contains("canary"), "{log}");
    for (answer, code) in
        [(exchanged, "identity-misconfigured"), (sent, "identity-misconfigured"), (unknown, "sign-in-failed")]
    {
        assert_eq!(answer.page().1, code);
        assert!(!answer.text.contains("AADSTS") && !answer.text.to_lowercase().contains("canary"));
    }
}

#[tokio::test]
async fn an_issuer_with_another_slash_is_a_configuration_fault_everywhere() {
    let host = TestHost::new().await;
    let with_slash = format!("{}/", host.issuer.url);
    host.issuer
        .set_behaviour(Unusual { discovery: Some(Canned::json(200, document(&with_slash))), ..Unusual::default() });
    let mut app = host.app.clone();
    let identity = Identity::new(&host.issuer.config(), host.issuer.ambient.clone()).expect("configured");
    app.identity = Arc::new(identity);
    let (log, guard) = Captured::start();
    let ask = async |path: &str| {
        let token = format!("Bearer {}", host.token("admin@acme"));
        let request = Request::get(path).header("authorization", token).body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(crate::router(app.clone()), request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    assert_eq!(ask("/actuator/health").await.0, 200, "nobody has asked the provider yet");
    let (status, page) = ask("/auth/sign-in").await;
    assert!(status == 500 && page.contains("<code>identity-misconfigured</code>"), "{status} {page}");
    let (status, answer) = ask("/api/session").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &answer["code"]), (500, &json!("identity-misconfigured")));
    assert_eq!(ask("/actuator/health").await, (503, r#"{"status":"DOWN"}"#.into()));
    drop(guard);
    let (configured, log) = (format!("EAF_OIDC_ISSUER is {}, ", host.issuer.url), log.text());
    assert!(log.contains(&configured) && log.contains(&format!("issuer {with_slash}: ")), "{log}");

    host.issuer.set_behaviour(Unusual::default());
    host.issuer.clock.forward(time::Duration::seconds(11));
    assert_eq!(ask("/api/session").await.0, 200, "mended at the provider");
    assert_eq!(ask("/actuator/health").await.0, 200);
}

#[tokio::test]
async fn the_id_token_of_a_sign_in_does_not_open_the_api() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let id_token = host.issuer.sign(&browser.token_claims(&begun, "admin@acme"));
    for path in ["/api/session", "/api/host/connections", "/api/notes/views/notes"] {
        let request = Request::get(path).header("authorization", format!("Bearer {id_token}"));
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), (401, "token-not-for-access", vec![]), "{path}");
    }
    assert_eq!(host.issuer.exchanged.load(Ordering::SeqCst), 0);
}

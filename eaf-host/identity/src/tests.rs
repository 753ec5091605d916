//! Acceptance and rejection of tokens.

use super::testing::{Canned, Issuer, Unusual, document, key};
use super::{ClaimName, Error, Identity};
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm};
use openidconnect::{PrivateSigningKey, core::CoreJsonWebKeySet};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use time::Duration;

async fn start() -> (Issuer, Identity) {
    let issuer = Issuer::start().await;
    let identity = Identity::new(&issuer.config(), issuer.ambient.clone()).expect("a valid configuration");
    (issuer, identity)
}

async fn refusal(identity: &Identity, token: &str) -> Error {
    match identity.verify(token).await {
        Ok(_) => panic!("the token was believed"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_token_of_the_issuer_is_accepted_with_person_and_tenant() {
    let (issuer, identity) = start().await;
    let verified = identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert_eq!((verified.issuer, verified.subject.as_str()), (issuer.url.clone(), "anna"));
    assert_eq!(verified.tenant.as_deref(), Some("acme"));
    let verified = identity.verify(&issuer.token("olga", None)).await.expect("believed");
    assert_eq!(verified.tenant, None);
}

#[tokio::test]
async fn a_cancelled_caller_does_not_waste_the_request_to_the_provider() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    let mut gone = Box::pin(identity.verify(&token));
    let first = std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "the request is in progress");
    drop(gone);
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_expires_with_a_leeway_of_half_a_minute() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    issuer.clock.forward(Duration::minutes(10) + Duration::seconds(20));
    assert!(identity.verify(&token).await.is_ok());
    issuer.clock.forward(Duration::seconds(20));
    assert!(matches!(refusal(&identity, &token).await, Error::Expired(_)));
}

#[tokio::test]
async fn a_token_is_not_accepted_before_its_time() {
    let (issuer, identity) = start().await;
    let mut token_claims = issuer.token_claims("anna", Some("acme"));
    token_claims.not_before = Some(Duration::minutes(2));
    let token = issuer.sign(&token_claims);
    assert!(matches!(refusal(&identity, &token).await, Error::NotYetValid(_)));
    issuer.clock.forward(Duration::minutes(2));
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_of_another_issuer_or_audience_is_rejected() {
    let (issuer, identity) = start().await;
    let mut other = issuer.token_claims("anna", Some("acme"));
    other.issuer = "https://login.example.org".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Issuer { .. }));
    let mut other = issuer.token_claims("anna", Some("acme"));
    other.audience = "billing".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Audience { .. }));
}

#[tokio::test]
async fn a_modified_token_is_rejected() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    let parts: Vec<&str> = token.split('.').collect();
    let admin = issuer.token("admin", Some("acme"));
    let swapped = format!("{}.{}.{}", parts[0], admin.split('.').nth(1).expect("claims"), parts[2]);
    assert!(matches!(refusal(&identity, &swapped).await, Error::Signature));
    // This token is signed with another key under a published key id.
    let mut forged = issuer.token_claims("admin", Some("acme"));
    forged.key = (9, "one".into());
    assert!(matches!(refusal(&identity, &issuer.sign(&forged)).await, Error::Signature));
}

#[tokio::test]
async fn unsigned_tokens_and_the_public_key_as_hmac_secret_are_rejected() {
    let (issuer, identity) = start().await;
    let good = issuer.token("admin", Some("acme"));
    for name in ["none", "None", "NONE"] {
        let token = issuer.forge(&good, json!({ "alg": name, "kid": "one" }), |_| Vec::new());
        assert!(matches!(refusal(&identity, &token).await, Error::Algorithm(_)), "{name}");
    }
    let published = serde_json::to_value(CoreJsonWebKeySet::new(vec![key(1, "one").as_verification_key()])).unwrap();
    let x = published["keys"][0]["x"].as_str().expect("the public key");
    for secret in [x.as_bytes().to_vec(), base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, x).unwrap()]
    {
        let token = issuer.forge(&good, json!({ "alg": "HS256", "kid": "one" }), |message| {
            CoreHmacKey::new(secret.clone()).sign(&CoreJwsSigningAlgorithm::HmacSha256, message).expect("signed")
        });
        assert!(matches!(refusal(&identity, &token).await, Error::Algorithm(_)));
    }
}

#[tokio::test]
async fn malformed_tokens_are_rejected_without_a_request() {
    let (issuer, identity) = start().await;
    let long = "a".repeat(20_000);
    for token in ["", ".", "..", "a.b.c", "ey.ey.ey", "e30.e30.", long.as_str()] {
        assert!(matches!(refusal(&identity, token).await, Error::Malformed(_) | Error::Algorithm(_)), "{token}");
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_new_key_is_found_and_invented_key_ids_cause_few_requests() {
    let (issuer, identity) = start().await;
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    let mut rotated = issuer.token_claims("anna", Some("acme"));
    rotated.key = (2, "two".into());
    for _ in 0..20 {
        assert!(matches!(refusal(&identity, &issuer.sign(&rotated)).await, Error::Signature));
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1, "requested again within ten seconds");
    issuer.publish(2, "two");
    issuer.clock.forward(Duration::seconds(11));
    identity.verify(&issuer.sign(&rotated)).await.expect("the new key is known now");
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 2);
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("the old key still is");
}

#[tokio::test]
async fn without_the_issuer_the_error_is_an_outage() {
    let issuer = Issuer::start().await;
    let mut config = issuer.config();
    config.issuer = "http://127.0.0.1:1".into();
    let identity = Identity::new(&config, issuer.ambient.clone()).expect("a valid configuration");
    let token = issuer.token("anna", Some("acme"));
    assert!(matches!(refusal(&identity, &token).await, Error::Keys(_)));
}

#[tokio::test]
async fn unused_claims_may_have_any_shape() {
    let (issuer, identity) = start().await;
    for unusual in [
        json!({ "email_verified": "true" }),
        json!({ "updated_at": "2026-01-02T03:04:05.678Z" }),
        json!({ "amr": "pwd", "auth_time": "1700000000", "acr": 1 }),
        json!({ "name": ["Anna"], "locale": { "de": true }, "address": "Berlin", "gender": 1, "birthdate": null }),
        json!({ "iat": "a moment ago", "jti": 17, "groups": "all", "eaf_tenants": ["acme", "globex"] }),
        json!({ "aud": "eaf", "exp": (issuer.ambient.now().unix_timestamp() + 60).to_string() }),
        json!({ "aud": ["billing", 5, "eaf"], "azp": "script", "nbf": null }),
    ] {
        let mut token_claims = issuer.token_claims("anna", Some("acme"));
        token_claims.claims = unusual.clone();
        let verified =
            identity.verify(&issuer.sign(&token_claims)).await.unwrap_or_else(|error| panic!("{error}: {unusual}"));
        assert_eq!((verified.subject.as_str(), verified.tenant.as_deref()), ("anna", Some("acme")), "{unusual}");
    }
}

#[tokio::test]
async fn an_invalid_used_claim_is_named() {
    let (issuer, identity) = start().await;
    for (claim, value) in
        [("exp", json!("soon")), ("exp", json!(null)), ("sub", json!([])), ("eaf_tenant", json!(["acme", "globex"]))]
    {
        let mut token_claims = issuer.token_claims("anna", Some("acme"));
        token_claims.claims = json!({ claim: value });
        let error = refusal(&identity, &issuer.sign(&token_claims)).await.to_string();
        assert!(error.contains(&format!("`{claim}`")), "{error}");
    }
}

#[tokio::test]
async fn tenant_and_person_come_from_the_configured_claims() {
    let issuer = Issuer::start().await;
    let mut config = issuer.config();
    config.tenant_claim = ClaimName::new("https://eaf.example/tenant");
    config.subject_claim = ClaimName::new("/who/oid");
    let identity = Identity::new(&config, issuer.ambient.clone()).expect("a valid configuration");
    let mut token_claims = issuer.token_claims("pairwise", Some("globex"));
    token_claims.claims = json!({ "https://eaf.example/tenant": ["acme"], "who": { "oid": "anna" } });
    let verified = identity.verify(&issuer.sign(&token_claims)).await.expect("believed");
    assert_eq!((verified.subject.as_str(), verified.tenant.as_deref()), ("anna", Some("acme")));
    token_claims.claims = json!({ "https://eaf.example/tenant": "acme" });
    assert!(refusal(&identity, &issuer.sign(&token_claims)).await.to_string().contains("`/who/oid` is missing"));
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let (issuer, identity) = start().await;
    let mut config = issuer.config();
    config.audience = "eaf-api".into();
    let apart = Identity::new(&config, issuer.ambient.clone()).expect("a valid configuration");
    // Each case: type in the header, claims, whether the token is accepted if audience and client
    // id are the same name, and whether it is accepted if they differ.
    for (kind, claims, shared, two) in [
        (Some("at+jwt"), json!({}), true, true),
        (Some("application/at+JWT"), json!({ "nonce": "n" }), true, true),
        (Some("JWT"), json!({ "typ": "Bearer", "nonce": "n" }), true, true),
        (Some("JWT"), json!({ "token_use": "access" }), true, true),
        (None, json!({ "scope": "openid" }), true, true),
        (Some("JWT"), json!({ "scp": ["eaf"] }), true, true),
        (Some("JWT"), json!({}), false, true),
        (None, json!({ "nonce": "n" }), false, false),
        (Some("JWT"), json!({ "at_hash": "h", "scope": "openid" }), false, false),
        (Some("JWT"), json!({ "typ": "ID" }), false, false),
        (Some("JWT"), json!({ "token_use": "id", "client_id": "eaf" }), false, false),
        (Some("JWT"), json!({ "typ": "Refresh", "scope": "openid" }), false, false),
        (Some("logout+jwt"), json!({ "scope": "openid" }), false, false),
        (Some("JWT"), json!({ "events": {}, "scope": "openid" }), false, false),
    ] {
        for (identity, audience, accepted) in [(&identity, "eaf", shared), (&apart, "eaf-api", two)] {
            let mut token_claims = issuer.token_claims("anna", Some("acme"));
            (token_claims.kind, token_claims.claims, token_claims.audience) = (kind, claims.clone(), audience.into());
            match identity.verify(&issuer.sign(&token_claims)).await {
                Ok(_) => assert!(accepted, "{kind:?} {claims} {audience}"),
                Err(Error::NotForAccess(_)) => assert!(!accepted, "{kind:?} {claims} {audience}"),
                Err(other) => panic!("{other}: {kind:?} {claims} {audience}"),
            }
        }
    }
}

#[tokio::test]
async fn the_log_has_issuer_and_audience_of_signed_tokens_only() {
    let (issuer, identity) = start().await;
    let mut token_claims = issuer.token_claims("anna", Some("acme"));
    token_claims.issuer = "https://sts.example/canary".into();
    assert!(refusal(&identity, &issuer.sign(&token_claims)).await.to_string().contains("https://sts.example/canary"));
    token_claims.key = (9, "one".into());
    assert!(!refusal(&identity, &issuer.sign(&token_claims)).await.to_string().contains("canary"));
    let mut token_claims = issuer.token_claims("anna", Some("acme"));
    token_claims.audience = "api://4711".into();
    let error = refusal(&identity, &issuer.sign(&token_claims)).await.to_string();
    assert!(error.contains("api://4711") && error.contains("not for eaf"), "{error}");
    let encrypted = refusal(&identity, "a.b.c.d.e").await;
    assert!(matches!(encrypted, Error::Encrypted));
}

#[tokio::test]
async fn a_token_without_a_key_id_is_accepted_with_any_key() {
    use openidconnect::PrivateSigningKey as _;
    let (issuer, identity) = start().await;
    issuer.publish(2, "two");
    let good = issuer.token("anna", Some("acme"));
    let sign = |seed: u8| {
        issuer.forge(&good, json!({ "alg": "EdDSA", "typ": "at+jwt" }), |message| {
            key(seed, "any").sign(&CoreJwsSigningAlgorithm::EdDsa, message).expect("signed")
        })
    };
    assert!(identity.verify(&sign(1)).await.is_ok() && identity.verify(&sign(2)).await.is_ok());
    assert!(matches!(refusal(&identity, &sign(3)).await, Error::Signature));
}

fn discovered(document: Value) -> Unusual {
    Unusual { discovery: Some(Canned::json(200, document)), ..Unusual::default() }
}

#[tokio::test]
async fn a_configuration_fault_is_distinguished_from_an_outage() {
    let issuer = Issuer::start().await;
    let slash = document(&format!("{}/", issuer.url));
    let mut without_keys = document(&issuer.url);
    without_keys["jwks_uri"] = Value::Null;
    let canned = |canned| Unusual { discovery: Some(canned), ..Unusual::default() };
    let keys = |canned| Unusual { keys: Some(canned), ..Unusual::default() };
    for (what, unusual, outage) in [
        ("another issuer", discovered(slash), false),
        ("no jwks_uri", discovered(without_keys), false),
        ("an application in its place", canned(Canned::html(200)), false),
        ("nothing there", canned(Canned::json(404, json!({}))), false),
        ("a login proxy", canned(Canned::empty(302)), false),
        ("no key set", keys(Canned::json(200, json!([]))), false),
        ("maintenance", canned(Canned::html(503)), true),
        ("too often", canned(Canned::json(429, json!({}))), true),
        ("keys in maintenance", keys(Canned::html(502)), true),
    ] {
        let identity = Identity::new(&issuer.config(), issuer.ambient.clone()).expect("a valid configuration");
        issuer.set_behaviour(unusual);
        // The second attempt is within the minimum time between two refreshes.
        for _ in 0..2 {
            let error = refusal(&identity, &issuer.token("anna", Some("acme"))).await;
            assert!(matches!(error, Error::Keys(_)), "{what}: {error}");
            assert_eq!((error.is_outage(), identity.is_misconfigured()), (outage, !outage), "{what}");
        }
        issuer.set_behaviour(Unusual::default());
        issuer.clock.forward(Duration::seconds(11));
        identity.verify(&issuer.token("anna", Some("acme"))).await.expect("mended");
        assert!(!identity.is_misconfigured());
    }
}

#[tokio::test]
async fn cached_keys_stay_in_use_whatever_the_provider_answers() {
    let (issuer, identity) = start().await;
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    issuer.set_behaviour(discovered(document("https://moved.example")));
    issuer.clock.forward(Duration::hours(2));
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert!(!identity.is_misconfigured());
}

#[tokio::test]
async fn a_discovery_document_may_be_text_and_lack_unused_members() {
    let issuer = Issuer::start().await;
    let mut small = document(&issuer.url);
    for member in ["response_types_supported", "subject_types_supported", "end_session_endpoint"] {
        small[member] = json!("");
    }
    let identity = Identity::new(&issuer.config(), issuer.ambient.clone()).expect("a valid configuration");
    let canned = Canned { status: 200, content_type: "text/plain", body: small.to_string() };
    issuer.set_behaviour(Unusual { discovery: Some(canned), ..Unusual::default() });
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
}

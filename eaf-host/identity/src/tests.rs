//! Which tokens are believed.

use super::testing::{Canned, Issuer, Odd, document, key};
use super::{ClaimName, Error, Identity};
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm};
use openidconnect::{PrivateSigningKey, core::CoreJsonWebKeySet};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use time::Duration;

async fn start() -> (Issuer, Identity) {
    let issuer = Issuer::start().await;
    let identity = Identity::new(&issuer.config(), issuer.world.clone()).expect("a valid configuration");
    (issuer, identity)
}

async fn refusal(identity: &Identity, token: &str) -> Error {
    match identity.verify(token).await {
        Ok(_) => panic!("the token was believed"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_token_of_the_issuer_is_believed_and_names_person_and_tenant() {
    let (issuer, identity) = start().await;
    let verified = identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert_eq!((verified.issuer, verified.subject.as_str()), (issuer.url.clone(), "anna"));
    assert_eq!(verified.tenant.as_deref(), Some("acme"));
    let verified = identity.verify(&issuer.token("olga", None)).await.expect("believed");
    assert_eq!(verified.tenant, None);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_use_up_the_question_to_the_provider() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    let mut gone = Box::pin(identity.verify(&token));
    let first = std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "the provider is being asked");
    drop(gone);
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_time_give_or_take_half_a_minute() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    issuer.clock.forward(Duration::minutes(10) + Duration::seconds(20));
    assert!(identity.verify(&token).await.is_ok());
    issuer.clock.forward(Duration::seconds(20));
    assert!(matches!(refusal(&identity, &token).await, Error::Expired(_)));
}

#[tokio::test]
async fn a_token_is_not_believed_before_its_time() {
    let (issuer, identity) = start().await;
    let mut saying = issuer.saying("anna", Some("acme"));
    saying.not_before = Some(Duration::minutes(2));
    let token = issuer.sign(&saying);
    assert!(matches!(refusal(&identity, &token).await, Error::NotYetValid(_)));
    issuer.clock.forward(Duration::minutes(2));
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_by_or_for_someone_else_is_refused() {
    let (issuer, identity) = start().await;
    let mut other = issuer.saying("anna", Some("acme"));
    other.issuer = "https://login.example.org".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Issuer { .. }));
    let mut other = issuer.saying("anna", Some("acme"));
    other.audience = "billing".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Audience { .. }));
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    let parts: Vec<&str> = token.split('.').collect();
    let admin = issuer.token("admin", Some("acme"));
    let swapped = format!("{}.{}.{}", parts[0], admin.split('.').nth(1).expect("claims"), parts[2]);
    assert!(matches!(refusal(&identity, &swapped).await, Error::Signature));
    // Under a published key id, but made with another key.
    let mut forged = issuer.saying("admin", Some("acme"));
    forged.key = (9, "one".into());
    assert!(matches!(refusal(&identity, &issuer.sign(&forged)).await, Error::Signature));
}

#[tokio::test]
async fn unsigned_tokens_and_the_public_key_as_a_shared_secret_are_refused() {
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
async fn rubbish_is_refused_without_asking_the_issuer() {
    let (issuer, identity) = start().await;
    let long = "a".repeat(20_000);
    for token in ["", ".", "..", "a.b.c", "ey.ey.ey", "e30.e30.", long.as_str()] {
        assert!(matches!(refusal(&identity, token).await, Error::Malformed(_) | Error::Algorithm(_)), "{token}");
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_new_key_is_found_and_invented_key_ids_do_not_hammer_the_issuer() {
    let (issuer, identity) = start().await;
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    let mut rotated = issuer.saying("anna", Some("acme"));
    rotated.key = (2, "two".into());
    for _ in 0..20 {
        assert!(matches!(refusal(&identity, &issuer.sign(&rotated)).await, Error::Signature));
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1, "asked again within ten seconds");
    issuer.publish(2, "two");
    issuer.clock.forward(Duration::seconds(11));
    identity.verify(&issuer.sign(&rotated)).await.expect("the new key is known now");
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 2);
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("the old key still is");
}

#[tokio::test]
async fn without_the_issuer_the_fault_is_not_the_callers() {
    let issuer = Issuer::start().await;
    let mut config = issuer.config();
    config.issuer = "http://127.0.0.1:1".into();
    let identity = Identity::new(&config, issuer.world.clone()).expect("a valid configuration");
    let token = issuer.token("anna", Some("acme"));
    assert!(matches!(refusal(&identity, &token).await, Error::Keys(_)));
}

#[tokio::test]
async fn claims_that_nobody_reads_may_have_any_shape() {
    let (issuer, identity) = start().await;
    for odd in [
        json!({ "email_verified": "true" }),
        json!({ "updated_at": "2026-01-02T03:04:05.678Z" }),
        json!({ "amr": "pwd", "auth_time": "1700000000", "acr": 1 }),
        json!({ "name": ["Anna"], "locale": { "de": true }, "address": "Berlin", "gender": 1, "birthdate": null }),
        json!({ "iat": "a moment ago", "jti": 17, "groups": "all", "eaf_tenants": ["acme", "globex"] }),
        json!({ "aud": "eaf", "exp": (issuer.world.now().unix_timestamp() + 60).to_string() }),
        json!({ "aud": ["billing", 5, "eaf"], "azp": "script", "nbf": null }),
    ] {
        let mut saying = issuer.saying("anna", Some("acme"));
        saying.claims = odd.clone();
        let verified = identity.verify(&issuer.sign(&saying)).await.unwrap_or_else(|told| panic!("{told}: {odd}"));
        assert_eq!((verified.subject.as_str(), verified.tenant.as_deref()), ("anna", Some("acme")), "{odd}");
    }
}

#[tokio::test]
async fn a_claim_that_is_read_is_named_when_it_is_wrong() {
    let (issuer, identity) = start().await;
    for (claim, value) in
        [("exp", json!("soon")), ("exp", json!(null)), ("sub", json!([])), ("eaf_tenant", json!(["acme", "globex"]))]
    {
        let mut saying = issuer.saying("anna", Some("acme"));
        saying.claims = json!({ claim: value });
        let told = refusal(&identity, &issuer.sign(&saying)).await.to_string();
        assert!(told.contains(&format!("`{claim}`")), "{told}");
    }
}

#[tokio::test]
async fn tenant_and_person_are_read_from_the_claims_that_the_settings_name() {
    let issuer = Issuer::start().await;
    let mut config = issuer.config();
    config.tenant_claim = ClaimName::new("https://eaf.example/tenant");
    config.subject_claim = ClaimName::new("/who/oid");
    let identity = Identity::new(&config, issuer.world.clone()).expect("a valid configuration");
    let mut saying = issuer.saying("pairwise", Some("globex"));
    saying.claims = json!({ "https://eaf.example/tenant": ["acme"], "who": { "oid": "anna" } });
    let verified = identity.verify(&issuer.sign(&saying)).await.expect("believed");
    assert_eq!((verified.subject.as_str(), verified.tenant.as_deref()), ("anna", Some("acme")));
    saying.claims = json!({ "https://eaf.example/tenant": "acme" });
    assert!(refusal(&identity, &issuer.sign(&saying)).await.to_string().contains("`/who/oid` is missing"));
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let (issuer, identity) = start().await;
    let mut config = issuer.config();
    config.audience = "eaf-api".into();
    let apart = Identity::new(&config, issuer.world.clone()).expect("a valid configuration");
    // What is in header and claims, whether it is accepted where API and client have one name, and where they have two.
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
            let mut saying = issuer.saying("anna", Some("acme"));
            (saying.kind, saying.claims, saying.audience) = (kind, claims.clone(), audience.into());
            match identity.verify(&issuer.sign(&saying)).await {
                Ok(_) => assert!(accepted, "{kind:?} {claims} {audience}"),
                Err(Error::NotForAccess(_)) => assert!(!accepted, "{kind:?} {claims} {audience}"),
                Err(other) => panic!("{other}: {kind:?} {claims} {audience}"),
            }
        }
    }
}

#[tokio::test]
async fn the_log_learns_issuer_and_audience_of_what_the_provider_signed_and_of_nothing_else() {
    let (issuer, identity) = start().await;
    let mut saying = issuer.saying("anna", Some("acme"));
    saying.issuer = "https://sts.example/canary".into();
    assert!(refusal(&identity, &issuer.sign(&saying)).await.to_string().contains("https://sts.example/canary"));
    saying.key = (9, "one".into());
    assert!(!refusal(&identity, &issuer.sign(&saying)).await.to_string().contains("canary"));
    let mut saying = issuer.saying("anna", Some("acme"));
    saying.audience = "api://4711".into();
    let told = refusal(&identity, &issuer.sign(&saying)).await.to_string();
    assert!(told.contains("api://4711") && told.contains("not for eaf"), "{told}");
    let encrypted = refusal(&identity, "a.b.c.d.e").await;
    assert!(matches!(encrypted, Error::Encrypted));
}

#[tokio::test]
async fn a_token_that_names_no_key_is_believed_if_any_key_signed_it() {
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

fn discovered(document: Value) -> Odd {
    Odd { discovery: Some(Canned::json(200, document)), ..Odd::default() }
}

#[tokio::test]
async fn a_configuration_fault_is_told_apart_from_an_outage() {
    let issuer = Issuer::start().await;
    let slash = document(&format!("{}/", issuer.url));
    let mut without_keys = document(&issuer.url);
    without_keys["jwks_uri"] = Value::Null;
    let canned = |canned| Odd { discovery: Some(canned), ..Odd::default() };
    let keys = |canned| Odd { keys: Some(canned), ..Odd::default() };
    for (what, odd, outage) in [
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
        let identity = Identity::new(&issuer.config(), issuer.world.clone()).expect("a valid configuration");
        issuer.becomes(odd);
        // The second one falls into the time in which the provider is not asked again.
        for _ in 0..2 {
            let told = refusal(&identity, &issuer.token("anna", Some("acme"))).await;
            assert!(matches!(told, Error::Keys(_)), "{what}: {told}");
            assert_eq!((told.is_outage(), identity.is_misconfigured()), (outage, !outage), "{what}");
        }
        issuer.becomes(Odd::default());
        issuer.clock.forward(Duration::seconds(11));
        identity.verify(&issuer.token("anna", Some("acme"))).await.expect("mended");
        assert!(!identity.is_misconfigured());
    }
}

#[tokio::test]
async fn keys_that_are_there_stay_in_use_whatever_the_provider_answers_later() {
    let (issuer, identity) = start().await;
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    issuer.becomes(discovered(document("https://moved.example")));
    issuer.clock.forward(Duration::hours(2));
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
    assert!(!identity.is_misconfigured());
}

#[tokio::test]
async fn a_discovery_document_may_be_announced_as_text_and_lack_what_nobody_reads() {
    let issuer = Issuer::start().await;
    let mut small = document(&issuer.url);
    for member in ["response_types_supported", "subject_types_supported", "end_session_endpoint"] {
        small[member] = json!("");
    }
    let identity = Identity::new(&issuer.config(), issuer.world.clone()).expect("a valid configuration");
    let canned = Canned { status: 200, content_type: "text/plain", body: small.to_string() };
    issuer.becomes(Odd { discovery: Some(canned), ..Odd::default() });
    identity.verify(&issuer.token("anna", Some("acme"))).await.expect("believed");
}

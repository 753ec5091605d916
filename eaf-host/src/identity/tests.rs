//! Which tokens are believed.

use super::testing::{Issuer, key};
use super::{Error, Identity};
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm};
use openidconnect::{PrivateSigningKey, core::CoreJsonWebKeySet};
use serde_json::json;
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
    let gone = tokio::time::timeout(std::time::Duration::ZERO, identity.verify(&token)).await;
    assert!(gone.is_err(), "the provider is being asked");
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_time_give_or_take_half_a_minute() {
    let (issuer, identity) = start().await;
    let token = issuer.token("anna", Some("acme"));
    issuer.clock.forward(Duration::minutes(10) + Duration::seconds(20));
    assert!(identity.verify(&token).await.is_ok());
    issuer.clock.forward(Duration::seconds(20));
    assert!(matches!(refusal(&identity, &token).await, Error::Expired));
}

#[tokio::test]
async fn a_token_is_not_believed_before_its_time() {
    let (issuer, identity) = start().await;
    let mut saying = issuer.saying("anna", Some("acme"));
    saying.not_before = Some(Duration::minutes(2));
    let token = issuer.sign(&saying);
    assert!(matches!(refusal(&identity, &token).await, Error::NotYetValid));
    issuer.clock.forward(Duration::minutes(2));
    assert!(identity.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_by_or_for_someone_else_is_refused() {
    let (issuer, identity) = start().await;
    let mut other = issuer.saying("anna", Some("acme"));
    other.issuer = "https://login.example.org".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Issuer));
    let mut other = issuer.saying("anna", Some("acme"));
    other.audience = "billing".into();
    assert!(matches!(refusal(&identity, &issuer.sign(&other)).await, Error::Audience));
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
        assert!(matches!(refusal(&identity, &token).await, Error::Signature | Error::Malformed), "{name}");
    }
    let published = serde_json::to_value(CoreJsonWebKeySet::new(vec![key(1, "one").as_verification_key()])).unwrap();
    let x = published["keys"][0]["x"].as_str().expect("the public key");
    for secret in [x.as_bytes().to_vec(), base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, x).unwrap()]
    {
        let token = issuer.forge(&good, json!({ "alg": "HS256", "kid": "one" }), |message| {
            CoreHmacKey::new(secret.clone()).sign(&CoreJwsSigningAlgorithm::HmacSha256, message).expect("signed")
        });
        assert!(matches!(refusal(&identity, &token).await, Error::Signature));
    }
}

#[tokio::test]
async fn rubbish_is_refused_without_asking_the_issuer() {
    let (issuer, identity) = start().await;
    let long = "a".repeat(20_000);
    for token in ["", ".", "..", "a.b.c", "ey.ey.ey", "e30.e30.", long.as_str()] {
        assert!(matches!(refusal(&identity, token).await, Error::Malformed), "{token}");
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

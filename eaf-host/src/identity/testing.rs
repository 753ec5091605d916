//! An issuer for tests: real discovery, real keys, a real token endpoint, over a real socket.

use super::{Announced, Claims, Config, Metadata, Token};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use eaf_core::clock::{Clock, Entropy, World};
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::form_urlencoded;
use openidconnect::{
    AccessToken, Audience, AuthUrl, ClientId, ClientSecret, EndSessionUrl, IdTokenClaims, IssuerUrl, JsonWebKeyId,
    JsonWebKeySetUrl, LogoutProviderMetadata, Nonce, PrivateSigningKey, ResponseTypes, StandardClaims,
    SubjectIdentifier, TokenUrl,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use time::{Duration, OffsetDateTime};

/// A clock that a test turns.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(by.whole_milliseconds() as i64, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + Duration::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has entropy");
    }
}

pub fn world() -> (World, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    (World { clock: clock.clone(), entropy: Arc::new(OsEntropy) }, clock)
}

/// A key pair made from one byte; the same byte is the same key.
pub fn key(seed: u8, kid: &str) -> CoreEdDsaPrivateSigningKey {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([seed; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(kid.into()))).expect("a valid key")
}

pub struct Issuer {
    pub url: String,
    pub world: World,
    pub clock: Arc<TestClock>,
    published: Arc<Mutex<Vec<(u8, String)>>>,
    /// How often the keys were fetched.
    pub fetched: Arc<AtomicUsize>,
    grants: Grants,
}

/// By code.
type Grants = Arc<Mutex<HashMap<String, Grant>>>;

/// What a code stands for.
pub struct Grant {
    pub id_token: Option<String>,
    pub challenge: String,
    pub redirect_uri: String,
}

/// The access token of every answer.
pub const ACCESS_TOKEN: &str = "canary-access-token";
pub const SECRET: &str = "canary client secret";
pub const PUBLIC_URL: &str = "https://eaf.example";

/// What a token says; change one member to make it wrong.
#[derive(Clone)]
pub struct Saying {
    pub subject: String,
    pub tenant: Option<String>,
    pub issuer: String,
    pub audience: String,
    pub lives: Duration,
    pub not_before: Option<Duration>,
    pub key: (u8, String),
    pub nonce: Option<String>,
    /// Beside the audience.
    pub further_audience: Option<String>,
    pub party: Option<String>,
    /// The access token that `at_hash` is made of.
    pub access_token: Option<String>,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let published = Arc::new(Mutex::new(vec![(1, "one".to_owned())]));
        let fetched = Arc::new(AtomicUsize::new(0));
        let metadata = metadata(&url);
        let (keys, count) = (published.clone(), fetched.clone());
        let jwks = async move || {
            count.fetch_add(1, Ordering::SeqCst);
            let keys = keys.lock().expect("no panic while held");
            let keys = keys.iter().map(|(seed, kid)| key(*seed, kid).as_verification_key()).collect();
            Json(serde_json::to_value(CoreJsonWebKeySet::new(keys)).expect("serialisable"))
        };
        let grants = Grants::default();
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route("/jwks", get(jwks))
            .route("/token", post(exchange))
            .with_state(grants.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let (world, clock) = world();
        Issuer { url, world, clock, published, fetched, grants }
    }

    pub fn config(&self) -> Config {
        Config {
            issuer: self.url.clone(),
            audience: "eaf".into(),
            client_id: "eaf".into(),
            client_secret: ClientSecret::new(SECRET.into()),
            public_url: PUBLIC_URL.into(),
        }
    }

    /// A code for this.
    pub fn grant(&self, grant: Grant) -> String {
        let code = URL_SAFE_NO_PAD.encode(self.world.bytes::<12>());
        self.grants.lock().expect("no panic while held").insert(code.clone(), grant);
        code
    }

    pub fn publish(&self, seed: u8, kid: &str) {
        self.published.lock().expect("no panic while held").push((seed, kid.into()));
    }

    /// A good token's content.
    pub fn saying(&self, subject: &str, tenant: Option<&str>) -> Saying {
        Saying {
            subject: subject.into(),
            tenant: tenant.map(Into::into),
            issuer: self.url.clone(),
            audience: "eaf".into(),
            lives: Duration::minutes(10),
            not_before: None,
            key: (1, "one".into()),
            nonce: None,
            further_audience: None,
            party: None,
            access_token: None,
        }
    }

    pub fn token(&self, subject: &str, tenant: Option<&str>) -> String {
        self.sign(&self.saying(subject, tenant))
    }

    pub fn sign(&self, saying: &Saying) -> String {
        let now = self.world.now();
        let claims = IdTokenClaims::new(
            IssuerUrl::new(saying.issuer.clone()).expect("a URL"),
            std::iter::once(&saying.audience)
                .chain(&saying.further_audience)
                .map(|audience| Audience::new(audience.clone()))
                .collect(),
            SystemTime::from(now + saying.lives).into(),
            SystemTime::from(now).into(),
            StandardClaims::new(SubjectIdentifier::new(saying.subject.clone())),
            Claims {
                eaf_tenant: saying.tenant.clone(),
                nbf: saying.not_before.map(|after| (now + after).unix_timestamp() as f64),
            },
        )
        .set_nonce(saying.nonce.clone().map(Nonce::new))
        .set_authorized_party(saying.party.clone().map(ClientId::new));
        let key = key(saying.key.0, &saying.key.1);
        let access = saying.access_token.clone().map(AccessToken::new);
        Token::new(claims, &key, CoreJwsSigningAlgorithm::EdDsa, access.as_ref(), None).expect("signed").to_string()
    }

    /// A token with any header and signature, around the claims of a good one.
    pub fn forge(&self, good: &str, header: Value, signature: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = good.split('.').nth(1).expect("a JWT");
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(signature(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// As RFC 6749 and 7636 want it: the client's secret, the same address, the verifier, and each code once.
async fn exchange(State(grants): State<Grants>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let refused =
        |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": "canary" })));
    let basic = format!("Basic {}", STANDARD.encode(format!("eaf:{}", SECRET.replace(' ', "+"))));
    if headers.get("authorization").is_none_or(|given| *given != basic) {
        return refused("invalid_client");
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let Some(grant) = grants.lock().expect("no panic while held").remove(&form["code"]) else {
        return refused("invalid_grant");
    };
    let verified = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == grant.challenge;
    if !verified || form["redirect_uri"] != grant.redirect_uri {
        return refused("invalid_grant");
    }
    let mut answer = json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60 });
    if let Some(id_token) = grant.id_token {
        answer["id_token"] = id_token.into();
    }
    (StatusCode::OK, Json(answer))
}

fn metadata(url: &str) -> Value {
    let metadata = Metadata::new(
        IssuerUrl::new(url.into()).expect("a URL"),
        AuthUrl::new(format!("{url}/authorize")).expect("a URL"),
        JsonWebKeySetUrl::new(format!("{url}/jwks")).expect("a URL"),
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![CoreJwsSigningAlgorithm::EdDsa],
        LogoutProviderMetadata {
            end_session_endpoint: Some(EndSessionUrl::new(format!("{url}/end-session")).expect("a URL")),
            additional_metadata: Announced { authorization_response_iss_parameter_supported: true },
        },
    )
    .set_token_endpoint(Some(TokenUrl::new(format!("{url}/token")).expect("a URL")));
    let value = serde_json::to_value(metadata).expect("serialisable");
    assert_eq!(value["issuer"], json!(url));
    value
}

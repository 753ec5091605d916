//! Issuer for tests with real discovery, keys and token endpoint, over a real socket.

use super::{ClaimName, Config};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use eaf_core::clock::{Ambient, Clock, Entropy};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::url::form_urlencoded;
use openidconnect::{AccessToken, AccessTokenHash, ClientSecret, JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime};

/// A clock that tests advance.
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

pub fn ambient() -> (Ambient, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    (Ambient { clock: clock.clone(), entropy: Arc::new(OsEntropy) }, clock)
}

/// Creates the key pair that belongs to `seed`, so that tests can name a key by one byte.
pub fn key(seed: u8, kid: &str) -> CoreEdDsaPrivateSigningKey {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([seed; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(kid.into()))).expect("a valid key")
}

pub struct Issuer {
    pub url: String,
    pub ambient: Ambient,
    pub clock: Arc<TestClock>,
    published: Arc<Mutex<Vec<(u8, String)>>>,
    /// Number of requests for the issuer's keys.
    pub fetched: Arc<AtomicUsize>,
    /// Number of requests that exchange a code for tokens.
    pub exchanged: Arc<AtomicUsize>,
    grants: Grants,
    unusual: Arc<Mutex<Unusual>>,
}

/// Unusual answers that a provider, or a proxy in front of it, may give. `None`: the issuer gives
/// its usual answer.
#[derive(Default)]
pub struct Unusual {
    pub discovery: Option<Canned>,
    pub keys: Option<Canned>,
    pub token: Option<Canned>,
    /// Members that are added to a valid token answer or replace its members. A null removes a
    /// member.
    pub members: Value,
}

/// HTTP answer that the issuer sends in place of its usual one.
#[derive(Clone)]
pub struct Canned {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Canned {
    pub fn json(status: u16, body: Value) -> Self {
        Canned { status, content_type: "application/json", body: body.to_string() }
    }

    pub fn html(status: u16) -> Self {
        Canned { status, content_type: "text/html", body: "<!doctype html><title>Canary</title>".into() }
    }

    pub fn empty(status: u16) -> Self {
        Canned { status, content_type: "text/plain", body: String::new() }
    }
}

impl IntoResponse for Canned {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a status");
        let headers = [(header::CONTENT_TYPE, self.content_type), (header::LOCATION, "https://login.example.org/")];
        let mut response = (status, self.body).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Grants of the test issuer by their authorization code.
type Grants = Arc<Mutex<HashMap<String, Grant>>>;

/// Grant of an authorization code: the ID token that the code is exchanged for, and the values that
/// the exchange must match.
pub struct Grant {
    pub id_token: Option<String>,
    pub challenge: String,
    pub redirect_uri: String,
}

/// Access token in every answer of the token endpoint.
pub const ACCESS_TOKEN: &str = "canary-access-token";
pub const SECRET: &str = "canary client secret";
pub const PUBLIC_URL: &str = "https://eaf.example";

/// Contents of a token that a test signs. A test changes one field to make the token invalid.
#[derive(Clone)]
pub struct TokenClaims {
    pub subject: String,
    pub tenant: Option<String>,
    pub issuer: String,
    pub audience: String,
    pub lives: Duration,
    pub not_before: Option<Duration>,
    pub key: (u8, String),
    pub nonce: Option<String>,
    /// Second audience of the token; `None`: the token has only one audience.
    pub further_audience: Option<String>,
    pub party: Option<String>,
    /// Access token whose hash is the claim `at_hash`; `None`: the token lacks this claim.
    pub access_token: Option<String>,
    /// Value of `typ` in the token's header; `None`: the header lacks it.
    pub kind: Option<&'static str>,
    /// Claims that are added to the others or replace them. A null removes a claim.
    pub claims: Value,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let published = Arc::new(Mutex::new(vec![(1, "one".to_owned())]));
        let fetched = Arc::new(AtomicUsize::new(0));
        let exchanged = Arc::new(AtomicUsize::new(0));
        let grants = Grants::default();
        let unusual = Arc::new(Mutex::new(Unusual::default()));
        let parts = Parts {
            url: url.clone(),
            published: published.clone(),
            fetched: fetched.clone(),
            exchanged: exchanged.clone(),
            grants: grants.clone(),
            unusual: unusual.clone(),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(exchange))
            .with_state(parts);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let (ambient, clock) = ambient();
        Issuer { url, ambient, clock, published, fetched, exchanged, grants, unusual }
    }

    /// Replaces the issuer's unusual answers from now on.
    pub fn set_behaviour(&self, unusual: Unusual) {
        *self.unusual.lock().expect("no poisoned lock") = unusual;
    }

    pub fn config(&self) -> Config {
        Config {
            issuer: self.url.clone(),
            audience: "eaf".into(),
            client_id: "eaf".into(),
            client_secret: ClientSecret::new(SECRET.into()),
            tenant_claim: ClaimName::new("eaf_tenant"),
            subject_claim: ClaimName::new("sub"),
            sign_out_hint: true,
            public_url: PUBLIC_URL.into(),
        }
    }

    /// Creates an authorization code for this grant.
    pub fn grant(&self, grant: Grant) -> String {
        let code = URL_SAFE_NO_PAD.encode(self.ambient.bytes::<12>());
        self.grants.lock().expect("no poisoned lock").insert(code.clone(), grant);
        code
    }

    pub fn publish(&self, seed: u8, kid: &str) {
        self.published.lock().expect("no poisoned lock").push((seed, kid.into()));
    }

    /// Contents of a valid access token.
    pub fn token_claims(&self, subject: &str, tenant: Option<&str>) -> TokenClaims {
        TokenClaims {
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
            kind: Some("at+jwt"),
            claims: Value::Null,
        }
    }

    pub fn token(&self, subject: &str, tenant: Option<&str>) -> String {
        self.sign(&self.token_claims(subject, tenant))
    }

    pub fn sign(&self, token_claims: &TokenClaims) -> String {
        let now = self.ambient.now();
        let key = key(token_claims.key.0, &token_claims.key.1);
        let at_hash = token_claims.access_token.clone().map(|token| {
            let (token, algorithm) = (AccessToken::new(token), CoreJwsSigningAlgorithm::EdDsa);
            AccessTokenHash::from_token(&token, &algorithm, &key.as_verification_key()).expect("hashed").to_string()
        });
        let audiences: Vec<&String> =
            std::iter::once(&token_claims.audience).chain(&token_claims.further_audience).collect();
        let mut claims = json!({
            "iss": token_claims.issuer,
            "sub": token_claims.subject,
            "aud": audiences,
            "iat": now.unix_timestamp(),
            "exp": (now + token_claims.lives).unix_timestamp(),
            "nbf": token_claims.not_before.map(|after| (now + after).unix_timestamp()),
            "eaf_tenant": token_claims.tenant,
            "nonce": token_claims.nonce,
            "azp": token_claims.party,
            "at_hash": at_hash,
        });
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        merge(&mut claims, &token_claims.claims);
        let mut header = json!({ "alg": "EdDSA", "kid": token_claims.key.1 });
        if let Some(kind) = token_claims.kind {
            header["typ"] = kind.into();
        }
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("signed");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Token with the claims of the valid token `good`, but with the given header and signature.
    pub fn forge(&self, good: &str, header: Value, signature: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = good.split('.').nth(1).expect("a JWT");
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(signature(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

#[derive(Clone)]
struct Parts {
    url: String,
    published: Arc<Mutex<Vec<(u8, String)>>>,
    fetched: Arc<AtomicUsize>,
    exchanged: Arc<AtomicUsize>,
    grants: Grants,
    unusual: Arc<Mutex<Unusual>>,
}

async fn discovery(State(parts): State<Parts>) -> Response {
    if let Some(canned) = parts.unusual.lock().expect("no poisoned lock").discovery.clone() {
        return canned.into_response();
    }
    Json(document(&parts.url)).into_response()
}

/// Discovery document that is valid for an issuer at `url`.
pub fn document(url: &str) -> Value {
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "end_session_endpoint": format!("{url}/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "authorization_response_iss_parameter_supported": true,
    })
}

async fn keys(State(parts): State<Parts>) -> Response {
    parts.fetched.fetch_add(1, Ordering::SeqCst);
    if let Some(canned) = parts.unusual.lock().expect("no poisoned lock").keys.clone() {
        return canned.into_response();
    }
    let published = parts.published.lock().expect("no poisoned lock");
    let keys = published.iter().map(|(seed, kid)| key(*seed, kid).as_verification_key()).collect();
    Json(serde_json::to_value(CoreJsonWebKeySet::new(keys)).expect("serialisable")).into_response()
}

/// Token endpoint, which requires what RFC 6749 and 7636 require: the client secret, the same
/// redirect address, the verifier, and a single use of each code.
async fn exchange(State(parts): State<Parts>, headers: HeaderMap, body: String) -> Response {
    parts.exchanged.fetch_add(1, Ordering::SeqCst);
    if let Some(canned) = parts.unusual.lock().expect("no poisoned lock").token.clone() {
        return canned.into_response();
    }
    let refused = |error: &str| {
        Canned::json(400, json!({ "error": error, "error_description": "canary@acme.example" })).into_response()
    };
    let basic = format!("Basic {}", STANDARD.encode(format!("eaf:{}", SECRET.replace(' ', "+"))));
    if headers.get("authorization").is_none_or(|given| *given != basic) {
        return refused("invalid_client");
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let Some(grant) = parts.grants.lock().expect("no poisoned lock").remove(&form["code"]) else {
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
    merge(&mut answer, &parts.unusual.lock().expect("no poisoned lock").members);
    Json(answer).into_response()
}

fn merge(object: &mut Value, members: &Value) {
    let object = object.as_object_mut().expect("an object");
    for (name, value) in members.as_object().into_iter().flatten() {
        match value {
            Value::Null => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
}

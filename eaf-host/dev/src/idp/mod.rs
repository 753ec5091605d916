//! Identity provider of `eaf dev`: a real OpenID Connect issuer whose sign-in page offers a choice
//! of people.
//!
//! The provider supports authorization code with PKCE for one client with a secret, and the grant
//! `urn:eaf:dev:account` for `eaf dev token`. The provider listens on the loopback address and
//! answers to loopback names only. The provider has no sessions: every sign-in shows the choice.
//! `eaf serve` cannot start the provider.

pub mod accounts;
mod authorize;
mod client;
mod end_session;
mod page;
mod token;

pub use token::ACCOUNT_GRANT;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use client::Client;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet};
use openidconnect::url::Url;
use openidconnect::{IssuerUrl, JsonWebKeyId, PrivateSigningKey};
use serde_json::json;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Audience of the access tokens.
pub const AUDIENCE: &str = "eaf";
/// Id of the client that may sign people in.
pub const CLIENT_ID: &str = "eaf";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the identity provider cannot listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        cause: std::io::Error,
    },
    #[error("the identity provider stopped")]
    Serve(#[source] std::io::Error),
    #[error("the provider's key is unusable: {0}")]
    Key(String),
    #[error("the provider's address is unusable")]
    Address(#[from] openidconnect::url::ParseError),
}

struct Issuer {
    url: IssuerUrl,
    client: Client,
    key: CoreEdDsaPrivateSigningKey,
    codes: Mutex<HashMap<String, authorize::Code>>,
}

/// Address of the issuer on this port, which is the claim `iss` of every token.
pub fn issuer_url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// Serves the identity provider until `stop` completes. The signing key derives from `seed`, which
/// is stored between runs, so that tokens stay valid after a restart. `secret` is the client
/// secret.
pub async fn serve(
    port: u16,
    seed: [u8; 32],
    secret: String,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|cause| Error::Listen { port, cause })?;
    let app = router(Issuer::new(&issuer_url(port), seed, secret)?);
    axum::serve(listener, app).with_graceful_shutdown(stop).await.map_err(Error::Serve)
}

fn router(issuer: Issuer) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize::show))
        .route("/token", post(token::answer))
        .route("/end-session", get(end_session::end).post(end_session::end_by_form))
        .layer(middleware::from_fn(only_from_here))
        .with_state(Arc::new(issuer))
}

impl Issuer {
    fn new(address: &str, seed: [u8; 32], secret: String) -> Result<Issuer, Error> {
        let url = IssuerUrl::new(address.to_string())?;
        let client = Client { id: CLIENT_ID, secret };
        Ok(Issuer { url, client, key: signing_key(seed)?, codes: Mutex::default() })
    }
}

/// Creates an Ed25519 key from its seed. The key id derives from the seed too, so that a new key
/// has a new id.
fn signing_key(seed: [u8; 32]) -> Result<CoreEdDsaPrivateSigningKey, Error> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use sha2::{Digest, Sha256};
    /// First bytes of an Ed25519 key in PKCS#8, which the seed completes.
    const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let document = STANDARD.encode([PREFIX.as_slice(), &seed].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{document}\n-----END PRIVATE KEY-----\n");
    let id = URL_SAFE_NO_PAD.encode(&Sha256::digest([b"key id".as_slice(), &seed].concat())[..9]);
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(id))).map_err(Error::Key)
}

async fn discovery(State(issuer): State<Arc<Issuer>>) -> Response {
    let url = issuer.url.as_str();
    axum::Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "end_session_endpoint": format!("{url}/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

async fn jwks(State(issuer): State<Arc<Issuer>>) -> Response {
    axum::Json(CoreJsonWebKeySet::new(vec![issuer.key.as_verification_key()])).into_response()
}

/// Rejects requests whose header `Host` does not name this machine, so that a page of another site
/// in the developer's browser cannot reach the provider (DNS rebinding). Adds headers that forbid
/// other sites to frame the provider's pages.
async fn only_from_here(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1") {
        return (StatusCode::MISDIRECTED_REQUEST, "This provider answers to localhost only.\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    );
    response
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn random() -> String {
    use base64::Engine;
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn seconds_now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

#[cfg(test)]
mod tests;

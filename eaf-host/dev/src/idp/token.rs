//! Token endpoint of the identity provider: exchanges a code, or the name of an account, for
//! tokens.

use super::accounts::Account;
use super::{AUDIENCE, Issuer};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::url::form_urlencoded;
use openidconnect::{AccessToken, AccessTokenHash, JsonWebKey, PrivateSigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// Grant type by which `eaf dev token` gets a token for an account.
pub const ACCOUNT_GRANT: &str = "urn:eaf:dev:account";

const TOKEN_SECONDS: i64 = 3600;
const SCOPE: &str = "openid profile email";

/// Refusals of the token endpoint, with the error codes of RFC 6749.
enum Refusal {
    InvalidRequest(&'static str),
    InvalidGrant(&'static str),
    InvalidClient,
    UnsupportedGrantType,
}

pub async fn answer(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: String) -> Response {
    let form = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !form.starts_with("application/x-www-form-urlencoded") {
        return Refusal::InvalidRequest("the body must be a form").into_response();
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let granted = match get("grant_type") {
        "authorization_code" if !issuer.client.authenticates(&headers, get("client_id"), get("client_secret")) => {
            Err(Refusal::InvalidClient)
        }
        "authorization_code" => by_code(&issuer, &get),
        ACCOUNT_GRANT => by_account(get("account")),
        _ => Err(Refusal::UnsupportedGrantType),
    };
    match granted {
        Ok((account, nonce)) => issue(&issuer, account, nonce),
        Err(refusal) => refusal.into_response(),
    }
}

fn by_account(name: &str) -> Result<(&'static Account, Option<String>), Refusal> {
    Account::find(name).map(|account| (account, None)).ok_or(Refusal::InvalidGrant("there is no such account"))
}

fn by_code<'a>(issuer: &Issuer, get: &impl Fn(&str) -> &'a str) -> Result<(&'static Account, Option<String>), Refusal> {
    let code = issuer.codes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(get("code"));
    let code = code.ok_or(Refusal::InvalidGrant("unknown or used code"))?;
    if code.expires < super::seconds_now() {
        return Err(Refusal::InvalidGrant("the code has expired"));
    }
    if code.redirect_uri != get("redirect_uri") {
        return Err(Refusal::InvalidGrant("the code was made for another address"));
    }
    if code.challenge != URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier"))) {
        return Err(Refusal::InvalidGrant("the code verifier does not fit"));
    }
    Ok((code.account, code.nonce))
}

fn issue(issuer: &Issuer, account: &Account, nonce: Option<String>) -> Response {
    let signed = access_token(issuer, account).and_then(|access| {
        let access = AccessToken::new(access);
        Ok((id_token(issuer, account, nonce, &access)?, access))
    });
    match signed {
        Ok((id_token, access)) => axum::Json(json!({
            "access_token": access.secret(),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": SCOPE,
            "id_token": id_token,
        }))
        .into_response(),
        Err(error) => {
            tracing::error!(error, "a token could not be signed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Creates an access token in the form of RFC 9068, which the API verifies without a request to the
/// provider.
fn access_token(issuer: &Issuer, account: &Account) -> Result<String, String> {
    let mut claims = claims(issuer, account);
    claims["client_id"] = issuer.client.id.into();
    claims["scope"] = SCOPE.into();
    claims["jti"] = super::random().into();
    sign(issuer, "at+jwt", &claims)
}

fn id_token(issuer: &Issuer, account: &Account, nonce: Option<String>, access: &AccessToken) -> Result<String, String> {
    let mut claims = claims(issuer, account);
    let hash = AccessTokenHash::from_token(access, &CoreJwsSigningAlgorithm::EdDsa, &issuer.key.as_verification_key());
    claims["at_hash"] = hash.map_err(|error| error.to_string())?.as_str().into();
    for (name, value) in [
        ("name", account.display_name().as_str()),
        ("given_name", account.given_name),
        ("family_name", account.family_name),
        ("preferred_username", account.name),
        ("email", account.email),
        ("locale", account.locale.as_str()),
    ] {
        claims[name] = value.into();
    }
    claims["email_verified"] = true.into();
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    sign(issuer, "JWT", &claims)
}

fn claims(issuer: &Issuer, account: &Account) -> Value {
    let now = super::seconds_now();
    let mut claims = json!({
        "iss": issuer.url.as_str(),
        "sub": account.name,
        "aud": [AUDIENCE],
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    });
    if let Some(tenant) = account.tenant {
        claims["eaf_tenant"] = tenant.into();
    }
    claims
}

fn sign(issuer: &Issuer, kind: &str, claims: &Value) -> Result<String, String> {
    let kid = issuer.key.as_verification_key().key_id().map(|id| id.to_string());
    let header = json!({ "alg": "EdDSA", "kid": kid, "typ": kind });
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = issuer.key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes());
    let signature = signature.map_err(|error| error.to_string())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, why) = match self {
            Refusal::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Refusal::InvalidGrant(why) => (StatusCode::BAD_REQUEST, "invalid_grant", why),
            Refusal::InvalidClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "the client's id or secret is wrong")
            }
            Refusal::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "authorization_code is supported")
            }
        };
        let mut response = (status, axum::Json(json!({"error": error, "error_description": why}))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"eaf\""));
        }
        response
    }
}

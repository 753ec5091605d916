//! The token endpoint: a code, or the name of an account, for tokens.

use super::accounts::Account;
use super::{AUDIENCE, Issuer};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::url::form_urlencoded;
use openidconnect::{AccessToken, AdditionalClaims, IdToken, IdTokenClaims};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// The grant of `eaf dev token`.
pub const ACCOUNT_GRANT: &str = "urn:eaf:dev:account";

const TOKEN_SECONDS: i64 = 3600;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct TenantClaim {
    #[serde(skip_serializing_if = "Option::is_none")]
    eaf_tenant: Option<String>,
}

impl AdditionalClaims for TenantClaim {}

type Claims = IdTokenClaims<TenantClaim, CoreGenderClaim>;
type Token = IdToken<TenantClaim, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// RFC 6749's error codes.
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
    let asked: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let get = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
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
    let signed = sign(issuer, account, None, None).and_then(|access| {
        let access = AccessToken::new(access);
        Ok((sign(issuer, account, nonce, Some(&access))?, access))
    });
    match signed {
        Ok((id_token, access)) => axum::Json(json!({
            "access_token": access.secret(),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": "openid profile email",
            "id_token": id_token,
        }))
        .into_response(),
        Err(error) => {
            tracing::error!(error, "a token could not be signed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The access token is a JWT with the same claims, so that the API can verify it without asking back.
fn sign(
    issuer: &Issuer,
    account: &Account,
    nonce: Option<String>,
    with: Option<&AccessToken>,
) -> Result<String, String> {
    let now = super::seconds_now();
    let mut claims = json!({
        "iss": issuer.url.as_str(),
        "sub": account.name,
        "aud": [AUDIENCE],
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "name": account.display_name(),
        "given_name": account.given_name,
        "family_name": account.family_name,
        "preferred_username": account.name,
        "email": account.email,
        "email_verified": true,
        "locale": account.locale.as_str(),
    });
    if let Some(tenant) = account.tenant {
        claims["eaf_tenant"] = tenant.into();
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let claims: Claims = serde_json::from_value(claims).map_err(|error| error.to_string())?;
    let token = Token::new(claims, &issuer.key, CoreJwsSigningAlgorithm::EdDsa, with, None);
    token.map(|token| token.to_string()).map_err(|error| error.to_string())
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

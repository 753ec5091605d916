//! Access tokens for a login by XOAUTH2. They are requested by the client credentials grant of
//! OAuth 2 (RFC 6749, section 4.4) and cached until shortly before they expire.

use super::MAIL_TOKEN;
use super::config::TokenRequest;
use super::failure::{configuration, transient};
use super::mail_server_access::{MailServerAccess, paused};
use crate::failure_code::Code;
use eaf_capability::Failure;
use eaf_capability::contact;
use eaf_capability::egress::Route;
use eaf_capability::login_limiter::Login;
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(20);
/// Maximum length, in bytes, of a token endpoint's answer. Usual answers have a few thousand bytes
/// at most.
const ANSWER_MAX: usize = 64 * 1024;
/// Assumed lifetime, in seconds, of an access token whose answer names no lifetime.
const LIFETIME: u64 = 300;
/// Number of seconds before its expiry at which an access token is no longer used.
const MARGIN: u64 = 60;
/// Maximum number of cached access tokens, far above the number of mail connections of a host.
const MAX_CACHED: usize = 1_000;

/// Access tokens that this host has cached. The type has no `Debug`, because tokens are secret.
#[derive(Default)]
pub struct Tokens {
    cached: Mutex<HashMap<TokenRequest, (String, Instant)>>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// Lifetime of the access token in seconds: a JSON number, or a JSON string at some endpoints.
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    /// Returns an access token from the cache, or requests one from the token endpoint within the
    /// tenant's egress policy and login limits.
    pub async fn fetch(&self, request: &TokenRequest, access: &MailServerAccess<'_>) -> Result<String, Failure> {
        if let Some(token) = self.cached(request) {
            return Ok(token);
        }
        let answer = request_token(request, access).await?;
        let text = answer.expires_in.as_str().and_then(|text| text.parse().ok());
        let lifetime = answer.expires_in.as_u64().or(text).unwrap_or(LIFETIME);
        let until = Instant::now() + Duration::from_secs(lifetime.min(86_400).saturating_sub(MARGIN));
        let mut cached = self.cached.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if cached.len() >= MAX_CACHED {
            cached.clear();
        }
        cached.insert(request.clone(), (answer.access_token.clone(), until));
        Ok(answer.access_token)
    }

    /// Removes the access token of `request` from the cache, because the mail server refused the
    /// token.
    pub fn forget(&self, request: &TokenRequest) {
        self.cached.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(request);
    }

    fn cached(&self, request: &TokenRequest) -> Option<String> {
        let cached = self.cached.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        cached.get(request).filter(|(_, until)| *until > Instant::now()).map(|(token, _)| token.clone())
    }
}

/// Requests an access token. If the server is not a token endpoint, the failure comes after a
/// constant time, so that the time reveals nothing about the server. The constant time is not
/// needed for a server that the operator listed by name.
async fn request_token(request: &TokenRequest, access: &MailServerAccess<'_>) -> Result<Answer, Failure> {
    let url = reqwest::Url::parse(&request.url).map_err(|_| away())?;
    let route = Route::new(access.egress.clone(), &MAIL_TOKEN, access.tenant, &url).map_err(|_| away())?;
    let is_hidden = |failure: &Failure| failure.code == away().code && !route.is_named();
    contact::first(access.contact, request_counted(request, access, url, &route), away, is_hidden).await
}

/// Requests an access token and counts the request as a login at the token endpoint, because a
/// client secret can be guessed like a password.
async fn request_counted(
    request: &TokenRequest,
    access: &MailServerAccess<'_>,
    url: reqwest::Url,
    route: &Route,
) -> Result<Answer, Failure> {
    let resolved = route.resolve().await.map_err(|_| away())?;
    let claim = Login { user: &request.client_id, secret: &request.client_secret };
    let begun =
        access.login_limiter.begin(access.tenant, &resolved.addresses, claim, Instant::now()).map_err(paused)?;
    let mut peer = None;
    let answer = ask(request, access, url, route, &mut peer).await;
    let begun = match peer {
        Some(peer) => begun.at(peer),
        None => begun,
    };
    match &answer {
        Ok(_) => begun.accepted(),
        Err(failure) if failure.has_code(Code::TokenDenied) => begun.refused(),
        Err(_) => begun.unanswered(),
    }
    answer
}

async fn ask(
    request: &TokenRequest,
    access: &MailServerAccess<'_>,
    url: reqwest::Url,
    route: &Route,
    peer: &mut Option<SocketAddr>,
) -> Result<Answer, Failure> {
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(route.clone()))
        .build()
        .map_err(|_| away())?;
    let mut answer = client.post(url).form(&form(request)).send().await.map_err(|error| {
        tracing::warn!(tenant = %access.tenant, error = &error as &dyn std::error::Error, "no token endpoint was reached");
        away()
    })?;
    *peer = answer.remote_addr();
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| away())? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(unusable(status.as_u16()));
        }
        body.extend_from_slice(&chunk);
    }
    read_answer(access, route, status, &body)
}

fn form(request: &TokenRequest) -> Vec<(&'static str, &str)> {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", request.client_id.as_str()),
        ("client_secret", request.client_secret.as_str()),
    ];
    if !request.scope.is_empty() {
        form.push(("scope", request.scope.as_str()));
    }
    form
}

/// Reads the token of an answer, or why there is none.
fn read_answer(
    access: &MailServerAccess<'_>,
    route: &Route,
    status: StatusCode,
    body: &[u8],
) -> Result<Answer, Failure> {
    let is_token = status.is_success() && serde_json::from_slice::<Answer>(body).is_ok();
    // A tenant must not learn which other kind of server is at an address that the operator did not
    // list by name.
    if !route.is_named() && !is_token && reason(body).is_empty() {
        tracing::warn!(tenant = %access.tenant, status = status.as_u16(), "what answers is no token endpoint");
        return Err(away());
    }
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(transient(Code::TokenUnreachable, format!("The token endpoint answers {}.", status.as_u16())));
    }
    if !status.is_success() {
        return Err(configuration(
            Code::TokenDenied,
            format!("The token endpoint gives no token for this client ({}{}).", status.as_u16(), reason(body)),
        ));
    }
    serde_json::from_slice(body).map_err(|_| unusable(status.as_u16()))
}

fn away() -> Failure {
    transient(Code::TokenUnreachable, "The token endpoint of the mail connection cannot be reached.".into())
}

fn unusable(status: u16) -> Failure {
    configuration(Code::TokenDenied, format!("What the token endpoint answers is no token ({status})."))
}

/// OAuth 2 error code in a token endpoint's answer, after a space, such as ` invalid_client`; an
/// empty text if there is no code. The error description is omitted, because it may name people.
fn reason(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = answer["error"].as_str().unwrap_or_default();
    let is_code = (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { format!(" {code}") } else { String::new() }
}

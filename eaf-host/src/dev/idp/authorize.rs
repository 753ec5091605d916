//! The authorization endpoint: a page to pick a person, then a code.

use super::Issuer;
use super::accounts::{ACCOUNTS, Account};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use openidconnect::url::{Url, form_urlencoded};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

const CODE_SECONDS: i64 = 60;

/// What a code stands for; used once.
pub struct Code {
    pub account: &'static Account,
    pub client_id: String,
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: Option<String>,
    pub expires: i64,
}

/// Without `account`, the page; with it, what a click on that page does.
pub async fn show(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let asked: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();

    // Until client and address are known to be good, nothing is sent there.
    let redirect = match Url::parse(&get("redirect_uri")) {
        Ok(url) if is_loopback(&url) && url.fragment().is_none() => url,
        _ => return refuse("redirect_uri must be an address on this machine"),
    };
    if get("client_id").is_empty() {
        return refuse("client_id is missing");
    }
    let state = asked.get("state").cloned();
    if get("response_type") != "code" {
        return send_back(redirect, state, &[("error", "unsupported_response_type")]);
    }
    if get("code_challenge_method") != "S256" || get("code_challenge").is_empty() {
        let why = "PKCE with S256 is required";
        return send_back(redirect, state, &[("error", "invalid_request"), ("error_description", why)]);
    }
    let Some(picked) = asked.get("account") else { return Html(page(&query)).into_response() };
    let Some(account) = Account::find(picked) else {
        return send_back(redirect, state, &[("error", "access_denied")]);
    };
    let code = super::random();
    let now = super::seconds_now();
    let mut codes = issuer.codes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    codes.retain(|_, code| code.expires > now);
    codes.insert(
        code.clone(),
        Code {
            account,
            client_id: get("client_id"),
            redirect_uri: get("redirect_uri"),
            challenge: get("code_challenge"),
            nonce: asked.get("nonce").cloned(),
            expires: now + CODE_SECONDS,
        },
    );
    drop(codes);
    let iss = issuer.url.as_str();
    send_back(redirect, state, &[("code", &code), ("iss", iss)])
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn send_back(mut redirect: Url, state: Option<String>, members: &[(&str, &str)]) -> Response {
    redirect.query_pairs_mut().extend_pairs(members);
    if let Some(state) = state {
        redirect.query_pairs_mut().append_pair("state", &state);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, redirect.to_string())]).into_response()
}

fn refuse(why: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response()
}

fn page(query: &str) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Sign in · Anmelden</title><style>\
         body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1c2430;background:#f6f7f9}\
         h1{font-size:1.4rem}h2{font-size:1rem;margin:2rem 0 .5rem;color:#5a6472}\
         a{display:flex;justify-content:space-between;gap:1rem;padding:.7rem 1rem;margin:.3rem 0;border-radius:8px;background:#fff;\
         border:1px solid #d9dde3;color:inherit;text-decoration:none}a:hover,a:focus{border-color:#2459c9}small{color:#5a6472}\
         @media(prefers-color-scheme:dark){body{background:#14181f;color:#e8ebf0}a{background:#1d232c;border-color:#343c48}\
         small,h2{color:#9aa5b4}}</style>\
         <h1>Who are you? · Wer sind Sie?</h1><p><small>Development sign-in: no passwords. · Anmeldung für die Entwicklung: \
         ohne Passwort.</small></p>",
    );
    let mut tenant = None;
    for account in ACCOUNTS {
        if tenant != Some(account.tenant) {
            tenant = Some(account.tenant);
            let _infallible = write!(page, "<h2>{}</h2>", account.tenant.unwrap_or("platform"));
        }
        let link = form_urlencoded::Serializer::new(query.to_string()).append_pair("account", account.name).finish();
        let _infallible = write!(
            page,
            "<a href=\"/authorize?{}\"><span>{}</span><small>{}</small></a>",
            escape(&link),
            escape(&account.display_name()),
            account.name
        );
    }
    page + "</html>"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! Authorization endpoint of the identity provider: shows a page to choose a person, then redirects
//! with a code.

use super::accounts::Account;
use super::{Issuer, is_loopback, page};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use openidconnect::url::{Url, form_urlencoded};
use std::collections::HashMap;
use std::sync::Arc;

const CODE_SECONDS: i64 = 60;

/// Data of an authorization code, which is valid for one use.
pub struct Code {
    pub account: &'static Account,
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: Option<String>,
    pub expires: i64,
}

/// Answers an authorization request. Without the parameter `account`, the response is the page to
/// choose a person. With it, the response redirects to the client with a code.
pub async fn show(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let query_members: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| query_members.get(name).cloned().unwrap_or_default();

    // No redirect happens until client and redirect address are valid.
    let redirect = match Url::parse(&get("redirect_uri")) {
        Ok(url) if is_loopback(&url) && url.fragment().is_none() => url,
        _ => return refuse("redirect_uri must be an address on this machine"),
    };
    if get("client_id") != issuer.client.id {
        return refuse("client_id is missing or unknown");
    }
    let state = query_members.get("state").cloned();
    let iss = ("iss", issuer.url.as_str());
    if get("response_type") != "code" {
        return send_back(redirect, state, &[("error", "unsupported_response_type"), iss]);
    }
    if get("code_challenge_method") != "S256" || get("code_challenge").is_empty() {
        let why = "PKCE with S256 is required";
        return send_back(redirect, state, &[("error", "invalid_request"), ("error_description", why), iss]);
    }
    let Some(picked) = query_members.get("account") else { return Html(page::pick(&query)).into_response() };
    let Some(account) = Account::find(picked) else {
        return send_back(redirect, state, &[("error", "access_denied"), iss]);
    };
    let code = super::random();
    let now = super::seconds_now();
    let mut codes = issuer.codes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    codes.retain(|_, code| code.expires > now);
    codes.insert(
        code.clone(),
        Code {
            account,
            redirect_uri: get("redirect_uri"),
            challenge: get("code_challenge"),
            nonce: query_members.get("nonce").cloned(),
            expires: now + CODE_SECONDS,
        },
    );
    drop(codes);
    send_back(redirect, state, &[("code", &code), iss])
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

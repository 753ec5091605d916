//! End-session endpoint (OpenID Connect RP-Initiated Logout). The provider has no sessions, so the
//! endpoint only redirects.

use super::{Issuer, is_loopback, page};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use openidconnect::url::{Url, form_urlencoded};
use std::collections::HashMap;
use std::sync::Arc;

pub async fn end(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    send_back(&issuer, &query.unwrap_or_default())
}

/// Answers a sign-out that a browser sends as a form. A client may thus send the ID token as a hint
/// in the body, so that no address contains it.
pub async fn end_by_form(State(issuer): State<Arc<Issuer>>, form: String) -> Response {
    send_back(&issuer, &form)
}

fn send_back(issuer: &Issuer, query: &str) -> Response {
    let query_members: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Some(back) = query_members.get("post_logout_redirect_uri") else {
        return Html(page::signed_out()).into_response();
    };
    if query_members.get("client_id").map(String::as_str) != Some(issuer.client.id) {
        return (StatusCode::BAD_REQUEST, "client_id is missing or unknown\n").into_response();
    }
    let mut back = match Url::parse(back) {
        Ok(url) if is_loopback(&url) => url,
        _ => {
            return (StatusCode::BAD_REQUEST, "post_logout_redirect_uri must be an address on this machine\n")
                .into_response();
        }
    };
    if let Some(state) = query_members.get("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, back.to_string())]).into_response()
}

//! `GET /auth/leave`: leads the browser to the identity provider, which ends the provider's own
//! session.
//!
//! The provider may require the ID token as a hint. Addresses end up in histories and logs, so the
//! browser posts the token by a form that submits itself. An ID token in a browser gives no access,
//! because the API accepts access tokens only.

use super::page::escape;
use super::{LEAVE_COOKIE, cookie};
use crate::App;
use crate::access::Access;
use crate::info::Info;
use crate::messages;
use crate::operation::{Doc, Operation};
use crate::problem::Problem;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eaf_core::session::SessionId;
use eaf_identity::sign_in::SignOutForm;
use serde_json::Map;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const SCRIPT: &str = "document.forms[0].submit()";

/// Operation whose answer browsers show as a page.
pub fn operation() -> Operation {
    Operation { method: "get", path: "/auth/leave", access: Access::Public, route: get(leave), doc: Doc::Page }
}

async fn leave(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let scheme = app.config.scheme();
    let name = cookie::named(scheme, LEAVE_COOKIE);
    let hint = match cookie::read(&headers, &name).and_then(SessionId::parse) {
        Some(id) => app.core.sessions.take_hint(&id).await?,
        None => None,
    };
    let form = app.identity.sign_out_form(hint).await.unwrap_or_else(|cause| {
        tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "the session is ended, but not that of the identity provider"
        );
        None
    });
    let mut response = match form {
        Some(form) => page(&form, &info),
        None => Redirect::to("/").into_response(),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(scheme, &name));
    Ok(response)
}

/// Page with the form. The page's content security policy has no `form-action`, because that would
/// have to list the addresses to which the provider redirects as well.
fn page(form: &SignOutForm, info: &Info) -> Response {
    let locale = info.locale();
    let text = |key: &str| escape(&messages::render(&format!("leave.{key}"), &Map::new(), locale));
    let member = |(name, value): &(&str, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let page = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\
         <form method=\"post\" action=\"{}\">{}<p>{}</p><button>{}</button></form><script>{SCRIPT}</script></body></html>",
        locale.as_str(),
        text("title"),
        escape(form.address.as_str()),
        form.members.iter().map(member).collect::<String>(),
        text("detail"),
        text("go"),
    );
    let mut response = Html(page).into_response();
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!("default-src 'none'; script-src 'sha256-{script}'; base-uri 'none'; frame-ancestors 'none'");
    let policy = HeaderValue::from_str(&policy).expect("letters of base64");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
    response
}

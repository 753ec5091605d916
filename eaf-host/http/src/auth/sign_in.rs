//! `GET /auth/sign-in?return_to=/path`: redirects the browser to the identity provider. The link of
//! an invitation is this address with `invitation`, the invitation's id.

use super::Query;
use super::page::{NextStep, Refusal};
use super::pending::Pending;
use super::return_to::ReturnTo;
use crate::App;
use crate::access::Access;
use crate::code::Code;
use crate::info::Info;
use crate::operation::{Doc, Operation};
use crate::problem::Problem;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use eaf_identity::sign_in::{self, Meaning};
use std::sync::Arc;

/// Operation whose answer browsers show as a page.
pub fn operation() -> Operation {
    Operation { method: "get", path: "/auth/sign-in", access: Access::Public, route: get(sign_in), doc: Doc::Page }
}

async fn sign_in(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    begin(&app, &headers, &Query::parse(query)).await.unwrap_or_else(|refusal| refusal.page(&info))
}

async fn begin(app: &App, headers: &HeaderMap, query: &Query) -> Result<Response, Refusal> {
    let return_to = ReturnTo::parse(query.get("return_to"))
        .ok_or_else(|| Refusal { problem: Problem::new(Code::ReturnToRefused), next_step: NextStep::Home })?;
    let attempt = app.identity.begin().await.map_err(|cause| refused(&cause, return_to.clone()))?;
    let mut response = Redirect::to(attempt.address.as_str()).into_response();
    let invitation = query.get("invitation").and_then(|id| id.parse().ok());
    for cookie in Pending::new(app, attempt, return_to, invitation).cookies(app, headers) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Refusal that answers a failed sign-in. The log gets the cause; the page says whether another
/// attempt can help.
pub fn refused(cause: &sign_in::Error, return_to: ReturnTo) -> Refusal {
    let code = match cause.meaning() {
        Meaning::Denied => Code::SignInDenied,
        Meaning::Outage => Code::IdentityUnavailable,
        Meaning::Configuration => Code::IdentityMisconfigured,
        Meaning::Attempt => Code::SignInFailed,
    };
    let error = cause as &dyn std::error::Error;
    // Any client can forge an error that the browser delivers, so such an error proves no wrong
    // setting.
    let is_certain = !matches!(cause, sign_in::Error::SentBack(_));
    match cause.meaning() {
        Meaning::Configuration if is_certain => {
            tracing::error!(error, code = code.as_str(), "no sign-in is possible with this configuration");
        }
        _ => tracing::warn!(error, code = code.as_str(), "a sign-in failed"),
    }
    Refusal { problem: Problem::new(code), next_step: NextStep::SignIn(return_to) }
}

//! `POST /auth/sign-out`: ends the session and returns the address at which the browser ends the
//! identity provider's session.

use super::{LEAVE_COOKIE, cookie, csrf, expected_person, record};
use crate::App;
use crate::access::Access;
use crate::code::Code;
use crate::info::Info;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use eaf_core::session::{Activity, SessionId};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const LEAVE: &str = "/auth/leave";
/// Lifetime of the cookie that `GET /auth/leave` needs. It is short, because the page opens that
/// path at once.
const LEAVE_LIFETIME: Duration = Duration::from_secs(60);

pub fn operation() -> Operation {
    let doc = Entry::new("auth.sign-out", "eaf", "Sign out: ends the session of this browser")
        .public()
        .header("EAF-Csrf", json!({ "const": "1" }), "Proof that the request comes from the host's own pages.")
        .header(
            "EAF-Person",
            json!({ "type": "string", "format": "uuid" }),
            "The person whom the page shows: another person's session is not ended.",
        )
        .answers(
            "200",
            "The session is ended, if there was one.",
            json!({
                "type": "object",
                "required": ["location"],
                "properties": { "location": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "Address to open next: the identity provider, which has its own session, or `/`.",
                } },
            }),
        )
        .refuses(&[Code::Csrf, Code::PersonChanged]);
    Operation { method: "post", path: "/auth/sign-out", access: Access::Public, route: post(sign_out), doc: doc.done() }
}

async fn sign_out(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    csrf::check(&app.config, &Method::POST, &headers)?;
    let scheme = app.config.scheme();
    let name = cookie::session(scheme);
    let mut hint_id = None;
    if let Some(id) = cookie::read(&headers, &name).and_then(SessionId::parse)
        && let Some(session) = app.core.sessions.find(&id, app.config.sessions, Activity::Background).await?
    {
        // A page of another person must not end this session.
        expected_person::check_if_present(&headers, session.actor)?;
        hint_id = app.core.sessions.end_keeping_hint(&session).await?.then_some(id);
        if hint_id.is_none() {
            app.core.sessions.end(&session).await?;
        }
        record(&app, session.tenant, session.actor, "sign-out", &info.trace).await?;
    }
    let location = if hint_id.is_some() { LEAVE.to_owned() } else { location(&app).await };
    let mut response = Json(json!({ "location": location })).into_response();
    let cookies = response.headers_mut();
    cookies.append(header::SET_COOKIE, cookie::clear(scheme, &name));
    if let Some(id) = hint_id {
        let leaving = cookie::set(scheme, &cookie::named(scheme, LEAVE_COOKIE), &id.reveal(), Some(LEAVE_LIFETIME));
        cookies.append(header::SET_COOKIE, leaving);
    }
    Ok(response)
}

/// Address of the provider's sign-out, or `/` if the provider is unreachable: the host's own
/// session has ended in any case.
async fn location(app: &App) -> String {
    let address = app.identity.sign_out_address().await.unwrap_or_else(|cause| {
        tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "the session is ended, but not that of the identity provider"
        );
        None
    });
    address.map_or_else(|| "/".to_owned(), String::from)
}

//! `POST /auth/sign-out`: ends the session here and says where it is ended at the identity provider.

use super::{LEAVE_COOKIE, cookie, csrf, drawn_for, record};
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
/// A page goes on at once.
const LEAVES_WITHIN: Duration = Duration::from_secs(60);

pub fn operation() -> Operation {
    let doc = Entry::new("auth.sign-out", "eaf", "Sign out: ends the session of this browser")
        .public()
        .header("EAF-Csrf", json!({ "const": "1" }), "Says that the request comes from our own pages.")
        .header(
            "EAF-Person",
            json!({ "type": "string", "format": "uuid" }),
            "For whom the page was drawn: another person's session is not ended.",
        )
        .answers(
            "200",
            "The session is over, if there was one.",
            json!({
                "type": "object",
                "required": ["location"],
                "properties": { "location": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "Where to go next: to the identity provider, which has a session of its own, or home.",
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
    let https = app.config.https();
    let name = cookie::session(https);
    let mut left = None;
    if let Some(id) = cookie::read(&headers, &name).and_then(SessionId::parse)
        && let Some(session) = app.core.sessions.find(&id, app.config.sessions, Activity::Background).await?
    {
        // Who sees another name must not end this one's session.
        drawn_for::check_if_said(&headers, session.actor)?;
        left = app.core.sessions.end_keeping_hint(&session).await?.then_some(id);
        if left.is_none() {
            app.core.sessions.end(&session).await?;
        }
        record(&app, session.tenant, session.actor, "sign-out", &info.trace).await?;
    }
    let location = if left.is_some() { LEAVE.to_owned() } else { location(&app).await };
    let mut response = Json(json!({ "location": location })).into_response();
    let cookies = response.headers_mut();
    cookies.append(header::SET_COOKIE, cookie::clear(https, &name));
    if let Some(id) = left {
        let leaving = cookie::set(https, &cookie::named(https, LEAVE_COOKIE), &id.reveal(), Some(LEAVES_WITHIN));
        cookies.append(header::SET_COOKIE, leaving);
    }
    Ok(response)
}

/// A provider that is away keeps nobody signed in here.
async fn location(app: &App) -> String {
    let address = app.identity.sign_out_address().await.unwrap_or_else(|cause| {
        tracing::warn!(error = &cause as &dyn std::error::Error, "signed out here, but not at the identity provider");
        None
    });
    address.map_or_else(|| "/".to_owned(), String::from)
}

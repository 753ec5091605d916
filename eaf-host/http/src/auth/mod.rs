//! Signing in and out with a browser.
//!
//! `GET /auth/sign-in` sends the browser to the identity provider, `GET /auth/callback` brings it back and begins a
//! session, `POST /auth/sign-out` ends it, `GET /auth/leave` leads on to the provider. The browser holds the session's id
//! and, for the minutes between the first two, a sealed note of what it began; it never holds a token that opens anything.
//! Why so: docs/adr/0009.

mod callback;
pub mod cookie;
pub mod csrf;
pub mod drawn_for;
mod leave;
mod page;
mod pending;
mod return_to;
mod sign_in;
pub mod sign_out;

use super::App;
use super::problem::Problem;
use axum::Router;
use axum::routing::get;
use eaf_core::actor::{By, TraceId};
use eaf_core::audit::{self, Act, Entry, platform};
use eaf_core::id::{ActorId, TenantId};
use openidconnect::url::form_urlencoded;

/// What browsers open; for people and not in the OpenAPI document.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/auth/sign-in", get(sign_in::sign_in))
        .route("/auth/callback", get(callback::callback))
        .route("/auth/leave", get(leave::leave))
}

/// Holds the id of a session that has ended, for the moment until the browser leaves for the provider.
const LEAVE_COOKIE: &str = "eaf-leave";

/// The members of a query. Whatever a query is, it is one: a page must say what is wrong with it.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: Option<String>) -> Self {
        Query(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.as_str())
    }
}

/// In the tenant's audit, of an operator in the platform's.
async fn record(
    app: &App,
    tenant: Option<TenantId>,
    actor: ActorId,
    act: &str,
    trace: &TraceId,
) -> Result<(), Problem> {
    let Some(tenant) = tenant else {
        let by = By { actor, origin: None, trace: trace.clone() };
        return Ok(platform::record_alone(&app.core.db, &by, &Act::new(act, "session")).await?);
    };
    let entry = Entry { actor, act: act.into(), object: "session".into(), outcome: "ok".into(), trace: trace.clone() };
    let mut tx = app.core.db.tenant(tenant).await?;
    audit::record(&mut tx, &entry).await?;
    Ok(tx.commit().await?)
}

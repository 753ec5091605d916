//! Sign-in and sign-out of browsers.
//!
//! `GET /auth/sign-in` sends the browser to the identity provider, `GET /auth/callback` receives
//! the browser and creates a session, `POST /auth/sign-out` ends the session, `GET /auth/leave`
//! leads the browser to the provider. The browser holds the session's id and, between the first
//! two, the sealed state of its attempt, but never a token. Reasons: docs/adr/0009.

pub mod callback;
pub mod cookie;
pub mod csrf;
pub mod expected_person;
mod invitation;
pub mod leave;
mod page;
mod pending;
mod return_to;
pub mod sign_in;
pub mod sign_out;

use super::App;
use super::problem::Problem;
use eaf_core::actor::{Attribution, TraceId};
use eaf_core::audit::{self, Act, Entry, platform};
use eaf_core::id::{ActorId, TenantId};
use openidconnect::url::form_urlencoded;

/// Name of the cookie with the id of an ended session. By this id, `GET /auth/leave` finds the ID
/// token that the provider may require as a hint; then the cookie is cleared.
const LEAVE_COOKIE: &str = "eaf-leave";

/// Lenient query of a page: any query parses, so that a page can report what is wrong with it.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: Option<String>) -> Self {
        Query(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.as_str())
    }
}

/// Records a sign-in or sign-out in the tenant's audit trail. Those of an operator are recorded in
/// the platform's audit.
async fn record(
    app: &App,
    tenant: Option<TenantId>,
    actor: ActorId,
    act: &str,
    trace: &TraceId,
) -> Result<(), Problem> {
    let Some(tenant) = tenant else {
        let by = Attribution { actor, origin: None, trace: trace.clone() };
        return Ok(platform::record_alone(&app.core.db, &by, &Act::new(act, "session")).await?);
    };
    let entry = Entry { actor, act: act.into(), object: "session".into(), outcome: "ok".into(), trace: trace.clone() };
    let mut tx = app.core.db.tenant(tenant).await?;
    audit::record(&mut tx, &entry).await?;
    Ok(tx.commit().await?)
}

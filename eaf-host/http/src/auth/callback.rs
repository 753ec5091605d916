//! `GET /auth/callback`: completes a sign-in at the identity provider and creates a new session.

use super::page::{NextStep, Refusal};
use super::pending::{self, Pending};
use super::return_to::ReturnTo;
use super::sign_in::refused;
use super::{Query, cookie, invitation, record};
use crate::App;
use crate::access::Access;
use crate::client_address::{ClientAddress, Peer};
use crate::code::Code;
use crate::info::Info;
use crate::operation::{Doc, Operation};
use crate::person::Person;
use crate::problem::Problem;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use eaf_core::directory::Acceptance;
use eaf_core::id::InvitationId;
use eaf_core::session::{Activity, SessionId};
use eaf_core::used_state;
use eaf_identity::sign_in::{Error, ProviderError, SignedIn};
use std::sync::Arc;

/// Operation whose answer browsers show as a page.
pub fn operation() -> Operation {
    Operation { method: "get", path: "/auth/callback", access: Access::Public, route: get(callback), doc: Doc::Page }
}

async fn callback(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    RawQuery(query): RawQuery,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let query = Query::parse(query);
    let client = ClientAddress::of(peer.map(|Extension(peer)| peer), &headers, &app.config.proxies);
    let finished = finish(&app, &info, client, &headers, &query).await;
    let mut response = finished.unwrap_or_else(|refusal| refusal.page(&info));
    // Delete the attempt's cookie, whatever the outcome.
    if let Some(cookie) = query.get("state").and_then(|state| pending::clear(&app, &headers, state)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn finish(
    app: &App,
    info: &Info,
    client: ClientAddress,
    headers: &HeaderMap,
    query: &Query,
) -> Result<Response, Refusal> {
    let pending = query.get("state").and_then(|state| Pending::open(app, headers, state));
    let unknown = || Problem::new(Code::SignInUnknown);
    let pending = pending.ok_or_else(unknown)?;
    // Use the state once: a copied cookie must not make the host call the provider again and again.
    let is_first = used_state::use_once(&app.core.db, &pending.seed.state(), pending.until()).await;
    if !is_first.map_err(Problem::from)? {
        return Err(unknown().into());
    }
    // Count only attempts that call the provider: a forged callback must not use up the limit of
    // people behind the same address.
    app.rates.check_sign_in(client)?;
    let return_to = pending.return_to();
    let code = authorization_code(app, query, &return_to).await?;
    let signed_in = app.identity.complete(code, &pending.seed).await;
    let signed_in = signed_in.map_err(|cause| refused(&cause, return_to.clone()))?;
    let person = find_person(app, info, pending.invitation, &signed_in).await?;
    end_previous_session(app, headers).await?;
    let id = app.core.sessions.create(person.tenant(), person.actor(), app.config.sessions).await;
    let id = id.map_err(Problem::from)?;
    if let Some(id_token) = signed_in.hint {
        app.core.sessions.store_hint(person.tenant(), &id, &id_token).await.map_err(Problem::from)?;
    }
    record(app, person.tenant(), person.actor(), "sign-in", &info.trace).await?;

    let mut response = Redirect::to(return_to.as_str()).into_response();
    let scheme = app.config.scheme();
    let cookie = cookie::set(scheme, &cookie::session(scheme), &id.reveal(), None);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Authorization code of the provider's response. The provider's own error texts go to the log
/// only.
async fn authorization_code(app: &App, query: &Query, return_to: &ReturnTo) -> Result<String, Refusal> {
    app.identity.answers_by(query.get("iss")).await.map_err(|cause| refused(&cause, return_to.clone()))?;
    let description = query.get("error_description").unwrap_or_default();
    let cause = match (query.get("error"), query.get("code")) {
        (None, Some(code)) => return Ok(code.to_owned()),
        (Some(error), _) => Error::SentBack(ProviderError::of(error, description)),
        (None, None) => Error::NoCode,
    };
    Err(refused(&cause, return_to.clone()))
}

/// Finds the person of the token, who may become a member by an invitation. A person who is no
/// member gets a link to sign out at the provider, which would otherwise return the same account.
async fn find_person(
    app: &App,
    info: &Info,
    invitation: Option<InvitationId>,
    signed_in: &SignedIn,
) -> Result<Person, Refusal> {
    let problem = match Person::of_token(app, &signed_in.who).await {
        Err(problem) if problem.is(Code::NotAMember) => problem,
        person => return Ok(person?),
    };
    let problem = match invitation::accept(app, info, invitation, signed_in).await? {
        Acceptance::Accepted => return Ok(Person::of_token(app, &signed_in.who).await?),
        Acceptance::NoInvitation => problem,
        Acceptance::Unverified => Problem::new(Code::AddressUnverified),
        Acceptance::OtherAddress => Problem::new(Code::InvitationOtherAddress),
        Acceptance::Used => Problem::new(Code::InvitationUsed),
        Acceptance::Withdrawn => Problem::new(Code::InvitationWithdrawn),
        Acceptance::Expired => Problem::new(Code::InvitationExpired),
    };
    let sign_out = app.identity.sign_out_address().await.ok().flatten();
    Err(Refusal { problem, next_step: sign_out.map_or(NextStep::Home, NextStep::OtherAccount) })
}

/// Ends the session that the browser had before: an attacker who planted the session's id would
/// otherwise be signed in with the person.
async fn end_previous_session(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let id = cookie::read(headers, &cookie::session(app.config.scheme())).and_then(SessionId::parse);
    let Some(id) = id else { return Ok(()) };
    if let Some(previous) = app.core.sessions.find(&id, app.config.sessions, Activity::Background).await? {
        app.core.sessions.end(&previous).await?;
    }
    Ok(())
}

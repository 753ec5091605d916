//! `GET /auth/callback`: the browser is back from the identity provider. Begins a session, always a new one.

use super::page::{LeadsTo, Refusal};
use super::pending::{self, Pending};
use super::return_to::ReturnTo;
use super::sign_in::failed;
use super::{Query, cookie, record};
use crate::App;
use crate::client_address::{ClientAddress, Peer};
use crate::code::Code;
use crate::info::Info;
use crate::person::Person;
use crate::problem::Problem;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use eaf_core::session::{Activity, SessionId};
use eaf_core::used_state;
use eaf_identity::Verified;
use eaf_identity::sign_in::{Error, ProviderError};
use std::sync::Arc;

pub async fn callback(
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
    // An attempt is used up, whatever came of it.
    if let Some(cookie) = query.get("state").and_then(|state| pending::forget(&app, &headers, state)) {
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
    // The provider is asked once: a note that was kept aside must not make the host ask again and again.
    let first = used_state::use_once(&app.core.db, &pending.seed.state(), pending.until()).await;
    if !first.map_err(Problem::from)? {
        return Err(unknown().into());
    }
    // Only now, when the provider is about to be asked: what anybody can send for nothing takes no
    // place of those who sign in.
    app.rates.sign_in(client)?;
    let return_to = pending.return_to();
    let code = code(app, query, &return_to).await?;
    let signed_in = app.identity.complete(code, &pending.seed).await;
    let signed_in = signed_in.map_err(|cause| failed(&cause, return_to.clone()))?;
    let person = member(app, &signed_in.who).await?;
    end_former(app, headers).await?;
    let id = app.core.sessions.create(person.tenant(), person.actor(), app.config.sessions).await;
    let id = id.map_err(Problem::from)?;
    if let Some(id_token) = signed_in.hint {
        app.core.sessions.store_hint(person.tenant(), &id, &id_token).await.map_err(Problem::from)?;
    }
    record(app, person.tenant(), person.actor(), "sign-in", &info.trace).await?;

    let mut response = Redirect::to(return_to.as_str()).into_response();
    let https = app.config.https();
    let cookie = cookie::set(https, &cookie::session(https), &id.reveal(), None);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The provider's answer: a code, or an error. Its words are for the log; a person learns what they can do.
async fn code(app: &App, query: &Query, return_to: &ReturnTo) -> Result<String, Refusal> {
    app.identity.answers_by(query.get("iss")).await.map_err(|cause| failed(&cause, return_to.clone()))?;
    let description = query.get("error_description").unwrap_or_default();
    let cause = match (query.get("error"), query.get("code")) {
        (None, Some(code)) => return Ok(code.to_owned()),
        (Some(error), _) => Error::SentBack(ProviderError::of(error, description)),
        (None, None) => Error::NoCode,
    };
    Err(failed(&cause, return_to.clone()))
}

/// A stranger is led to another account: the provider would bring the same one back.
async fn member(app: &App, verified: &Verified) -> Result<Person, Refusal> {
    match Person::of_token(app, verified).await {
        Err(problem) if problem.is(Code::NotAMember) => {
            let sign_out = app.identity.sign_out_address().await.ok().flatten();
            Err(Refusal { problem, leads_to: sign_out.map_or(LeadsTo::Home, LeadsTo::OtherAccount) })
        }
        person => Ok(person?),
    }
}

/// Nobody may go on with a session that the browser had before: whoever knew its id would be signed in with the person.
async fn end_former(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let id = cookie::read(headers, &cookie::session(app.config.https())).and_then(SessionId::parse);
    let Some(id) = id else { return Ok(()) };
    if let Some(former) = app.core.sessions.find(&id, app.config.sessions, Activity::Background).await? {
        app.core.sessions.end(&former).await?;
    }
    Ok(())
}

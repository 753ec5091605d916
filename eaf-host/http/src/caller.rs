//! Authentication: [`TenantCaller`] is a tenant's member, [`Operator`] one of the platform. Both
//! are extractors of a caller whom [`super::access`] has admitted.
//!
//! A program sends a bearer token, a browser the cookie of its session. The tenant comes from
//! either and is checked against the directory; nothing else in a request can name it.

use super::App;
use super::access::{Access, HOST_PERMISSIONS};
use super::auth::{cookie, csrf, expected_person};
use super::code::Code;
use super::concurrency::RequestPermit;
use super::info::Info;
use super::person::Person;
use super::problem::Problem;
use super::products::Product;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use eaf_core::actor::{ActorKind, Caller};
use eaf_core::directory::{Member, Tenant};
use eaf_core::id::ActorId;
use eaf_core::session::{Activity, Session, SessionId};
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;

/// Header of requests that a page sends without an act of the person, with the value `1`.
const BACKGROUND_HEADER: &str = "eaf-background";

/// A member of a tenant.
pub struct TenantCaller {
    pub caller: Caller,
    pub tenant: Tenant,
    /// Expiry of the token or session, which also ends streams and exports.
    pub expires: OffsetDateTime,
    pub via: Via,
    /// Permit of the tenant's concurrency limit. Long operations release it.
    pub permit: Option<RequestPermit>,
}

/// Actor of the platform, who sees no customer data.
pub struct Operator {
    pub actor: ActorId,
    pub name: String,
    pub via: Via,
}

/// Signed-in caller of either kind.
pub enum Anyone {
    Member(Box<TenantCaller>),
    Operator(Operator),
}

/// Means of authentication.
pub enum Via {
    Token,
    Session(Session),
}

impl Via {
    pub fn as_str(&self) -> &'static str {
        match self {
            Via::Token => "token",
            Via::Session(_) => "session",
        }
    }
}

impl TenantCaller {
    /// True if the product is enabled for the tenant and no operator has stopped it.
    pub fn has(&self, plugin: &str) -> bool {
        self.tenant.products.iter().any(|id| id == plugin)
    }

    /// Checks during a stream or export that session, membership, roles and products are unchanged.
    /// A token needs no check, because the stream ends with it.
    pub async fn is_still_valid(&self, app: &App) -> Result<bool, Problem> {
        if let Via::Session(session) = &self.via
            && !app.core.sessions.is_live(session, app.config.sessions).await?
        {
            return Ok(false);
        }
        let membership = app.core.directory.membership(self.caller.tenant, self.caller.actor).await?;
        Ok(membership.is_some_and(|(tenant, member)| {
            member.roles == self.caller.roles && tenant.products == self.tenant.products
        }))
    }
}

impl Anyone {
    /// Verifies the bearer token, or else the session. The token has priority, because a program
    /// sends one deliberately.
    pub async fn authenticate(parts: &mut Parts, app: &App, access: Access) -> Result<Self, Problem> {
        let info = info(parts)?;
        let (person, via, expires) = match bearer(parts) {
            Some(token) => by_token(app, token).await?,
            None => by_session(app, parts, access).await?,
        };
        Ok(match person {
            Person::Member(tenant, member) => {
                let caller = caller(app, &info, *member, &tenant);
                app.rates.check_caller(Some(tenant.id), caller.actor)?;
                let permit = app.concurrency.acquire(tenant.id).await;
                Anyone::Member(Box::new(TenantCaller { caller, tenant, expires, via, permit }))
            }
            Person::Operator(operator) => {
                app.rates.check_caller(None, operator.actor)?;
                Anyone::Operator(Operator { actor: operator.actor, name: operator.name, via })
            }
        })
    }
}

/// Caller who passed the check of the operation's [`Access`](super::access::Access), until the
/// handler's extractor takes it.
#[derive(Clone)]
pub struct Admitted(Arc<Mutex<Option<Anyone>>>);

impl Admitted {
    pub fn new(caller: Anyone) -> Self {
        Admitted(Arc::new(Mutex::new(Some(caller))))
    }

    /// Takes the admitted caller. Fails if the handler extracts a caller that its declared access
    /// does not admit, which is a bug.
    fn take(parts: &mut Parts) -> Result<Anyone, Problem> {
        let admitted = parts.extensions.remove::<Admitted>();
        let caller = admitted.and_then(|Admitted(caller)| caller.lock().unwrap_or_else(PoisonError::into_inner).take());
        caller.ok_or_else(|| {
            tracing::error!(
                path = parts.uri.path(),
                "the handler extracts a caller that its declared access does not admit"
            );
            Problem::new(Code::Internal)
        })
    }
}

impl FromRequestParts<App> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Admitted::take(parts)
    }
}

impl FromRequestParts<App> for TenantCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        match Admitted::take(parts)? {
            Anyone::Member(member) => Ok(*member),
            Anyone::Operator(_) => Err(Problem::new(Code::NoTenant)),
        }
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        match Admitted::take(parts)? {
            Anyone::Operator(operator) => Ok(operator),
            Anyone::Member(_) => Err(Problem::new(Code::NotAnOperator)),
        }
    }
}

pub fn info(parts: &Parts) -> Result<Arc<Info>, Problem> {
    // Inserted by `answer::middleware`, which wraps every route.
    parts.extensions.get::<Arc<Info>>().cloned().ok_or_else(|| Problem::new(Code::Internal))
}

/// Token of the `Bearer` scheme. Other schemes are ignored: a proxy in front may use them.
fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

async fn by_token(app: &App, token: &str) -> Result<(Person, Via, OffsetDateTime), Problem> {
    app.rates.check_credential(token)?;
    let verified = app.identity.verify(token).await.map_err(token_problem)?;
    Ok((Person::of_token(app, &verified).await?, Via::Token, verified.expires))
}

/// Finds the session of the cookie. Requests of other sites are refused first, so that they do not
/// count as activity.
async fn by_session(app: &App, parts: &Parts, access: Access) -> Result<(Person, Via, OffsetDateTime), Problem> {
    let cookie = cookie::read(&parts.headers, &cookie::session(app.config.scheme()));
    let cookie = cookie.ok_or_else(|| Problem::new(Code::TokenMissing))?;
    csrf::check(&app.config, &parts.method, &parts.headers)?;
    let expired = || Problem::new(Code::SessionExpired);
    let id = SessionId::parse(cookie).ok_or_else(expired)?;
    app.rates.check_credential(cookie)?;
    let found = app.core.sessions.find(&id, app.config.sessions, activity(parts, access)).await?;
    let session = found.ok_or_else(expired)?;
    let Some(person) = Person::of_session(app, &session).await? else {
        app.core.sessions.end(&session).await?;
        return Err(expired());
    };
    expected_person::check(&parts.method, &parts.headers, person.actor())?;
    let expires = session.expires;
    Ok((person, Via::Session(session), expires))
}

/// Kind of activity. Background requests of a page do not extend its session.
fn activity(parts: &Parts, access: Access) -> Activity {
    let is_background = parts.headers.get(BACKGROUND_HEADER).is_some_and(|value| value == "1");
    if is_background || access == Access::BackgroundMember { Activity::Background } else { Activity::Person }
}

fn token_problem(cause: eaf_identity::Error) -> Problem {
    use eaf_identity::Error;
    let code = match &cause {
        Error::Expired(_) => Code::TokenExpired,
        Error::NotYetValid(_) => Code::TokenNotYetValid,
        Error::Issuer { .. } => Code::TokenIssuer,
        Error::Audience { .. } => Code::TokenAudience,
        Error::NotForAccess(_) => Code::TokenNotForAccess,
        Error::Malformed(_) | Error::Encrypted | Error::Algorithm(_) | Error::Signature | Error::Claim { .. } => {
            Code::TokenInvalid
        }
        Error::Keys(_) if cause.is_outage() => return Problem::fault(Code::IdentityUnavailable, &cause),
        Error::Keys(_) | Error::IssuerAddress(_) | Error::PublicAddress(_) | Error::Client(_) => {
            return Problem::fault(Code::IdentityMisconfigured, &cause);
        }
    };
    tracing::info!(error = &cause as &dyn std::error::Error, code = code.as_str(), "a token was refused");
    Problem::new(code)
}

/// Caller with the current roles and permissions, also of the persons for whom the caller stands
/// in.
fn caller(app: &App, info: &Info, member: Member, tenant: &Tenant) -> Caller {
    info.set_member(tenant.id, member.locale);
    let is_enabled = |product: &Arc<Product>| tenant.products.iter().any(|id| id == product.id());
    let enabled: Vec<Arc<Product>> = app.products.all().into_iter().filter(is_enabled).collect();
    let permissions = permissions(&enabled, &member.roles);
    let mut affiliation = member.affiliation;
    for person in &mut affiliation.stands_in_for {
        person.permissions = self::permissions(&enabled, &person.roles);
    }
    Caller {
        tenant: tenant.id,
        actor: member.actor,
        kind: ActorKind::Person,
        name: member.name,
        roles: member.roles,
        permissions,
        affiliation,
        locale: info.locale(),
        trace: info.trace.clone(),
    }
}

/// Full names of the permissions that these roles give, of the host and of the products.
fn permissions(products: &[Arc<Product>], roles: &[String]) -> Vec<String> {
    let held = |holders: &[&str]| roles.iter().any(|role| holders.contains(&role.as_str()));
    let of_host = HOST_PERMISSIONS.iter().filter(|(_, holders)| held(holders)).map(|(name, _)| (*name).to_owned());
    of_host.chain(products.iter().flat_map(|product| product.permissions(roles))).collect()
}

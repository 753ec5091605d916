//! Extractors that say who is calling: [`TenantCaller`] for a tenant's people, [`Operator`] for the platform's.
//!
//! The tenant comes from the token and is checked against the directory; nothing else in a request can name it.

use super::App;
use super::code::Code;
use super::info::Info;
use super::problem::Problem;
use crate::identity::{self, Verified};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use eaf_core::actor::{ActorKind, Caller};
use eaf_core::directory::{self, Tenant};
use eaf_core::id::ActorId;
use std::sync::Arc;
use time::OffsetDateTime;

/// What the host itself lets people do, beside the packages' own permissions.
const HOST_PERMISSIONS: [(&str, &[&str]); 4] = [
    ("host.connections", &["admin"]),
    ("host.mail-failures", &["admin"]),
    ("host.runs", &["admin", "auditor"]),
    ("host.audit", &["admin", "auditor"]),
];

/// A member of a tenant.
pub struct TenantCaller {
    pub caller: Caller,
    pub tenant: Tenant,
    /// When the token ends; long answers end with it.
    pub expires: OffsetDateTime,
}

/// A platform actor; sees no customer data.
pub struct Operator {
    pub actor: ActorId,
    pub name: String,
}

/// Either of them.
pub enum Anyone {
    Member(Box<TenantCaller>),
    Operator(Operator),
}

impl FromRequestParts<App> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let info = info(parts)?;
        let token = bearer(parts)?;
        let verified = app.identity.verify(token).await.map_err(refusal)?;
        match &verified.tenant {
            Some(slug) => member(app, &info, &verified, slug).await.map(Box::new).map(Anyone::Member),
            None => operator(app, &verified).await.map(Anyone::Operator),
        }
    }
}

impl FromRequestParts<App> for TenantCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Anyone::from_request_parts(parts, app).await? {
            Anyone::Member(member) => Ok(*member),
            Anyone::Operator(_) => Err(Problem::new(Code::NoTenant)),
        }
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Anyone::from_request_parts(parts, app).await? {
            Anyone::Operator(operator) => Ok(operator),
            Anyone::Member(_) => Err(Problem::new(Code::NotAnOperator)),
        }
    }
}

fn info(parts: &Parts) -> Result<Arc<Info>, Problem> {
    // Put there by `answer::around`, which wraps every route.
    parts.extensions.get::<Arc<Info>>().cloned().ok_or_else(|| Problem::new(Code::Internal))
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let missing = || Problem::new(Code::TokenMissing);
    let value = parts.headers.get(AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(|_| missing())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(missing());
    }
    Ok(token.trim())
}

fn refusal(cause: identity::Error) -> Problem {
    use identity::Error;
    let code = match &cause {
        Error::Expired => Code::TokenExpired,
        Error::NotYetValid => Code::TokenNotYetValid,
        Error::Issuer => Code::TokenIssuer,
        Error::Audience => Code::TokenAudience,
        Error::Malformed | Error::Signature => Code::TokenInvalid,
        Error::Keys(_) | Error::IssuerAddress(_) | Error::Client(_) => {
            return Problem::fault(Code::IdentityUnavailable, &cause);
        }
    };
    tracing::info!(code = code.as_str(), "a token was refused");
    Problem::new(code)
}

/// An unknown tenant and a tenant without this person answer alike, so that nobody learns which tenants exist.
async fn member(app: &App, info: &Info, verified: &Verified, slug: &str) -> Result<TenantCaller, Problem> {
    let stranger = || Problem::new(Code::NotAMember);
    let tenant = directory::tenant_by_slug(&app.core, slug).await?.ok_or_else(stranger)?;
    let found = directory::find_member(&app.core, tenant.id, &verified.issuer, &verified.subject).await?;
    let member = found.ok_or_else(stranger)?;
    info.member(tenant.id, member.locale);
    let mut permissions: Vec<String> = HOST_PERMISSIONS
        .iter()
        .filter(|(_, holders)| member.roles.iter().any(|role| holders.contains(&role.as_str())))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    for product in app.products.all() {
        permissions.extend(product.permissions(&member.roles));
    }
    let caller = Caller {
        tenant: tenant.id,
        actor: member.actor,
        kind: ActorKind::Person,
        name: member.name,
        roles: member.roles,
        permissions,
        locale: info.locale(),
        trace: info.trace.clone(),
    };
    Ok(TenantCaller { caller, tenant, expires: verified.expires })
}

async fn operator(app: &App, verified: &Verified) -> Result<Operator, Problem> {
    let found = directory::find_operator(&app.core, &verified.issuer, &verified.subject).await?;
    let operator = found.ok_or_else(|| Problem::new(Code::NotAMember))?;
    Ok(Operator { actor: operator.actor, name: operator.name })
}

//! Authorization of requests: every operation declares who may use it, and the router enforces the declaration before
//! the handler runs, so that no handler can forget it.

use super::App;
use super::caller::{Admitted, Anyone, TenantCaller};
use super::code::Code;
use super::commands::for_people;
use super::denial;
use super::operation::Operation;
use super::problem::Problem;
use axum::extract::{FromRequestParts, MatchedPath, Path, Request, State};
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use eaf_core::view;
use std::collections::HashMap;

/// Who may use an operation. Names of acts and objects are what the audit records for a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without signing in.
    Public,
    /// Members of a tenant and operators.
    SignedIn,
    /// Members of a tenant. The handler filters what it answers by their row rules.
    Member,
    /// Members who hold the host's permission.
    Permission { name: &'static str, act: &'static str, object: &'static str },
    /// Members who hold the permission that the package names for the command in the path.
    Command { act: &'static str },
    /// Members to whom a row rule of the view in the path applies.
    View { act: &'static str },
    /// Operators of the platform, who see no customer data.
    Operator,
}

impl Access {
    /// Declares a permission on connections.
    pub const fn connections(act: &'static str) -> Access {
        Access::Permission { name: "host.connections", act, object: "connections" }
    }

    /// Declares a permission on the tenant's mails.
    pub const fn mails(act: &'static str) -> Access {
        Access::Permission { name: "host.mail-failures", act, object: "mail" }
    }

    /// Declares a permission on the audit trail.
    pub const fn audit(act: &'static str) -> Access {
        Access::Permission { name: "host.audit", act, object: "audit" }
    }

    /// Declares a permission on workflow runs.
    pub const fn runs(act: &'static str) -> Access {
        Access::Permission { name: "host.runs", act, object: "runs" }
    }

    /// Names the requirement for the OpenAPI document. None where the package names the permission.
    pub fn described(self) -> Option<String> {
        Some(match self {
            Access::Public => "public".into(),
            Access::SignedIn => "signed in".into(),
            Access::Member => "member".into(),
            Access::Permission { name, .. } => format!("permission {name}"),
            Access::Operator => "operator".into(),
            Access::Command { .. } | Access::View { .. } => return None,
        })
    }
}

/// The route of an operation behind the check that it declares.
pub fn guarded(operation: Operation, app: &App) -> MethodRouter<App> {
    match operation.access {
        Access::Public => operation.route,
        access => operation.route.layer(from_fn_with_state((app.clone(), access), authorize)),
    }
}

/// Authenticates the caller, checks the declaration, and hands the caller to the handler's extractor.
async fn authorize(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Anyone::authenticate(&mut parts, &app).await?;
    match &caller {
        Anyone::Member(member) => check_member(&app, access, member, &mut parts).await?,
        Anyone::Operator(operator) if !matches!(access, Access::Operator | Access::SignedIn) => {
            let trace = super::caller::info(&parts)?.trace.clone();
            denial::of_operator(&app, operator.actor, trace, &parts.method, &route(&parts)).await?;
            return Err(Problem::new(Code::NoTenant));
        }
        Anyone::Operator(_) => {}
    }
    parts.extensions.insert(Admitted::new(caller));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn check_member(app: &App, access: Access, who: &TenantCaller, parts: &mut Parts) -> Result<(), Problem> {
    match access {
        Access::Public | Access::SignedIn | Access::Member => Ok(()),
        Access::Permission { name, act, object } => who.require(app, name, act, object).await,
        Access::Command { act } => check_command(app, act, who, &names(app, parts).await?).await,
        Access::View { act } => check_view(app, act, who, &names(app, parts).await?).await,
        Access::Operator => {
            who.record_denied(app, &denial::act(&parts.method), &route(parts)).await?;
            Err(Problem::new(Code::NotAnOperator))
        }
    }
}

/// Parameters of the path, by name.
type Names = HashMap<String, String>;

async fn names(app: &App, parts: &mut Parts) -> Result<Names, Problem> {
    let Path(names) = Path::from_request_parts(parts, app).await.map_err(|_| Problem::new(Code::NotFound))?;
    Ok(names)
}

fn name<'a>(names: &'a Names, of: &str) -> &'a str {
    names.get(of).map_or("", String::as_str)
}

/// A command that does not exist is 404 for everyone, so nothing is recorded under a name that the caller made up.
async fn check_command(app: &App, act: &str, who: &TenantCaller, names: &Names) -> Result<(), Problem> {
    let (plugin, command) = (name(names, "plugin"), name(names, "command"));
    let unknown = || Problem::new(Code::NotFound);
    let product = app.products.get(plugin).ok_or_else(unknown)?;
    let known = for_people(&product, command).ok_or_else(unknown)?;
    require_product(app, act, who, (plugin, command)).await?;
    let permission = known.permission.as_deref().unwrap_or_default();
    who.require(app, &format!("{plugin}.{permission}"), act, &format!("{plugin}/{command}")).await
}

async fn check_view(app: &App, act: &str, who: &TenantCaller, names: &Names) -> Result<(), Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let product = app.products.get(name(names, "plugin")).ok_or_else(unknown)?;
    let view = product.view(name(names, "view")).ok_or_else(unknown)?;
    require_product(app, act, who, (product.id(), &view.name)).await?;
    if view::may_read(&who.caller, product.id(), view) {
        return Ok(());
    }
    Err(who.denied_view(app, act, product.id(), view).await)
}

/// Refuses what a product offers where the tenant does not have the product.
async fn require_product(app: &App, act: &str, who: &TenantCaller, of: (&str, &str)) -> Result<(), Problem> {
    let (plugin, name) = of;
    if who.has(plugin) {
        return Ok(());
    }
    who.record_denied(app, act, &format!("{plugin}/{name}")).await?;
    Err(Problem::new(Code::ProductNotEnabled).with("product", plugin))
}

/// The route as registered, without the values of its parameters.
fn route(parts: &Parts) -> String {
    parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned())
}

//! Authorization of requests: every operation declares the access that it requires, and the router
//! enforces the declaration before the handler runs, so that no handler can omit the check.

use super::App;
use super::caller::{Admitted, Anyone, TenantCaller};
use super::code::Code;
use super::commands::find_for_people;
use super::denial;
use super::operation::Operation;
use super::problem::Problem;
use axum::extract::{FromRequestParts, MatchedPath, Path, Request, State};
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use eaf_core::directory::{ADMIN, AUDITOR};
use eaf_core::view;
use std::collections::HashMap;

/// Permissions of the host, with the roles that hold them.
pub const HOST_PERMISSIONS: [(&str, &[&str]); 6] = [
    ("host.members", &[ADMIN]),
    ("host.connections", &[ADMIN]),
    ("host.mail-failures", &[ADMIN]),
    ("host.runs", &[ADMIN, AUDITOR]),
    ("host.audit", &[ADMIN, AUDITOR]),
    ("host.settings", &[ADMIN]),
];

/// Roles that hold permissions of the host.
pub fn host_roles() -> impl Iterator<Item = &'static str> {
    HOST_PERMISSIONS.iter().flat_map(|(_, holders)| holders.iter().copied())
}

/// Access that an operation requires. `act` and `object` are the names that the audit records for a
/// denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Every client, signed in or not.
    Public,
    /// Members of a tenant and operators.
    SignedIn,
    /// Members of a tenant. The handler filters what it answers by their row rules.
    Member,
    /// Members of a tenant, as for [`Access::Member`], on a request that a page makes without an
    /// act of the person. Such a request does not extend the session.
    BackgroundMember,
    /// Members who hold a permission of the host.
    Permission { name: &'static str, act: &'static str, object: &'static str },
    /// Members who hold the permission that the package names for the command in the path.
    Command { act: &'static str },
    /// Members to whom a row rule of the view in the path applies.
    View { act: &'static str },
    /// Operators of the platform, who see no customer data.
    Operator,
}

impl Access {
    /// Permission on connections.
    pub const fn connections(act: &'static str) -> Access {
        Access::Permission { name: "host.connections", act, object: "connections" }
    }

    /// Permission on the tenant's mails.
    pub const fn mails(act: &'static str) -> Access {
        Access::Permission { name: "host.mail-failures", act, object: "mail" }
    }

    /// Permission on the audit trail.
    pub const fn audit(act: &'static str) -> Access {
        Access::Permission { name: "host.audit", act, object: "audit" }
    }

    /// Permission on members.
    pub const fn members(act: &'static str) -> Access {
        Access::Permission { name: "host.members", act, object: "members" }
    }

    /// Permission on groups, which is that on members.
    pub const fn groups(act: &'static str) -> Access {
        Access::Permission { name: "host.members", act, object: "groups" }
    }

    /// Permission on the settings of products.
    pub const fn settings(act: &'static str) -> Access {
        Access::Permission { name: "host.settings", act, object: "settings" }
    }

    /// Permission on workflow runs.
    pub const fn runs(act: &'static str) -> Access {
        Access::Permission { name: "host.runs", act, object: "runs" }
    }

    /// Name of the requirement in the OpenAPI document. None: the package names the permission.
    pub fn described(self) -> Option<String> {
        Some(match self {
            Access::Public => "public".into(),
            Access::SignedIn => "signed in".into(),
            Access::Member | Access::BackgroundMember => "member".into(),
            Access::Permission { name, .. } => format!("permission {name}"),
            Access::Operator => "operator".into(),
            Access::Command { .. } | Access::View { .. } => return None,
        })
    }
}

/// Route of an operation, behind the check of its declared access.
pub fn guarded(operation: Operation, app: &App) -> MethodRouter<App> {
    match operation.access {
        Access::Public => operation.route,
        access => operation.route.layer(from_fn_with_state((app.clone(), access), authorize)),
    }
}

/// Authenticates the caller, checks the declared access, and hands the caller to the handler's
/// extractor. A path that is not UTF-8 names nothing, so it is 404.
async fn authorize(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Anyone::authenticate(&mut parts, &app, access).await?;
    let parameters = path_parameters(&app, &mut parts).await?;
    match &caller {
        Anyone::Member(member) => check_member(&app, access, member, &parts, &parameters).await?,
        Anyone::Operator(operator) if !matches!(access, Access::Operator | Access::SignedIn) => {
            let trace = super::caller::info(&parts)?.trace.clone();
            denial::record_denied_operator(&app, operator.actor, trace, &parts.method, &route(&parts)).await?;
            return Err(Problem::new(Code::NoTenant));
        }
        Anyone::Operator(_) => {}
    }
    parts.extensions.insert(Admitted::new(caller));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn check_member(
    app: &App,
    access: Access,
    who: &TenantCaller,
    parts: &Parts,
    parameters: &PathParameters,
) -> Result<(), Problem> {
    match access {
        Access::Public | Access::SignedIn | Access::Member | Access::BackgroundMember => Ok(()),
        Access::Permission { name, act, object } => who.require(app, name, act, object).await,
        Access::Command { act } => check_command(app, act, who, parameters).await,
        Access::View { act } => check_view(app, act, who, parameters).await,
        Access::Operator => {
            who.record_denied(app, &denial::act(&parts.method), &route(parts)).await?;
            Err(Problem::new(Code::NotAnOperator))
        }
    }
}

/// Path parameters by name.
type PathParameters = HashMap<String, String>;

async fn path_parameters(app: &App, parts: &mut Parts) -> Result<PathParameters, Problem> {
    let Path(parameters) = Path::from_request_parts(parts, app).await.map_err(|_| Problem::new(Code::NotFound))?;
    Ok(parameters)
}

fn parameter<'a>(parameters: &'a PathParameters, name: &str) -> &'a str {
    parameters.get(name).map_or("", String::as_str)
}

/// Checks the permission of the command in the path. An unknown command is 404 for every caller and
/// not recorded, so that callers cannot put names of their own into the audit.
async fn check_command(app: &App, act: &str, who: &TenantCaller, parameters: &PathParameters) -> Result<(), Problem> {
    let (plugin, command) = (parameter(parameters, "plugin"), parameter(parameters, "command"));
    let unknown = || Problem::new(Code::NotFound);
    let product = app.products.get(plugin).ok_or_else(unknown)?;
    let command_type = find_for_people(&product, command).ok_or_else(unknown)?;
    require_product(app, act, who, (plugin, command)).await?;
    let permission = command_type.permission.as_deref().unwrap_or_default();
    who.require(app, &format!("{plugin}.{permission}"), act, &format!("{plugin}/{command}")).await
}

async fn check_view(app: &App, act: &str, who: &TenantCaller, parameters: &PathParameters) -> Result<(), Problem> {
    let unknown = || Problem::new(Code::NotFound);
    let product = app.products.get(parameter(parameters, "plugin")).ok_or_else(unknown)?;
    let view = product.view(parameter(parameters, "view")).ok_or_else(unknown)?;
    require_product(app, act, who, (product.id(), &view.name)).await?;
    if view::may_read(&who.caller, product.package_view(view)) {
        return Ok(());
    }
    Err(who.denied_view(app, act, product.id(), view).await)
}

/// Refuses a product that the tenant does not have.
async fn require_product(app: &App, act: &str, who: &TenantCaller, of: (&str, &str)) -> Result<(), Problem> {
    let (plugin, name) = of;
    if who.has(plugin) {
        return Ok(());
    }
    who.record_denied(app, act, &format!("{plugin}/{name}")).await?;
    Err(Problem::new(Code::ProductNotEnabled).with("product", plugin))
}

/// Registered route, without the values of its parameters.
fn route(parts: &Parts) -> String {
    parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned())
}

//! Audit rows of a caller's acts, denials and refused commands.

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::Problem;
use axum::http::Method;
use eaf_core::actor::{Attribution, TraceId};
use eaf_core::audit::{self, Act, Entry, platform};
use eaf_core::contract::ViewType;
use eaf_core::id::ActorId;
use uuid::Uuid;

/// Act that the audit names when a denied operation has no act of its own: made from the HTTP
/// method, such as `http.get`.
pub fn act(method: &Method) -> String {
    format!("http.{}", method.as_str().to_ascii_lowercase())
}

/// Records an operator's denial in the platform's audit, because an operator belongs to no tenant.
pub async fn record_denied_operator(
    app: &App,
    operator: ActorId,
    trace: TraceId,
    method: &Method,
    route: &str,
) -> Result<(), Problem> {
    let by = Attribution { actor: operator, origin: None, trace };
    Ok(platform::record_denied(&app.core.db, app.core.ambient.now(), &by, &Act::denied(&act(method), route)).await?)
}

impl TenantCaller {
    /// Records the denial of a caller to whom no rule of the view gives any row. Returns the
    /// problem for the response. `act` names the attempt.
    pub async fn denied_view(&self, app: &App, act: &str, plugin: &str, view: &ViewType) -> Problem {
        if let Err(problem) = self.record_denied(app, act, &format!("{plugin}/{}", view.name)).await {
            return problem;
        }
        let permission = view.read.first().map(|rule| rule.permission.as_str()).unwrap_or_default();
        Problem::new(Code::PermissionMissing).with("permission", format!("{plugin}.{permission}"))
    }

    /// Refuses a caller without the permission, and records the denial. `act` and `object` name the
    /// attempt (`command.give`, `dcm/request-vm`) and must not come from the request: each value
    /// would be a row of its own in the audit.
    pub async fn require(&self, app: &App, permission: &str, act: &str, object: &str) -> Result<(), Problem> {
        if self.caller.may(permission) {
            return Ok(());
        }
        self.record_denied(app, act, object).await?;
        Err(Problem::new(Code::PermissionMissing).with("permission", permission))
    }

    /// Records a denial of the caller in the tenant's audit. Equal denials within an hour are
    /// counted in one row.
    pub async fn record_denied(&self, app: &App, act: &str, object: &str) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record_denied(&mut tx, &self.act(act, object, "denied"), app.core.ambient.now()).await?;
        Ok(tx.commit().await?)
    }

    pub async fn record(&self, app: &App, act: &str, object: &str, outcome: &str) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record(&mut tx, &self.act(act, object, outcome)).await?;
        Ok(tx.commit().await?)
    }

    /// Records a refused command: one row per command id, however often the command is repeated.
    /// `about` names the thing that the command concerns.
    pub async fn record_refusal(
        &self,
        app: &App,
        id: Uuid,
        object: &str,
        outcome: &str,
        about: Option<&str>,
    ) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record_refusal(&mut tx, id, &self.act("command.give", object, outcome), about).await?;
        Ok(tx.commit().await?)
    }

    /// Attribution of an administrative act to this caller.
    pub fn by(&self) -> Attribution {
        Attribution { actor: self.caller.actor, origin: None, trace: self.caller.trace.clone() }
    }

    pub fn act(&self, act: &str, object: &str, outcome: &str) -> Entry {
        Entry {
            actor: self.caller.actor,
            act: act.into(),
            object: object.into(),
            outcome: outcome.into(),
            trace: self.caller.trace.clone(),
        }
    }
}

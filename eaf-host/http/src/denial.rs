//! What a caller did or was refused leaves a row of its own in the audit.

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::Problem;
use axum::http::Method;
use eaf_core::actor::{By, TraceId};
use eaf_core::audit::{self, Act, Entry, platform};
use eaf_core::contract::ViewType;
use eaf_core::id::ActorId;
use uuid::Uuid;

/// Of a request for whom no name of its own is known.
pub fn act(method: &Method) -> String {
    format!("http.{}", method.as_str().to_ascii_lowercase())
}

/// An operator belongs to no tenant, so the platform's audit has it.
pub async fn of_operator(
    app: &App,
    operator: ActorId,
    trace: TraceId,
    method: &Method,
    route: &str,
) -> Result<(), Problem> {
    let by = By { actor: operator, origin: None, trace };
    Ok(platform::record_denied(&app.core.db, app.core.world.now(), &by, &Act::denied(&act(method), route)).await?)
}

impl TenantCaller {
    /// That none of the view's rules lets them read it; `act` is what was tried. Answers the refusal.
    pub async fn denied_view(&self, app: &App, act: &str, plugin: &str, view: &ViewType) -> Problem {
        if let Err(problem) = self.record_denied(app, act, &format!("{plugin}/{}", view.name)).await {
            return problem;
        }
        let permission = view.read.first().map(|rule| rule.permission.as_str()).unwrap_or_default();
        Problem::new(Code::PermissionMissing).with("permission", format!("{plugin}.{permission}"))
    }

    /// `act` and `object` name what was tried: `command.give`, `dcm/request-vm`. No name that the caller makes up: each
    /// would be a row of its own in the audit.
    pub async fn require(&self, app: &App, permission: &str, act: &str, object: &str) -> Result<(), Problem> {
        if self.caller.may(permission) {
            return Ok(());
        }
        self.record_denied(app, act, object).await?;
        Err(Problem::new(Code::PermissionMissing).with("permission", permission))
    }

    /// Counts equal denials of an hour in one row.
    pub async fn record_denied(&self, app: &App, act: &str, object: &str) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record_denied(&mut tx, &self.act(act, object, "denied"), app.core.world.now()).await?;
        Ok(tx.commit().await?)
    }

    pub async fn record(&self, app: &App, act: &str, object: &str, outcome: &str) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record(&mut tx, &self.act(act, object, outcome)).await?;
        Ok(tx.commit().await?)
    }

    /// That a command was refused: one row for this command, however often it is tried again. `about`: the stream of
    /// what it was about.
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

    /// As whom this caller administers.
    pub fn by(&self) -> By {
        By { actor: self.caller.actor, origin: None, trace: self.caller.trace.clone() }
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

//! A "no" of the edge leaves a row of its own in the audit.

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::Problem;
use eaf_core::audit::{self, Entry};

impl TenantCaller {
    /// `act` and `object` name what was tried: `command.give`, `dcm/request-vm`.
    pub async fn require(&self, app: &App, permission: &str, act: &str, object: &str) -> Result<(), Problem> {
        if self.caller.may(permission) {
            return Ok(());
        }
        self.record(app, act, object, "denied").await?;
        Err(Problem::new(Code::PermissionMissing).with("permission", permission))
    }

    pub async fn record(&self, app: &App, act: &str, object: &str, outcome: &str) -> Result<(), Problem> {
        let entry = Entry {
            actor: self.caller.actor,
            act: act.into(),
            object: object.into(),
            outcome: outcome.into(),
            trace: self.caller.trace.clone(),
        };
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record(&mut tx, &entry).await?;
        Ok(tx.commit().await?)
    }
}

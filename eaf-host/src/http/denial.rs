//! What a caller did or was refused leaves a row of its own in the audit.

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::Problem;
use eaf_core::audit::{self, Entry};
use uuid::Uuid;

impl TenantCaller {
    /// `act` and `object` name what was tried: `command.give`, `dcm/request-vm`.
    pub async fn require(&self, app: &App, permission: &str, act: &str, object: &str) -> Result<(), Problem> {
        if self.caller.may(permission) {
            return Ok(());
        }
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record_denied(&mut tx, &self.act(act, object, "denied"), app.core.world.now()).await?;
        tx.commit().await?;
        Err(Problem::new(Code::PermissionMissing).with("permission", permission))
    }

    pub async fn record(&self, app: &App, act: &str, object: &str, outcome: &str) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record(&mut tx, &self.act(act, object, outcome)).await?;
        Ok(tx.commit().await?)
    }

    /// As [`record`](Self::record), but one row for this id, however often it is tried again.
    pub async fn record_once(
        &self,
        app: &App,
        id: Uuid,
        act: &str,
        object: &str,
        outcome: &str,
    ) -> Result<(), Problem> {
        let mut tx = app.core.db.tenant(self.caller.tenant).await?;
        audit::record_once(&mut tx, id, &self.act(act, object, outcome)).await?;
        Ok(tx.commit().await?)
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

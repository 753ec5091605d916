//! Reporting lines: the manager and the cost centre of each member.

use super::lock::{Part, lock};
use super::roles::{current_roles, require_current};
use super::{Directory, Error};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::departure::{self, Departed};
use crate::id::{ActorId, TenantId};
use serde_json::json;

/// Maximum length of a cost centre, in characters.
pub const MAX_COST_CENTRE: usize = 100;

#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Reporting {
    /// Manager of the person. `None`: no manager is known.
    pub manager: Option<ActorId>,
    /// Cost centre of the person. Empty: none is known.
    pub cost_centre: String,
}

impl Directory {
    /// Lists managers and cost centres of a tenant's members, ordered by member.
    pub async fn reporting(&self, tenant: TenantId) -> Result<Vec<(ActorId, Reporting)>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows: Vec<(ActorId, Option<ActorId>, String)> = sqlx::query_as(
            "select actor_id, manager, cost_centre from eaf.reporting where tenant_id = $1 order by actor_id",
        )
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        let reporting = |(actor, manager, cost_centre)| (actor, Reporting { manager, cost_centre });
        Ok(rows.into_iter().map(reporting).collect())
    }

    /// Sets manager and cost centre of a member. Fails with [`Error::NoManager`] unless a new
    /// manager is a current member, and with [`Error::ManagerCycle`] if managers would lead from
    /// the member back to the same member.
    pub async fn set_reporting(
        &self,
        by: &Attribution,
        tenant: TenantId,
        actor: ActorId,
        new: &Reporting,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        change_reporting(&mut tx, by, actor, new).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) async fn change_reporting(
    tx: &mut TenantTx,
    by: &Attribution,
    actor: ActorId,
    new: &Reporting,
) -> Result<(), Error> {
    if new.cost_centre.chars().count() > MAX_COST_CENTRE || new.cost_centre.chars().any(char::is_control) {
        return Err(Error::CostCentre);
    }
    lock(tx, Part::ReportingLines).await?;
    require_current(tx, actor).await?;
    let before = read(tx, actor).await?;
    if before == *new {
        return Ok(());
    }
    if let Some(manager) = new.manager.filter(|_| before.manager != new.manager) {
        current_roles(tx, manager).await?.ok_or(Error::NoManager)?;
        refuse_cycle(tx, actor, manager).await?;
    }
    write(tx, by, actor, new).await?;
    if before.manager.is_some() && before.manager != new.manager {
        departure::record(tx, &Departed::manager_of(actor)).await?;
    }
    let state = |reporting: &Reporting| json!({ "manager": reporting.manager, "cost_centre": reporting.cost_centre });
    let act = Act::new("member.reporting", format!("member/{actor}")).changing(state(&before), state(new));
    audit::record_act(tx, by, &act).await?;
    Ok(())
}

async fn write(tx: &mut TenantTx, by: &Attribution, actor: ActorId, new: &Reporting) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.reporting (tenant_id, actor_id, manager, cost_centre, updated_by)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, actor_id) do update set manager = excluded.manager,
           cost_centre = excluded.cost_centre, updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(tx.tenant())
    .bind(actor)
    .bind(new.manager)
    .bind(&new.cost_centre)
    .bind(by.actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// Reads manager and cost centre of a person. Both are empty if they were never set.
pub(super) async fn read(tx: &mut TenantTx, actor: ActorId) -> Result<Reporting, Error> {
    let found = sqlx::query_as("select manager, cost_centre from eaf.reporting where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Read)?;
    Ok(found.unwrap_or_default())
}

/// Deletes manager and cost centre of a person who is erased.
pub(super) async fn erase(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.reporting where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

async fn refuse_cycle(tx: &mut TenantTx, actor: ActorId, manager: ActorId) -> Result<(), Error> {
    let is_cycle: bool = sqlx::query_scalar(
        "with recursive line (actor_id) as (
           select $3::uuid
           union select r.manager from eaf.reporting r join line l on r.actor_id = l.actor_id
             where r.tenant_id = $1 and r.manager is not null)
         select exists (select from line where actor_id = $2)",
    )
    .bind(tx.tenant())
    .bind(actor)
    .bind(manager)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    if is_cycle { Err(Error::ManagerCycle) } else { Ok(()) }
}

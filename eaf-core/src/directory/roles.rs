//! Roles of members: their change, and the admin whom every tenant keeps.

use super::lock::{Part, lock};
use super::reporting::{self, Reporting, change_reporting};
use super::{Basis, Directory, Error, basis};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::departure;
use crate::id::{ActorId, TenantId};
use serde_json::json;

/// Name of the role whose holders manage the tenant.
pub const ADMIN: &str = "admin";
/// Name of the role whose holders read the audit trail and the workflow runs.
pub const AUDITOR: &str = "auditor";
/// Roles of the host. Packages give their permissions to these and declare no others, so that a
/// member has the same roles in all products.
pub const ROLES: [&str; 4] = ["requester", "approver", ADMIN, AUDITOR];

impl Directory {
    /// Sets the roles of a current member. They hold from the member's next request on. Fails with
    /// [`Error::LastAdmin`] if the tenant would have no admin.
    pub async fn set_roles(
        &self,
        by: &Attribution,
        tenant: TenantId,
        actor: ActorId,
        roles: &[String],
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        change_roles(&mut tx, by, actor, roles).await?;
        Ok(tx.commit().await?)
    }

    /// Sets roles, manager and cost centre of a current member, all or nothing. Fails with
    /// [`Error::ChangedMeanwhile`] if these are not those of `basis`, and as
    /// [`set_roles`](Self::set_roles) and [`set_reporting`](Self::set_reporting) do.
    pub async fn change_member(
        &self,
        by: &Attribution,
        tenant: TenantId,
        actor: ActorId,
        profile: &Profile,
        basis: &Basis,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Admins).await?;
        lock(&mut tx, Part::ReportingLines).await?;
        let stored = Profile {
            roles: require_current(&mut tx, actor).await?,
            reporting: reporting::read(&mut tx, actor).await?,
        };
        basis.check(Some(&stored.tag()))?;
        change_roles(&mut tx, by, actor, &profile.roles).await?;
        change_reporting(&mut tx, by, actor, &profile.reporting).await?;
        Ok(tx.commit().await?)
    }
}

/// Values of a member that admins change together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub roles: Vec<String>,
    pub reporting: Reporting,
}

impl Profile {
    /// Tag of the values, for [`Basis::Tag`].
    pub fn tag(&self) -> String {
        basis::tag(&(&self.roles, self.reporting.manager, &self.reporting.cost_centre))
    }
}

async fn change_roles(tx: &mut TenantTx, by: &Attribution, actor: ActorId, roles: &[String]) -> Result<(), Error> {
    lock(tx, Part::Admins).await?;
    let former = require_current(tx, actor).await?;
    if former == roles {
        return Ok(());
    }
    sqlx::query("update eaf.member set roles = $3 where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .bind(roles)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    refuse_without_admin(tx, &former).await?;
    departure::record_roles(tx, actor, &former, roles).await?;
    let act = Act::new("member.change", format!("member/{actor}"));
    audit::record_act(tx, by, &act.changing(json!({ "roles": former }), json!({ "roles": roles }))).await?;
    Ok(())
}

/// Reads the roles of a current member. Fails with [`Error::NoMember`] for a removed or erased
/// member and for an actor who is no member.
pub(super) async fn require_current(tx: &mut TenantTx, actor: ActorId) -> Result<Vec<String>, Error> {
    current_roles(tx, actor).await?.ok_or(Error::NoMember)
}

/// Reads the roles of a current member. `None`: the actor is no current member of the tenant.
pub(super) async fn current_roles(tx: &mut TenantTx, actor: ActorId) -> Result<Option<Vec<String>>, Error> {
    sqlx::query_scalar(
        "select roles from eaf.member
         where tenant_id = $1 and actor_id = $2 and identity is not null and roles <> '{}'",
    )
    .bind(tx.tenant())
    .bind(actor)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)
}

/// Refuses a change if it removes the role of an admin and no other member has that role. `former`
/// are the member's roles before the change.
pub(super) async fn refuse_without_admin(tx: &mut TenantTx, former: &[String]) -> Result<(), Error> {
    if !former.iter().any(|role| role == ADMIN) {
        return Ok(());
    }
    let has_admin: bool = sqlx::query_scalar(
        "select exists (select from eaf.member where tenant_id = $1 and identity is not null and $2 = any (roles))",
    )
    .bind(tx.tenant())
    .bind(ADMIN)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    if has_admin { Ok(()) } else { Err(Error::LastAdmin) }
}

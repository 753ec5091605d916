//! Deputies: members who act on behalf of an absent member during a period.
//!
//! A deputy acts under the deputy's own name. Deputies do not chain: if A's deputy is B, and B's
//! deputy is C, then C acts on behalf of B, and not of A.

use super::lock::{Part, lock};
use super::roles::{current_roles, require_current};
use super::{Basis, Directory, Error, basis};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::id::{ActorId, TenantId};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Maximum period for which a deputy can be set, so that no deputy stays for ever by oversight.
pub const MAX_PERIOD: Duration = Duration::days(366);

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Deputy {
    /// Absent person, on whose behalf the deputy acts.
    pub actor_id: ActorId,
    pub deputy_id: ActorId,
    pub starts_at: OffsetDateTime,
    pub ends_at: OffsetDateTime,
}

impl Deputy {
    /// Tag of deputy and period, for [`Basis::Tag`].
    pub fn tag(&self) -> String {
        basis::tag(&(self.deputy_id, self.starts_at.unix_timestamp_nanos(), self.ends_at.unix_timestamp_nanos()))
    }
}

impl Directory {
    /// Sets the deputy of a person, in place of a former deputy. Fails with [`Error::NoDeputy`]
    /// unless the deputy is a current member, with [`Error::DeputyCycle`] if deputies would lead
    /// from the person back to the same person at one time, and with [`Error::ChangedMeanwhile`] if
    /// the deputy is not the one of `basis`. A deputy whose period has ended counts as none.
    pub async fn set_deputy(
        &self,
        by: &Attribution,
        tenant: TenantId,
        new: &Deputy,
        basis: &Basis,
    ) -> Result<(), Error> {
        let Deputy { actor_id, deputy_id, starts_at, ends_at } = new;
        if ends_at <= starts_at || *ends_at - *starts_at > MAX_PERIOD {
            return Err(Error::DeputyPeriod);
        }
        if actor_id == deputy_id {
            return Err(Error::DeputyCycle);
        }
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Deputies).await?;
        require_current(&mut tx, *actor_id).await?;
        current_roles(&mut tx, *deputy_id).await?.ok_or(Error::NoDeputy)?;
        let before = read(&mut tx, *actor_id).await?;
        let present = before.as_ref().filter(|before| before.ends_at > self.ambient.now());
        basis.check(present.map(Deputy::tag).as_deref())?;
        refuse_cycle(&mut tx, new).await?;
        sqlx::query(
            "insert into eaf.deputy (tenant_id, actor_id, deputy_id, starts_at, ends_at, updated_by)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id, actor_id) do update set deputy_id = excluded.deputy_id,
               starts_at = excluded.starts_at, ends_at = excluded.ends_at, updated_by = excluded.updated_by,
               updated_at = clock_timestamp()",
        )
        .bind(tenant)
        .bind(actor_id)
        .bind(deputy_id)
        .bind(starts_at)
        .bind(ends_at)
        .bind(by.actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        if before.as_ref() != Some(new) {
            let act = act("deputy.set", *actor_id).changing(state(before.as_ref()), state(Some(new)));
            audit::record_act(&mut tx, by, &act).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes the deputy of a person. Returns false if the person had no deputy.
    pub async fn end_deputy(&self, by: &Attribution, tenant: TenantId, actor: ActorId) -> Result<bool, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Deputies).await?;
        let Some(before) = read(&mut tx, actor).await? else { return Ok(false) };
        remove(&mut tx, actor).await?;
        let act = act("deputy.end", actor).changing(state(Some(&before)), Value::Null);
        audit::record_act(&mut tx, by, &act).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Lists the deputies of a tenant whose period has not ended, ordered by the absent person.
    pub async fn deputies(&self, tenant: TenantId, now: OffsetDateTime) -> Result<Vec<Deputy>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query_as(
            "select actor_id, deputy_id, starts_at, ends_at from eaf.deputy
             where tenant_id = $1 and ends_at > $2 order by actor_id",
        )
        .bind(tenant)
        .bind(now)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)
    }
}

async fn read(tx: &mut TenantTx, actor: ActorId) -> Result<Option<Deputy>, Error> {
    sqlx::query_as(
        "select actor_id, deputy_id, starts_at, ends_at from eaf.deputy where tenant_id = $1 and actor_id = $2",
    )
    .bind(tx.tenant())
    .bind(actor)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)
}

async fn remove(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.deputy where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

/// Removes the deputy of a person, and removes the person as the deputy of other people, because
/// the person is removed or erased.
pub(super) async fn end_all(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.deputy where tenant_id = $1 and (actor_id = $2 or deputy_id = $2)")
        .bind(tx.tenant())
        .bind(actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

/// Refuses a deputy who would close a cycle: a chain of deputies that leads back to its first
/// person while all persons in it are absent.
async fn refuse_cycle(tx: &mut TenantTx, new: &Deputy) -> Result<(), Error> {
    let is_cycle: bool = sqlx::query_scalar(
        "with recursive chain (actor_id) as (
           select $3::uuid
           union select d.deputy_id from eaf.deputy d join chain c on d.actor_id = c.actor_id
             where d.tenant_id = $1 and d.actor_id <> $2 and d.starts_at < $5 and d.ends_at > $4)
         select exists (select from chain where actor_id = $2)",
    )
    .bind(tx.tenant())
    .bind(new.actor_id)
    .bind(new.deputy_id)
    .bind(new.starts_at)
    .bind(new.ends_at)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    if is_cycle { Err(Error::DeputyCycle) } else { Ok(()) }
}

fn act(act: &str, actor: ActorId) -> Act {
    Act::new(act, format!("member/{actor}"))
}

fn state(deputy: Option<&Deputy>) -> Value {
    let Some(deputy) = deputy else { return Value::Null };
    let time = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    json!({ "deputy": deputy.deputy_id, "starts_at": time(deputy.starts_at), "ends_at": time(deputy.ends_at) })
}

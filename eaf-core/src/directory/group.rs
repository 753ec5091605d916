//! Groups of members. Products refer to a group by its key, and the host resolves the group to its
//! members.

use super::lock::{Part, lock};
use super::{Basis, Directory, Error, basis};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::departure::{self, Departed};
use crate::id::{self, ActorId, TenantId};
use serde_json::{Value, json};

/// Maximum number of groups per tenant.
pub const MAX_GROUPS: i64 = 500;
/// Maximum length of a group's name, in characters.
pub const MAX_NAME: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Group {
    pub key: String,
    pub name: String,
    /// Number of members of the group.
    pub size: i64,
}

impl Group {
    /// Tag of the group's name, for [`Basis::Tag`].
    pub fn tag(&self) -> String {
        tag_of(&self.name)
    }
}

fn tag_of(name: &str) -> String {
    basis::tag(&name)
}

impl Directory {
    /// Adds a group, or renames the group with this key. Fails with [`Error::GroupKey`] unless the
    /// key is a [name](id::is_name), and with [`Error::GroupName`] unless the name has 1 to
    /// [`MAX_NAME`] characters without control characters. Fails with [`Error::ChangedMeanwhile`]
    /// if the group is not in the state of `basis`.
    pub async fn put_group(
        &self,
        by: &Attribution,
        tenant: TenantId,
        key: &str,
        name: &str,
        basis: &Basis,
    ) -> Result<(), Error> {
        if !id::is_name(key) {
            return Err(Error::GroupKey);
        }
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Error::GroupName);
        }
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Groups).await?;
        let before = lock_group(&mut tx, key).await?;
        basis.check(before.as_deref().map(tag_of).as_deref())?;
        if before.is_none() {
            check_limit(&mut tx).await?;
        }
        sqlx::query(
            "insert into eaf.member_group (tenant_id, key, name, updated_by) values ($1, $2, $3, $4)
             on conflict (tenant_id, key) do update set name = excluded.name, updated_by = excluded.updated_by,
               updated_at = clock_timestamp()",
        )
        .bind(tenant)
        .bind(key)
        .bind(name)
        .bind(by.actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        if before.as_deref() != Some(name) {
            let act = if before.is_some() { "group.rename" } else { "group.add" };
            let act = Act::new(act, object(key)).changing(
                before.as_ref().map_or(Value::Null, |before| json!({ "name": before })),
                json!({ "name": name }),
            );
            audit::record_act(&mut tx, by, &act).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes a group. Returns false if there was no such group. A product's policy that names the
    /// group then refers to no person, and the product escalates.
    pub async fn remove_group(&self, by: &Attribution, tenant: TenantId, key: &str) -> Result<bool, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let Some(name) = lock_group(&mut tx, key).await? else { return Ok(false) };
        let members: Vec<ActorId> =
            sqlx::query_scalar("delete from eaf.group_member where tenant_id = $1 and key = $2 returning actor_id")
                .bind(tenant)
                .bind(key)
                .fetch_all(tx.conn())
                .await
                .map_err(Error::Write)?;
        sqlx::query("delete from eaf.member_group where tenant_id = $1 and key = $2")
            .bind(tenant)
            .bind(key)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        let old = json!({ "name": name, "members": members });
        audit::record_act(&mut tx, by, &Act::new("group.remove", object(key)).changing(old, Value::Null)).await?;
        departure::record(&mut tx, &Departed::from_group(key)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Adds a current member to a group. Fails with [`Error::NoGroup`] or [`Error::NoMember`].
    pub async fn add_to_group(
        &self,
        by: &Attribution,
        tenant: TenantId,
        key: &str,
        actor: ActorId,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock_group(&mut tx, key).await?.ok_or(Error::NoGroup)?;
        super::roles::require_current(&mut tx, actor).await?;
        add(&mut tx, by, key, actor).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a person from a group. Returns false if the person did not belong to the group.
    pub async fn remove_from_group(
        &self,
        by: &Attribution,
        tenant: TenantId,
        key: &str,
        actor: ActorId,
    ) -> Result<bool, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let removed = sqlx::query("delete from eaf.group_member where tenant_id = $1 and key = $2 and actor_id = $3")
            .bind(tenant)
            .bind(key)
            .bind(actor)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        if removed.rows_affected() > 0 {
            let act = Act::new("group.remove-member", object(key)).changing(json!({ "member": actor }), Value::Null);
            audit::record_act(&mut tx, by, &act).await?;
            departure::record(&mut tx, &Departed::from_group(key)).await?;
        }
        tx.commit().await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Lists all groups of a tenant, by key.
    pub async fn groups(&self, tenant: TenantId) -> Result<Vec<Group>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query_as(
            "select g.key, g.name,
               (select count(*) from eaf.group_member m where m.tenant_id = g.tenant_id and m.key = g.key) as size
             from eaf.member_group g where g.tenant_id = $1 order by g.key",
        )
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)
    }

    /// Lists all memberships in groups, as group key and person, ordered by both.
    pub async fn group_members(&self, tenant: TenantId) -> Result<Vec<(String, ActorId)>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query_as("select key, actor_id from eaf.group_member where tenant_id = $1 order by key, actor_id")
            .bind(tenant)
            .fetch_all(tx.conn())
            .await
            .map_err(Error::Read)
    }
}

async fn add(tx: &mut TenantTx, by: &Attribution, key: &str, actor: ActorId) -> Result<(), Error> {
    let added = sqlx::query(
        "insert into eaf.group_member (tenant_id, key, actor_id, added_by) values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(key)
    .bind(actor)
    .bind(by.actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    if added.rows_affected() > 0 {
        let act = Act::new("group.add-member", object(key)).changing(Value::Null, json!({ "member": actor }));
        audit::record_act(tx, by, &act).await?;
    }
    Ok(())
}

/// Adds a person to those of the groups that exist, and returns their keys.
pub(super) async fn join(
    tx: &mut TenantTx,
    by: &Attribution,
    actor: ActorId,
    keys: &[String],
) -> Result<Vec<String>, Error> {
    let mut joined = Vec::new();
    for key in keys {
        if lock_group(tx, key).await?.is_some() {
            add(tx, by, key, actor).await?;
            joined.push(key.clone());
        }
    }
    Ok(joined)
}

/// Fails with [`Error::NoGroup`] unless all groups exist.
pub(super) async fn require_groups(tx: &mut TenantTx, keys: &[String]) -> Result<(), Error> {
    for key in keys {
        lock_group(tx, key).await?.ok_or(Error::NoGroup)?;
    }
    Ok(())
}

/// Reads the name of a group and locks the group's row until the transaction ends. `None`: there is
/// no such group.
async fn lock_group(tx: &mut TenantTx, key: &str) -> Result<Option<String>, Error> {
    sqlx::query_scalar("select name from eaf.member_group where tenant_id = $1 and key = $2 for update")
        .bind(tx.tenant())
        .bind(key)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Read)
}

async fn check_limit(tx: &mut TenantTx) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from eaf.member_group where tenant_id = $1")
        .bind(tx.tenant())
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    if count >= MAX_GROUPS { Err(Error::TooManyGroups) } else { Ok(()) }
}

/// Removes a person from all groups, because the person is removed or erased. Returns the keys of
/// these groups.
pub(super) async fn leave_all(tx: &mut TenantTx, actor: ActorId) -> Result<Vec<String>, Error> {
    sqlx::query_scalar("delete from eaf.group_member where tenant_id = $1 and actor_id = $2 returning key")
        .bind(tx.tenant())
        .bind(actor)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Write)
}

fn object(key: &str) -> String {
    format!("group/{key}")
}

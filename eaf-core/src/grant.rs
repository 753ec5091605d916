//! Grants: what a plugin of a tenant may use, under which name, how far, and over which connection.
//!
//! A workflow opens a capability by grant name; a name that is not here is a denial.

use crate::Core;
use crate::actor::By;
use crate::audit::{self, Act};
use crate::db::{self, TenantTx};
use crate::id::{ActorId, TenantId};
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the grants could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the grant could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] audit::Error),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    pub plugin: String,
    pub capability: String,
    pub name: String,
    /// What is allowed under it; its members are the capability's own.
    pub scope: Value,
    /// Name of the tenant's connection.
    pub connection: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub grant: Grant,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

/// Adds the grant, or replaces the one of this name; the audit says what was allowed before and is now.
pub async fn put(tx: &mut TenantTx, grant: &Grant, by: &By) -> Result<(), Error> {
    let before = locked(tx, &grant.plugin, &grant.capability, &grant.name).await?;
    sqlx::query(
        "insert into eaf.plugin_grant (tenant_id, plugin, capability, name, scope, connection, updated_by)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, plugin, capability, name) do update set scope = excluded.scope,
           connection = excluded.connection, updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(tx.tenant())
    .bind(&grant.plugin)
    .bind(&grant.capability)
    .bind(&grant.name)
    .bind(Json(&grant.scope))
    .bind(&grant.connection)
    .bind(by.actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    if before.as_ref() == Some(grant) {
        return Ok(());
    }
    let act = Act::new("grant.put", object(&grant.plugin, &grant.capability, &grant.name));
    let act = act.changing(shown(before.as_ref()), shown(Some(grant)));
    Ok(audit::record_act(tx, by, &act).await?)
}

/// Takes the grant back: the next live call is denied.
pub async fn remove(tx: &mut TenantTx, plugin: &str, capability: &str, name: &str, by: &By) -> Result<(), Error> {
    let before = locked(tx, plugin, capability, name).await?;
    sqlx::query("delete from eaf.plugin_grant where tenant_id = $1 and plugin = $2 and capability = $3 and name = $4")
        .bind(tx.tenant())
        .bind(plugin)
        .bind(capability)
        .bind(name)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    if before.is_none() {
        return Ok(());
    }
    let act = Act::new("grant.remove", object(plugin, capability, name)).changing(shown(before.as_ref()), json!(null));
    Ok(audit::record_act(tx, by, &act).await?)
}

async fn locked(tx: &mut TenantTx, plugin: &str, capability: &str, name: &str) -> Result<Option<Grant>, Error> {
    let row = sqlx::query(
        "select plugin, capability, name, scope, connection from eaf.plugin_grant
         where tenant_id = $1 and plugin = $2 and capability = $3 and name = $4 for update",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(capability)
    .bind(name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    row.as_ref().map(|row| grant(row).map_err(Error::Read)).transpose()
}

fn object(plugin: &str, capability: &str, name: &str) -> String {
    format!("{plugin}/{capability}/{name}")
}

fn shown(grant: Option<&Grant>) -> Value {
    grant.map_or(json!(null), |grant| json!({ "scope": grant.scope, "connection": grant.connection }))
}

/// `None`: not granted.
pub async fn find(
    core: &Core,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    name: &str,
) -> Result<Option<Grant>, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let row = sqlx::query(
        "select plugin, capability, name, scope, connection from eaf.plugin_grant
         where tenant_id = $1 and plugin = $2 and capability = $3 and name = $4",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(capability)
    .bind(name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    row.as_ref().map(|row| grant(row).map_err(Error::Read)).transpose()
}

/// All grants of a tenant.
pub async fn list(core: &Core, tenant: TenantId) -> Result<Vec<Listed>, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let rows = sqlx::query(
        "select plugin, capability, name, scope, connection, updated_by, updated_at from eaf.plugin_grant
         where tenant_id = $1 order by plugin, capability, name",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                grant: grant(row)?,
                updated_by: row.try_get("updated_by")?,
                updated_at: row.try_get("updated_at")?,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(Error::Read)
}

fn grant(row: &PgRow) -> Result<Grant, sqlx::Error> {
    Ok(Grant {
        plugin: row.try_get("plugin")?,
        capability: row.try_get("capability")?,
        name: row.try_get("name")?,
        scope: row.try_get("scope")?,
        connection: row.try_get("connection")?,
    })
}

//! Products: plugins that are enabled for a tenant, and plugins that are stopped for all tenants.
//!
//! A product is active in a tenant if it is enabled there and not stopped. An inactive product
//! accepts no command and serves no view, and its workflow runs wait. Its views are still
//! projected, so that they are complete when the product is active again.

use crate::actor::Attribution;
use crate::audit::{self, Act, platform};
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, TenantId};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the products could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the product could not be switched")]
    Write(#[source] sqlx::Error),
    #[error("a product is in the unknown state '{0}'")]
    Corrupt(String),
    #[error("the record of the act could not be written")]
    Audit(#[from] audit::Error),
}

/// Reason why a product is not active in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inactive {
    /// The product is not enabled for the tenant.
    NotEnabled,
    /// An operator has stopped the plugin for all tenants.
    Stopped,
}

impl Inactive {
    /// Parses the text that the SQL expression [`INACTIVE_SQL`] returns.
    pub(crate) fn parse(state: &str) -> Result<Self, Error> {
        match state {
            "stopped" => Ok(Inactive::Stopped),
            "not-enabled" => Ok(Inactive::NotEnabled),
            other => Err(Error::Corrupt(other.to_owned())),
        }
    }
}

/// SQL expression for the reason why a product is inactive in a tenant; null if the product is
/// active. It reads the columns `tenant_id` and `plugin` of a row `p`.
pub(crate) const INACTIVE_SQL: &str = "case
    when exists (select from eaf.stopped_plugin s where s.plugin = p.plugin) then 'stopped'
    when not exists (select from eaf.tenant_product e
                     where e.tenant_id = p.tenant_id and e.plugin = p.plugin and e.enabled) then 'not-enabled'
    end";

/// Reads the reason why a product is inactive in a tenant. `None`: the product is active.
pub async fn inactive(db: &Db, tenant: TenantId, plugin: &str) -> Result<Option<Inactive>, Error> {
    let sql = format!("select {INACTIVE_SQL} from (select $1::uuid as tenant_id, $2::text as plugin) p");
    let mut tx = db.tenant(tenant).await?;
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant).bind(plugin);
    let state: Option<String> = query.fetch_one(tx.conn()).await.map_err(Error::Read)?;
    state.as_deref().map(Inactive::parse).transpose()
}

/// Product that is enabled for a tenant, or was enabled and then disabled.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TenantProduct {
    pub plugin: String,
    pub enabled: bool,
    pub reason: String,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

/// Plugin that is stopped for all tenants.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoppedPlugin {
    pub plugin: String,
    pub reason: String,
    pub stopped_by: ActorId,
    pub stopped_at: OffsetDateTime,
}

/// Change of a product in a tenant: enable or disable it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    Enable,
    Disable,
}

impl Switch {
    fn act(self) -> &'static str {
        match self {
            Switch::Enable => "product.enable",
            Switch::Disable => "product.disable",
        }
    }
}

/// Enables or disables a product for the tenant of the transaction. Changes nothing, and records no
/// act, if the product is in that state already. The caller checks that the required grants exist.
pub async fn switch(tx: &mut TenantTx, plugin: &str, to: Switch, reason: &str, by: &Attribution) -> Result<(), Error> {
    let before: Option<bool> =
        sqlx::query_scalar("select enabled from eaf.tenant_product where tenant_id = $1 and plugin = $2 for update")
            .bind(tx.tenant())
            .bind(plugin)
            .fetch_optional(tx.conn())
            .await
            .map_err(Error::Read)?;
    let enabled = to == Switch::Enable;
    if before.unwrap_or_default() == enabled {
        return Ok(());
    }
    sqlx::query(
        "insert into eaf.tenant_product (tenant_id, plugin, enabled, reason, updated_by) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, plugin) do update set enabled = excluded.enabled, reason = excluded.reason,
           updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(enabled)
    .bind(reason)
    .bind(by.actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    let old = json!({ "enabled": before.unwrap_or_default() });
    let act = Act::new(to.act(), format!("product/{plugin}"));
    let act = act.changing(old, json!({ "enabled": enabled, "reason": reason }));
    Ok(audit::record_act(tx, by, &act).await?)
}

/// Lists the products that are enabled for a tenant, or were enabled and then disabled, by plugin.
pub async fn list(db: &Db, tenant: TenantId) -> Result<Vec<TenantProduct>, Error> {
    let mut tx = db.tenant(tenant).await?;
    sqlx::query_as(
        "select plugin, enabled, reason, updated_by, updated_at from eaf.tenant_product
         where tenant_id = $1 order by plugin",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)
}

/// Stops a plugin for all tenants. Returns false if the plugin was stopped already.
pub async fn stop(db: &Db, plugin: &str, reason: &str, by: &Attribution) -> Result<bool, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let stopped = sqlx::query(
        "insert into eaf.stopped_plugin (plugin, reason, stopped_by) values ($1, $2, $3) on conflict (plugin) do nothing",
    )
    .bind(plugin)
    .bind(reason)
    .bind(by.actor)
    .execute(&mut *tx)
    .await
    .map_err(Error::Write)?;
    if stopped.rows_affected() > 0 {
        let new = json!({ "stopped": true, "reason": reason });
        let act = Act::new("plugin.stop", format!("plugin/{plugin}")).changing(json!({ "stopped": false }), new);
        platform::record(&mut tx, by, &act).await?;
    }
    tx.commit().await.map_err(Error::Write)?;
    Ok(stopped.rows_affected() > 0)
}

/// Ends the stop of a plugin. The product is then active again in each tenant for which it is
/// enabled. Returns false if the plugin was not stopped.
pub async fn resume(db: &Db, plugin: &str, reason: &str, by: &Attribution) -> Result<bool, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let resumed = sqlx::query("delete from eaf.stopped_plugin where plugin = $1")
        .bind(plugin)
        .execute(&mut *tx)
        .await
        .map_err(Error::Write)?;
    if resumed.rows_affected() > 0 {
        let new: Value = json!({ "stopped": false, "reason": reason });
        let act = Act::new("plugin.resume", format!("plugin/{plugin}")).changing(json!({ "stopped": true }), new);
        platform::record(&mut tx, by, &act).await?;
    }
    tx.commit().await.map_err(Error::Write)?;
    Ok(resumed.rows_affected() > 0)
}

/// Lists the plugins that are stopped for all tenants, by name.
pub async fn stopped(db: &Db) -> Result<Vec<StoppedPlugin>, Error> {
    sqlx::query_as("select plugin, reason, stopped_by, stopped_at from eaf.stopped_plugin order by plugin")
        .fetch_all(db.platform_pool())
        .await
        .map_err(Error::Read)
}

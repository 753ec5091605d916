//! Immediate retry of parked consumers, for example after the component was repaired.

use super::lag;
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db;
use crate::db::Db;
use crate::id::TenantId;
use crate::view;
use serde_json::json;

/// Makes the next attempt of a parked view due now, in one tenant. The runner's next scan, within 5
/// s, runs it. Returns how many copies of the view were parked.
pub async fn retry(db: &Db, by: &Attribution, tenant: TenantId, plugin: &str, view: &str) -> Result<u64, view::Error> {
    let mut tx = db.tenant(tenant).await?;
    let updated = sqlx::query(
        "update eaf.checkpoint set retry_at = clock_timestamp(), updated_at = clock_timestamp()
         where tenant_id = $1 and plugin = $2 and error is not null
           and consumer in (select c.table_name from eaf.view_copy c join eaf.view v on v.digest = c.digest
                            where v.plugin = $2 and v.view = $3)",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(view)
    .execute(tx.conn())
    .await
    .map_err(|cause| view::Error::Db(db::Error::Begin(cause)))?;
    let parked = updated.rows_affected();
    if parked > 0 {
        let act = Act::new("view.retry", format!("{plugin}/{view}")).changing(json!(null), json!({ "parked": parked }));
        audit::record_act(&mut tx, by, &act).await?;
    }
    tx.commit().await?;
    Ok(parked)
}

/// Makes the next attempt of each parked view and trigger of a plugin due now, in all tenants, and
/// resets their delays. It is called when another package of the plugin was activated. Returns how
/// many consumers were parked.
pub async fn retry_all(db: &Db, plugin: &str) -> Result<u64, view::Error> {
    let lagging = lag::lagging_consumers(db).await.map_err(view::Error::Read)?;
    let mut retried = 0;
    for tenant in lag::tenants_parked(&lagging, |consumer| consumer.plugin == plugin) {
        let mut tx = db.tenant(tenant).await?;
        let updated = sqlx::query(
            "update eaf.checkpoint set retry_at = clock_timestamp(), failures = 0, updated_at = clock_timestamp()
             where tenant_id = $1 and plugin = $2 and error is not null",
        )
        .bind(tenant)
        .bind(plugin)
        .execute(tx.conn())
        .await
        .map_err(view::Error::Retry)?;
        tx.commit().await?;
        retried += updated.rows_affected();
    }
    Ok(retried)
}

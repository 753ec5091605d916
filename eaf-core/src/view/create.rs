//! Makes the table of a view.

use super::{Error, Table};
use crate::Core;
use crate::contract::ViewType;
use sqlx::types::Json;

/// Idempotent. Which definition of the view is the active one stays as it is: see [`serve`](super::serve).
pub async fn create(core: &Core, plugin: &str, view: &ViewType) -> Result<(), Error> {
    let table = Table::of(plugin, view)?;
    let failed = |cause| Error::Create { view: view.name.clone(), cause };
    let exists: bool = sqlx::query_scalar("select exists (select from eaf.view where digest = $1)")
        .bind(table.digest())
        .fetch_one(core.db.platform_pool())
        .await
        .map_err(Error::Read)?;
    if exists {
        return Ok(());
    }
    let mut tx = core.db.platform_pool().begin().await.map_err(failed)?;
    // Nobody activates another package meanwhile, so the definition that is active stays it.
    sqlx::query("select pg_advisory_xact_lock(eaf.generation_lock($1))")
        .bind(plugin)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    let active: Option<String> =
        sqlx::query_scalar("select digest from eaf.view where plugin = $1 and view = $2 and active")
            .bind(plugin)
            .bind(&view.name)
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed)?;
    // Makes it the active one; nobody sees that.
    sqlx::query("select eaf.create_view($1)").bind(Json(table.spec())).execute(&mut *tx).await.map_err(failed)?;
    for (digest, is_active) in [(Some(table.digest()), false), (active.as_deref(), true)] {
        sqlx::query("update eaf.view set active = $2 where digest = $1")
            .bind(digest)
            .bind(is_active)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}

//! Makes the table of a view.

use super::{Error, Table};
use crate::Core;
use crate::contract::ViewType;
use sqlx::types::Json;

/// Idempotent. The definition becomes the active one of this view; its table fills from the log.
pub async fn create(core: &Core, plugin: &str, view: &ViewType) -> Result<(), Error> {
    let table = Table::of(plugin, view)?;
    let active: Option<bool> = sqlx::query_scalar("select active from eaf.view where digest = $1")
        .bind(table.digest())
        .fetch_optional(core.db.platform_pool())
        .await
        .map_err(Error::Read)?;
    if active == Some(true) {
        return Ok(());
    }
    sqlx::query("select eaf.create_view($1)")
        .bind(Json(table.spec()))
        .execute(core.db.platform_pool())
        .await
        .map_err(|cause| Error::Create { view: view.name.clone(), cause })?;
    Ok(())
}

//! Creation of a view's table.

use super::{Error, Table};
use crate::contract::ViewType;
use crate::db::Db;
use sqlx::types::Json;

/// Creates the table of a view if it is missing. Does not make the view's definition the active
/// one.
pub async fn create_table(db: &Db, plugin: &str, view: &ViewType) -> Result<(), Error> {
    let table = Table::of(plugin, view)?;
    let exists: bool = sqlx::query_scalar("select exists (select from eaf.view where digest = $1)")
        .bind(table.digest())
        .fetch_one(db.platform_pool())
        .await
        .map_err(Error::Read)?;
    if exists {
        return Ok(());
    }
    sqlx::query("select eaf.create_view($1)")
        .bind(Json(table.spec()))
        .execute(db.platform_pool())
        .await
        .map_err(|cause| Error::Create { view: view.name.clone(), cause })?;
    Ok(())
}

//! Managed resources: records of things that a capability created in another system.
//!
//! Before a provider creates a thing, it records its intent; afterwards it records the id that the
//! other system assigned. So a repeated call finds the same thing. The record is a JSON document
//! that the capability defines, without secrets and personal data.

use crate::db;
use crate::db::Db;
use crate::id::TenantId;
use serde_json::Value;
use sqlx::types::Json;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the managed resource could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the managed resource could not be written")]
    Write(#[source] sqlx::Error),
}

/// Primary key of a managed resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub tenant: TenantId,
    pub plugin: String,
    pub capability: String,
    /// Id by which the product identifies the thing, such as the id of a VM.
    pub identity: String,
}

/// Reads the document of a managed resource. `None`: there is no such managed resource.
pub async fn get(db: &Db, key: &Key) -> Result<Option<Value>, Error> {
    let mut tx = db.tenant(key.tenant).await?;
    let row: Option<(Json<Value>,)> = sqlx::query_as(
        "select data from eaf.managed_resource
         where tenant_id = $1 and plugin = $2 and capability = $3 and identity = $4",
    )
    .bind(key.tenant)
    .bind(&key.plugin)
    .bind(&key.capability)
    .bind(&key.identity)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(row.map(|(data,)| data.0))
}

/// Replaces the document of a managed resource if it still equals `before`. Otherwise changes
/// nothing and returns false.
pub async fn replace(db: &Db, key: &Key, before: &Value, data: &Value) -> Result<bool, Error> {
    let mut tx = db.tenant(key.tenant).await?;
    let replaced = sqlx::query(
        "update eaf.managed_resource set data = $6, updated_at = clock_timestamp()
         where tenant_id = $1 and plugin = $2 and capability = $3 and identity = $4 and data = $5",
    )
    .bind(key.tenant)
    .bind(&key.plugin)
    .bind(&key.capability)
    .bind(&key.identity)
    .bind(Json(before))
    .bind(Json(data))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(replaced.rows_affected() > 0)
}

/// Adds or replaces the document of a managed resource, and commits at once, because the provider's
/// next action relies on it.
pub async fn put(db: &Db, key: &Key, data: &Value) -> Result<(), Error> {
    let mut tx = db.tenant(key.tenant).await?;
    sqlx::query(
        "insert into eaf.managed_resource (tenant_id, plugin, capability, identity, data) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, plugin, capability, identity)
         do update set data = excluded.data, updated_at = clock_timestamp()",
    )
    .bind(key.tenant)
    .bind(&key.plugin)
    .bind(&key.capability)
    .bind(&key.identity)
    .bind(Json(data))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

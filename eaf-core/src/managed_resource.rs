//! Managed resources: what a capability remembers of a thing that it made outside of this host.
//!
//! A provider writes what it is about to do before it acts, and the id that the other side gave afterwards, so
//! that a later call asks for that very thing. The document is the capability's own; it holds no secret and no
//! personal data.

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

/// Names one thing of one plugin of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub tenant: TenantId,
    pub plugin: String,
    pub capability: String,
    /// The product's own id of the thing.
    pub identity: String,
}

/// `None`: nothing is remembered.
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

/// Replaces what still is `before`; false: it is not, and nothing is written.
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

/// Adds or replaces, in a transaction of its own: the next step outside relies on it.
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

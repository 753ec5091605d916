//! Tenants. The platform role reads ids and slugs; a tenant's name is visible inside the tenant
//! alone.

use super::Error;
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::{Db, TenantTx};
use crate::id::{self, TenantId};
use crate::product;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    /// Plugins of the tenant's [active](crate::product::Inactive) products, sorted.
    pub products: Vec<String>,
}

/// Adds a tenant, or renames the tenant with this slug. Fails with [`Error::Slug`] unless the slug
/// is a [name](id::is_name).
pub async fn add_tenant(db: &Db, by: &Attribution, slug: &str, name: &str) -> Result<TenantId, Error> {
    if !id::is_name(slug) {
        return Err(Error::Slug);
    }
    let id = TenantId::derive(slug);
    let mut tx = db.tenant(id).await?;
    // A row that does not exist cannot be locked, so insert first: of two concurrent additions, the
    // second one waits and finds the row of the first.
    let before = if insert(&mut tx, id, slug, name).await? { None } else { Some(rename(&mut tx, id, name).await?) };
    if before.as_deref() != Some(name) {
        let act = if before.is_some() { "tenant.rename" } else { "tenant.add" };
        let act = Act::new(act, format!("tenant/{slug}")).changing(json!(before), json!(name));
        audit::record_act(&mut tx, by, &act).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Inserts a tenant. Returns false if the tenant exists.
async fn insert(tx: &mut TenantTx, id: TenantId, slug: &str, name: &str) -> Result<bool, Error> {
    let inserted =
        sqlx::query("insert into eaf.tenant (tenant_id, slug, name) values ($1, $2, $3) on conflict do nothing")
            .bind(id)
            .bind(slug)
            .bind(name)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
    Ok(inserted.rows_affected() > 0)
}

/// Renames a tenant that exists. Returns the former name.
async fn rename(tx: &mut TenantTx, id: TenantId, name: &str) -> Result<String, Error> {
    let before = sqlx::query_scalar("select name from eaf.tenant where tenant_id = $1 for update")
        .bind(id)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    sqlx::query("update eaf.tenant set name = $2 where tenant_id = $1")
        .bind(id)
        .bind(name)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(before)
}

/// Adds a tenant. `None`: a tenant with this slug exists, and is not changed. Fails with
/// [`Error::Slug`] unless the slug is a [name](id::is_name).
pub async fn create_tenant(db: &Db, by: &Attribution, slug: &str, name: &str) -> Result<Option<TenantId>, Error> {
    if !id::is_name(slug) {
        return Err(Error::Slug);
    }
    let id = TenantId::derive(slug);
    let mut tx = db.tenant(id).await?;
    if !insert(&mut tx, id, slug, name).await? {
        return Ok(None);
    }
    let act = Act::new("tenant.add", format!("tenant/{slug}")).changing(json!(null), json!(name));
    audit::record_act(&mut tx, by, &act).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Number of a tenant's current members, without those who are removed or erased.
pub async fn member_count(db: &Db, id: TenantId) -> Result<i64, Error> {
    let mut tx = db.tenant(id).await?;
    sqlx::query_scalar(
        "select count(*) from eaf.member where tenant_id = $1 and identity is not null and roles <> '{}'",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)
}

pub async fn tenant(db: &Db, id: TenantId) -> Result<Option<Tenant>, Error> {
    let mut tx = db.tenant(id).await?;
    read(&mut tx).await
}

pub(super) async fn read(tx: &mut TenantTx) -> Result<Option<Tenant>, Error> {
    let id = tx.tenant();
    let sql = format!(
        "select slug, name, array(
           select p.plugin from eaf.tenant_product p where p.tenant_id = $1 and {} is null
           order by p.plugin) as products
         from eaf.tenant where tenant_id = $1",
        product::INACTIVE_SQL
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await.map_err(Error::Read)?;
    row.map(|row| {
        let (slug, name) = (row.try_get("slug")?, row.try_get("name")?);
        Ok(Tenant { id, slug, name, products: row.try_get("products")? })
    })
    .transpose()
    .map_err(Error::Read)
}

pub async fn tenant_by_slug(db: &Db, slug: &str) -> Result<Option<Tenant>, Error> {
    tenant(db, TenantId::derive(slug)).await
}

/// Lists ids and slugs of all tenants, ordered by slug. The platform role may read no other
/// columns.
pub async fn tenants(db: &Db) -> Result<Vec<(TenantId, String)>, Error> {
    sqlx::query_as("select tenant_id, slug from eaf.tenant order by slug")
        .fetch_all(db.platform_pool())
        .await
        .map_err(Error::Read)
}

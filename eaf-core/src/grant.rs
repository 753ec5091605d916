//! Grants: capabilities that a plugin may use in a tenant, each with scope and connection.
//!
//! A workflow opens a capability by the name of its grant. A call without a grant is denied.

use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, TenantId};
use crate::product::{self, Inactive};
use serde_json::{Value, json};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Row};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the grants could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the grant could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the state of the product could not be read")]
    Product(#[from] product::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] audit::Error),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    pub plugin: String,
    pub capability: String,
    pub name: String,
    /// Scope of the grant: its limits, in a format that the capability defines.
    pub scope: Value,
    /// Name of the tenant's connection over which the calls go.
    pub connection: String,
}

/// Reason and expiry of a grant, which people read and the plugin does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    pub reason: String,
    /// Time at which the grant expires. `None`: the grant does not expire.
    pub expires_at: Option<OffsetDateTime>,
}

/// Answer to the question whether a plugin may make a call now.
#[derive(Debug, Clone, PartialEq)]
pub enum Authorization {
    Granted(Grant),
    /// The call fails with a failure of class `denied`.
    Denied(Denial),
    /// The product is inactive. The run waits until the product is active again, and the call does
    /// not fail.
    Inactive(Inactive),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    NotGranted,
    Expired,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListedGrant {
    pub grant: Grant,
    pub terms: Terms,
    /// Whether the grant has expired, by the database's clock.
    pub expired: bool,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

/// Adds a grant, or replaces the grant of this name. The audit shows the old and the new grant.
pub async fn put(tx: &mut TenantTx, grant: &Grant, terms: &Terms, by: &Attribution) -> Result<(), Error> {
    let before = lock_grant(tx, &grant.plugin, &grant.capability, &grant.name).await?;
    sqlx::query(
        "insert into eaf.plugin_grant
           (tenant_id, plugin, capability, name, scope, connection, updated_by, reason, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (tenant_id, plugin, capability, name) do update set scope = excluded.scope,
           connection = excluded.connection, reason = excluded.reason, expires_at = excluded.expires_at,
           updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(tx.tenant())
    .bind(&grant.plugin)
    .bind(&grant.capability)
    .bind(&grant.name)
    .bind(Json(&grant.scope))
    .bind(&grant.connection)
    .bind(by.actor)
    .bind(&terms.reason)
    .bind(terms.expires_at)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    if before.as_ref().is_some_and(|(before, of)| before == grant && of == terms) {
        return Ok(());
    }
    let act = Act::new("grant.put", object(&grant.plugin, &grant.capability, &grant.name));
    let act = act.changing(audit_state(before.as_ref()), audit_state(Some(&(grant.clone(), terms.clone()))));
    Ok(audit::record_act(tx, by, &act).await?)
}

/// Removes a grant, so that the workflow's next call is denied. Returns false if there was no such
/// grant.
pub async fn remove(
    tx: &mut TenantTx,
    plugin: &str,
    capability: &str,
    name: &str,
    by: &Attribution,
) -> Result<bool, Error> {
    let before = lock_grant(tx, plugin, capability, name).await?;
    sqlx::query("delete from eaf.plugin_grant where tenant_id = $1 and plugin = $2 and capability = $3 and name = $4")
        .bind(tx.tenant())
        .bind(plugin)
        .bind(capability)
        .bind(name)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    if before.is_none() {
        return Ok(false);
    }
    let act =
        Act::new("grant.remove", object(plugin, capability, name)).changing(audit_state(before.as_ref()), json!(null));
    audit::record_act(tx, by, &act).await?;
    Ok(true)
}

async fn lock_grant(
    tx: &mut TenantTx,
    plugin: &str,
    capability: &str,
    name: &str,
) -> Result<Option<(Grant, Terms)>, Error> {
    let row = sqlx::query(
        "select plugin, capability, name, scope, connection, reason, expires_at from eaf.plugin_grant
         where tenant_id = $1 and plugin = $2 and capability = $3 and name = $4 for update",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(capability)
    .bind(name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    row.as_ref().map(|row| Ok((grant(row)?, terms(row)?))).transpose().map_err(Error::Read)
}

fn object(plugin: &str, capability: &str, name: &str) -> String {
    format!("{plugin}/{capability}/{name}")
}

fn audit_state(grant: Option<&(Grant, Terms)>) -> Value {
    let Some((grant, terms)) = grant else { return json!(null) };
    let expires = terms.expires_at.and_then(|at| at.format(&Rfc3339).ok());
    json!({
        "scope": grant.scope,
        "connection": grant.connection,
        "reason": terms.reason,
        "expires_at": expires,
    })
}

/// Decides whether a plugin may use a capability now, by the database's clock. The engine calls
/// this function before each call that is not replayed.
pub async fn authorize(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    name: &str,
) -> Result<Authorization, Error> {
    let sql = format!(
        "select {} as inactive, g.expires_at <= clock_timestamp() as expired,
                g.plugin, g.capability, g.name, g.scope, g.connection
         from (select $1::uuid as tenant_id, $2::text as plugin) p
         left join eaf.plugin_grant g
           on g.tenant_id = p.tenant_id and g.plugin = p.plugin and g.capability = $3 and g.name = $4",
        product::INACTIVE_SQL
    );
    let mut tx = db.tenant(tenant).await?;
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(plugin).bind(capability).bind(name);
    let row = query.fetch_one(tx.conn()).await.map_err(Error::Read)?;
    if let Some(state) = row.try_get("inactive").map_err(Error::Read)? {
        return Ok(Authorization::Inactive(Inactive::parse(state)?));
    }
    authorization(&row).map_err(Error::Read)
}

/// Decides the authorization for an active product, from the columns of the grant, which are null
/// if there is no grant.
fn authorization(row: &PgRow) -> Result<Authorization, sqlx::Error> {
    if row.try_get::<Option<String>, _>("plugin")?.is_none() {
        return Ok(Authorization::Denied(Denial::NotGranted));
    }
    if row.try_get::<Option<bool>, _>("expired")? == Some(true) {
        return Ok(Authorization::Denied(Denial::Expired));
    }
    Ok(Authorization::Granted(grant(row)?))
}

const LIST_SQL: &str = "select plugin, capability, name, scope, connection, reason, expires_at, updated_by, updated_at,
        expires_at is not null and expires_at <= clock_timestamp() as expired
     from eaf.plugin_grant where tenant_id = $1 order by plugin, capability, name";

/// Lists all grants of a tenant, by plugin, capability and name.
pub async fn list(db: &Db, tenant: TenantId) -> Result<Vec<ListedGrant>, Error> {
    listed(&mut db.tenant(tenant).await?, LIST_SQL.to_owned()).await
}

/// Lists all grants of the transaction's tenant and locks them: a concurrent change or withdrawal
/// waits until the transaction ends.
pub async fn list_locked(tx: &mut TenantTx) -> Result<Vec<ListedGrant>, Error> {
    listed(tx, format!("{LIST_SQL} for share")).await
}

async fn listed(tx: &mut TenantTx, sql: String) -> Result<Vec<ListedGrant>, Error> {
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant());
    let rows = query.fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter()
        .map(|row| {
            Ok(ListedGrant {
                grant: grant(row)?,
                terms: terms(row)?,
                expired: row.try_get("expired")?,
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

fn terms(row: &PgRow) -> Result<Terms, sqlx::Error> {
    Ok(Terms { reason: row.try_get("reason")?, expires_at: row.try_get("expires_at")? })
}

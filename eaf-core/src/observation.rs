//! Observation: the host reads again, by itself, what plugins manage elsewhere. Here is whose turn it is, what was told
//! last, and how old it is.
//!
//! A connection is read by one host at a time, and so is a server, whatever tenants' connections lead to it. What did not
//! change leaves no event: only the time of the last look is kept, beside the log.

use crate::db;
use crate::db::Db;
use crate::id::TenantId;
use serde_json::Value;
use sqlx::types::Json;
use std::collections::HashMap;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("no connection could be claimed")]
    Claim(#[source] sqlx::Error),
    #[error("what is observed could not be read")]
    Read(#[source] sqlx::Error),
    #[error("what was observed could not be written")]
    Write(#[source] sqlx::Error),
}

/// A connection whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub tenant: TenantId,
    pub capability: String,
    pub connection: String,
    /// The lease, which tells the turn from an earlier one of the same connection.
    pub until: OffsetDateTime,
}

/// Takes the connection that has waited longest, if one is due and nobody reads its server. The lock lets hosts choose one
/// after the other: two that choose at once would not see each other's lease.
pub async fn claim(db: &Db, capabilities: &[String], lease: Duration) -> Result<Option<Turn>, Error> {
    let mut tx = db.platform_pool().begin().await.map_err(Error::Claim)?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.observation', 0))")
        .execute(&mut *tx)
        .await
        .map_err(Error::Claim)?;
    let turn: Option<(TenantId, String, String, OffsetDateTime)> = sqlx::query_as(
        "update eaf.connection c set observe_until = clock_timestamp() + make_interval(secs => $2)
         from (select d.tenant_id, d.capability, d.name from eaf.connection d
               where d.capability = any ($1) and d.observe_at <= clock_timestamp()
                 and not exists (select from eaf.connection o
                                 where o.server = d.server and o.observe_until > clock_timestamp())
               order by d.observe_at limit 1) due
         where (c.tenant_id, c.capability, c.name) = (due.tenant_id, due.capability, due.name)
         returning c.tenant_id, c.capability, c.name, c.observe_until",
    )
    .bind(capabilities)
    .bind(lease.as_secs_f64())
    .fetch_optional(&mut *tx)
    .await
    .map_err(Error::Claim)?;
    tx.commit().await.map_err(Error::Claim)?;
    Ok(turn.map(|(tenant, capability, connection, until)| Turn { tenant, capability, connection, until }))
}

/// How often the connection has failed in a row before.
pub async fn failures(db: &Db, turn: &Turn) -> Result<u32, Error> {
    let mut tx = db.tenant(turn.tenant).await?;
    let failures: Option<i32> = sqlx::query_scalar(
        "select observe_failures from eaf.connection where tenant_id = $1 and capability = $2 and name = $3",
    )
    .bind(turn.tenant)
    .bind(&turn.capability)
    .bind(&turn.connection)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(failures.and_then(|count| u32::try_from(count).ok()).unwrap_or_default())
}

/// The turn is over. One that is not the connection's present turn, because the connection was set meanwhile or the lease
/// ran out, settles nothing.
pub async fn settle(db: &Db, turn: &Turn, failures: u32, pause: Duration) -> Result<(), Error> {
    let mut tx = db.tenant(turn.tenant).await?;
    sqlx::query(
        "update eaf.connection set observe_failures = $4, observe_until = null,
                observe_at = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and capability = $2 and name = $3 and observe_until = $6",
    )
    .bind(turn.tenant)
    .bind(&turn.capability)
    .bind(&turn.connection)
    .bind(i32::try_from(failures).unwrap_or(i32::MAX))
    .bind(pause.as_secs_f64())
    .bind(turn.until)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// A thing that a plugin manages.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub identity: String,
    /// What the capability remembers of it.
    pub data: Value,
    /// What the plugin was told last.
    pub seen: Option<Value>,
    /// Of which events the thing's row was then.
    pub seen_position: Option<String>,
}

/// A look at a thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub identity: String,
    /// None: it was told before.
    pub told: Option<Told>,
}

/// What the plugin knows from now on, and of which events the thing's row was before.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub found: Value,
    pub position: Option<String>,
}

type Row = (String, Json<Value>, Option<Json<Value>>, Option<String>);

/// Those whose data has the members of `like`. The ones that were not looked at for longest come first.
pub async fn things(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    like: &Value,
) -> Result<Vec<Thing>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let rows: Vec<Row> = sqlx::query_as(
        "select identity, data, seen, seen_position from eaf.managed_resource
         where tenant_id = $1 and plugin = $2 and capability = $3 and data @> $4
         order by observed_at nulls first, identity",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(capability)
    .bind(Json(like))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let thing = |(identity, data, seen, seen_position): Row| {
        let seen = seen.map(|seen| seen.0);
        Thing { identity, data: data.0, seen, seen_position }
    };
    Ok(rows.into_iter().map(thing).collect())
}

/// They were read just now.
pub async fn note(db: &Db, tenant: TenantId, plugin: &str, capability: &str, looked_at: &[Look]) -> Result<(), Error> {
    let identities: Vec<&str> = looked_at.iter().map(|look| look.identity.as_str()).collect();
    let told = || looked_at.iter().map(|look| look.told.as_ref());
    let found: Vec<Option<Json<&Value>>> = told().map(|told| told.map(|told| Json(&told.found))).collect();
    let positions: Vec<Option<&str>> = told().map(|told| told?.position.as_deref()).collect();
    let mut tx = db.tenant(tenant).await?;
    sqlx::query(
        "update eaf.managed_resource m set observed_at = clock_timestamp(), seen = coalesce(x.found, m.seen),
                seen_position = case when x.found is null then m.seen_position else x.position end
         from unnest($4::text[], $5::jsonb[], $6::text[]) x (identity, found, position)
         where m.tenant_id = $1 and m.plugin = $2 and m.capability = $3 and m.identity = x.identity",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(capability)
    .bind(identities)
    .bind(found)
    .bind(positions)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// When these things were read last; those that never were are left out.
pub async fn observed_at(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    identities: &[&str],
) -> Result<HashMap<String, OffsetDateTime>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let rows: Vec<(String, OffsetDateTime)> = sqlx::query_as(
        "select identity, observed_at from eaf.managed_resource
         where tenant_id = $1 and plugin = $2 and capability = $3 and identity = any ($4) and observed_at is not null",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(capability)
    .bind(identities)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(rows.into_iter().collect())
}

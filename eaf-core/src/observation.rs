//! Observation of managed resources: leases of connections, last reports, and times of reading.
//!
//! One host at a time reads over a connection. One host at a time reads a server, also if several
//! tenants have connections to it. If a resource has not changed, no event is recorded: only the
//! time of the observation is stored.

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
    #[error("the managed resources could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the observation could not be written")]
    Write(#[source] sqlx::Error),
}

/// Lease of a connection: the right to read its managed resources until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationLease {
    pub tenant: TenantId,
    pub capability: String,
    pub connection: String,
    /// End of the lease by the database's clock. The end also serves as the fence of the lease.
    pub until: OffsetDateTime,
}

/// Leases the connection that has been due for the longest time. Skips a connection to whose server
/// another lease exists. `None`: no connection is due. The advisory lock is needed because two
/// concurrent claims would not see each other's lease.
pub async fn claim(db: &Db, capabilities: &[String], duration: Duration) -> Result<Option<ObservationLease>, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Claim)?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.observation', 0))")
        .execute(&mut *tx)
        .await
        .map_err(Error::Claim)?;
    let lease: Option<(TenantId, String, String, OffsetDateTime)> = sqlx::query_as(
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
    .bind(duration.as_secs_f64())
    .fetch_optional(&mut *tx)
    .await
    .map_err(Error::Claim)?;
    tx.commit().await.map_err(Error::Claim)?;
    let lease =
        lease.map(|(tenant, capability, connection, until)| ObservationLease { tenant, capability, connection, until });
    Ok(lease)
}

/// Reads how many observations over this connection have failed in a row.
pub async fn failures(db: &Db, lease: &ObservationLease) -> Result<u32, Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let failures: Option<i32> = sqlx::query_scalar(
        "select observe_failures from eaf.connection where tenant_id = $1 and capability = $2 and name = $3",
    )
    .bind(lease.tenant)
    .bind(&lease.capability)
    .bind(&lease.connection)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(failures.and_then(|count| u32::try_from(count).ok()).unwrap_or_default())
}

/// Ends the lease of a connection, whose next observation is due after `pause`. Changes nothing if
/// this lease is not the present one any more: another host has leased the connection, or its
/// settings were changed.
pub async fn finish(db: &Db, lease: &ObservationLease, failures: u32, pause: Duration) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    sqlx::query(
        "update eaf.connection set observe_failures = $4, observe_until = null,
                observe_at = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and capability = $2 and name = $3 and observe_until = $6",
    )
    .bind(lease.tenant)
    .bind(&lease.capability)
    .bind(&lease.connection)
    .bind(i32::try_from(failures).unwrap_or(i32::MAX))
    .bind(pause.as_secs_f64())
    .bind(lease.until)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Managed resource with the state that was last reported to the plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagedResource {
    pub identity: String,
    /// Document that the capability stores, see [`managed_resource`](crate::managed_resource).
    pub data: Value,
    /// State that was last reported to the plugin. `None`: none was reported yet.
    pub seen: Option<Value>,
    /// Position that the thing's view row had before the last report. `None`: there was no row, or
    /// no report yet.
    pub seen_position: Option<String>,
}

/// Result of reading one managed resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub identity: String,
    /// Report that the plugin got. `None`: the state has not changed since the last report, so the
    /// plugin got none.
    pub reported: Option<Reported>,
}

/// State that the plugin got in a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    pub state: Value,
    /// Position that the thing's view row had before this report. `None`: there was no row.
    pub position: Option<String>,
}

type Row = (String, Json<Value>, Option<Json<Value>>, Option<String>);

/// Lists the managed resources whose document contains the JSON `like`. Resources whose last
/// observation is the oldest come first.
pub async fn resources(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    like: &Value,
) -> Result<Vec<ManagedResource>, Error> {
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
    let resource = |(identity, data, seen, seen_position): Row| {
        let seen = seen.map(|seen| seen.0);
        ManagedResource { identity, data: data.0, seen, seen_position }
    };
    Ok(rows.into_iter().map(resource).collect())
}

/// Records observations, at the present time of the database's clock.
pub async fn record(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    observations: &[Observation],
) -> Result<(), Error> {
    let identities: Vec<&str> = observations.iter().map(|observation| observation.identity.as_str()).collect();
    let reported = || observations.iter().map(|observation| observation.reported.as_ref());
    let states: Vec<Option<Json<&Value>>> =
        reported().map(|reported| reported.map(|reported| Json(&reported.state))).collect();
    let positions: Vec<Option<&str>> = reported().map(|reported| reported?.position.as_deref()).collect();
    let mut tx = db.tenant(tenant).await?;
    sqlx::query(
        "update eaf.managed_resource m set observed_at = clock_timestamp(), seen = coalesce(x.state, m.seen),
                seen_position = case when x.state is null then m.seen_position else x.position end
         from unnest($4::text[], $5::jsonb[], $6::text[]) x (identity, state, position)
         where m.tenant_id = $1 and m.plugin = $2 and m.capability = $3 and m.identity = x.identity",
    )
    .bind(tenant)
    .bind(plugin)
    .bind(capability)
    .bind(identities)
    .bind(states)
    .bind(positions)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Reads the time of the last observation of each resource, by the resource's identity. A resource
/// that was never observed has no entry.
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

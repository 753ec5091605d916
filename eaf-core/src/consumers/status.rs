//! How far each copy of each view has come, over all tenants and without payload.

use super::checkpoint;
use super::lag::{self, Behind};
use crate::db::Db;
use crate::directory;
use crate::view::{self, State};
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub plugin: String,
    pub view: String,
    pub state: State,
    pub table: String,
    /// Events of all tenants, and how many of them it has seen.
    pub events: u64,
    pub projected: u64,
    pub tenants_behind: usize,
    /// Tenants in which it failed and is tried again.
    pub tenants_parked: usize,
    /// Where, why and until when, one entry per tenant.
    pub parked: Vec<Parked>,
    /// Since the first event that some tenant's part has not seen.
    pub lag_seconds: f64,
}

/// A tenant's part of a copy that failed and waits for its next attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// The slug.
    pub tenant: String,
    /// The last event that is in the rows: the one behind it could not be folded.
    pub position: u64,
    /// What failed, without any data of the tenant's.
    pub error: String,
    pub failures: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub retry_at: OffsetDateTime,
}

pub async fn status(db: &Db, now: OffsetDateTime) -> Result<Vec<Status>, view::Error> {
    let copies = view::copies(db).await?;
    let behind = lag::behind(db).await.map_err(view::Error::Read)?;
    let events: Option<i64> = sqlx::query_scalar(
        "select sum(h.pos)::bigint from eaf.tenant t
         cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h",
    )
    .fetch_one(db.platform_pool())
    .await
    .map_err(view::Error::Read)?;
    let events = events.unwrap_or(0) as u64;
    let mut parked = parked(db, &behind).await?;
    let mut status = |copy: view::Copy| {
        let late: Vec<_> = behind.iter().filter(|entry| entry.consumer == copy.table).collect();
        let missing: u64 = late.iter().map(|entry| (entry.head - entry.pos).max(0) as u64).sum();
        let since = late.iter().filter_map(|entry| entry.since).min();
        Status {
            parked: parked.remove(&copy.table).unwrap_or_default(),
            plugin: copy.plugin,
            view: copy.view,
            state: copy.state,
            table: copy.table,
            events,
            projected: events.saturating_sub(missing),
            tenants_behind: late.len(),
            tenants_parked: late.iter().filter(|entry| entry.parked).count(),
            lag_seconds: since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0)),
        }
    };
    Ok(copies.into_iter().map(&mut status).collect())
}

/// By table. Errors are the tenant's to read, so each tenant that has one is asked by itself.
async fn parked(db: &Db, behind: &[Behind]) -> Result<BTreeMap<String, Vec<Parked>>, view::Error> {
    let mut found: BTreeMap<String, Vec<Parked>> = BTreeMap::new();
    let tenants = lag::tenants_parked(behind, |_| true);
    if tenants.is_empty() {
        return Ok(found);
    }
    let slugs: BTreeMap<_, _> = directory::tenants(db).await.map_err(view::Error::Tenants)?.into_iter().collect();
    for id in tenants {
        let tenant = slugs.get(&id).cloned().unwrap_or_else(|| id.to_string());
        for entry in checkpoint::parked(db, id).await? {
            let checkpoint::Parked { consumer, position, error, failures, retry_at, .. } = entry;
            let parked = Parked { tenant: tenant.clone(), position, error, failures, retry_at };
            found.entry(consumer).or_default().push(parked);
        }
    }
    Ok(found)
}

//! Status of each copy of each view, summed over all tenants and without their data.

use super::checkpoint;
use super::lag::{self, LaggingConsumer};
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
    /// Number of events in the logs of all tenants.
    pub events: u64,
    /// Number of events, over all tenants, that the copy has projected.
    pub projected: u64,
    pub tenants_behind: usize,
    pub tenants_parked: usize,
    /// Tenants in which the copy is parked.
    pub parked: Vec<Parked>,
    /// Age, in seconds, of the oldest event of any tenant that the copy has not projected.
    pub lag_seconds: f64,
}

/// Tenant in which the copy failed and waits for its next attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Slug of the tenant, such as `acme`.
    pub tenant: String,
    /// Position of the last event that was projected. The event after it failed.
    pub position: u64,
    /// Code of the failure, without data of the tenant.
    pub error: String,
    pub failures: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub retry_at: OffsetDateTime,
}

pub async fn status(db: &Db, now: OffsetDateTime) -> Result<Vec<Status>, view::Error> {
    let copies = view::copies(db).await?;
    let lagging = lag::lagging_consumers(db).await.map_err(view::Error::Read)?;
    let events: Option<i64> = sqlx::query_scalar(
        "select sum(h.pos)::bigint from eaf.tenant t
         cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0
                             order by e.pos desc limit 1) h",
    )
    .fetch_one(db.platform_pool())
    .await
    .map_err(view::Error::Read)?;
    let events = events.unwrap_or(0) as u64;
    let mut parked = parked_by_table(db, &lagging).await?;
    let mut status = |copy: view::Copy| {
        let lagging: Vec<_> = lagging.iter().filter(|consumer| consumer.consumer == copy.table).collect();
        let missing: u64 = lagging.iter().map(|consumer| (consumer.head - consumer.pos).max(0) as u64).sum();
        let since = lagging.iter().filter_map(|consumer| consumer.since).min();
        Status {
            parked: parked.remove(&copy.table).unwrap_or_default(),
            plugin: copy.plugin,
            view: copy.view,
            state: copy.state,
            table: copy.table,
            events,
            projected: events.saturating_sub(missing),
            tenants_behind: lagging.len(),
            tenants_parked: lagging.iter().filter(|consumer| consumer.parked).count(),
            lag_seconds: since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0)),
        }
    };
    Ok(copies.into_iter().map(&mut status).collect())
}

/// Reads the parked tenants, by the name of the copy's table. The errors are in rows of the
/// tenants, so each tenant is queried by itself.
async fn parked_by_table(db: &Db, lagging: &[LaggingConsumer]) -> Result<BTreeMap<String, Vec<Parked>>, view::Error> {
    let mut found: BTreeMap<String, Vec<Parked>> = BTreeMap::new();
    let tenants = lag::tenants_parked(lagging, |_| true);
    if tenants.is_empty() {
        return Ok(found);
    }
    let slugs: BTreeMap<_, _> = directory::tenants(db).await.map_err(view::Error::Tenants)?.into_iter().collect();
    for id in tenants {
        let tenant = slugs.get(&id).cloned().unwrap_or_else(|| id.to_string());
        for entry in checkpoint::parked(db, id).await.map_err(view_error)? {
            let checkpoint::Parked { consumer, position, error, failures, retry_at, .. } = entry;
            let parked = Parked { tenant: tenant.clone(), position, error, failures, retry_at };
            found.entry(consumer).or_default().push(parked);
        }
    }
    Ok(found)
}

fn view_error(cause: checkpoint::Error) -> view::Error {
    match cause {
        checkpoint::Error::Db(cause) => view::Error::Db(cause),
        checkpoint::Error::Read(cause) => view::Error::Checkpoints(cause),
    }
}

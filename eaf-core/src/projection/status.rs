//! How far each copy of each view has come, over all tenants and without payload.

use super::lag;
use crate::Core;
use crate::view::{self, State};
use serde::Serialize;

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
    /// Since the first event that some tenant's part has not seen.
    pub lag_seconds: f64,
}

pub async fn status(core: &Core) -> Result<Vec<Status>, view::Error> {
    let copies = view::copies(core).await?;
    let behind = lag::behind(core).await.map_err(view::Error::Read)?;
    let events: Option<i64> = sqlx::query_scalar(
        "select sum(h.pos)::bigint from eaf.tenant t
         cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h",
    )
    .fetch_one(core.db.platform_pool())
    .await
    .map_err(view::Error::Read)?;
    let events = events.unwrap_or(0) as u64;
    let now = core.world.now();
    let status = |copy: view::Copy| {
        let late: Vec<_> = behind.iter().filter(|entry| entry.consumer == copy.table).collect();
        let missing: u64 = late.iter().map(|entry| (entry.head - entry.pos).max(0) as u64).sum();
        let since = late.iter().filter_map(|entry| entry.since).min();
        Status {
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
    Ok(copies.into_iter().map(status).collect())
}

//! Who is behind, and by how much: found in one statement for all tenants, told as metrics.
//!
//! No label names a tenant. `eaf_projection_scanned_timestamp_seconds` stands still when the runner does.

use crate::contract::Domain;
use crate::db::Db;
use crate::id::TenantId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(sqlx::FromRow)]
pub(crate) struct Behind {
    #[sqlx(rename = "tenant_id")]
    pub tenant: TenantId,
    pub plugin: String,
    pub consumer: String,
    /// None: a trigger.
    view: Option<String>,
    live: Option<bool>,
    pub pos: i64,
    pub head: i64,
    pub parked: bool,
    /// Parked, and not to be tried yet.
    pub waits: bool,
    /// When the first event was recorded that it has not seen.
    pub since: Option<OffsetDateTime>,
}

pub(crate) async fn behind(db: &Db) -> Result<Vec<Behind>, sqlx::Error> {
    sqlx::query_as("select tenant_id, plugin, consumer, view, live, pos, head, parked, waits, since from eaf.behind()")
        .fetch_all(db.platform_pool())
        .await
}

/// Tenants in which a consumer that is `meant` failed and waits for its next attempt.
pub(crate) fn tenants_parked(behind: &[Behind], meant: impl Fn(&Behind) -> bool) -> BTreeSet<TenantId> {
    behind.iter().filter(|entry| entry.parked && meant(entry)).map(|entry| entry.tenant).collect()
}

#[derive(Default, Clone, Copy)]
struct Lag {
    events: i64,
    seconds: f64,
    tenants: u32,
    parked: u32,
}

/// Of the copies that are read: the tenant that is worst off counts.
pub(crate) fn measure(now: OffsetDateTime, domains: &[Arc<dyn Domain>], behind: &[Behind]) {
    let mut lags: HashMap<(&str, &str), Lag> = HashMap::new();
    for domain in domains {
        for view in &domain.description().views {
            lags.insert((domain.plugin(), &view.name), Lag::default());
        }
    }
    for entry in behind.iter().filter(|entry| entry.live == Some(true)) {
        let Some(view) = &entry.view else { continue };
        let Some(lag) = lags.get_mut(&(entry.plugin.as_str(), view.as_str())) else { continue };
        lag.events = lag.events.max(entry.head - entry.pos);
        lag.seconds = lag.seconds.max(entry.since.map_or(0.0, |since| (now - since).as_seconds_f64()));
        lag.tenants += 1;
        lag.parked += u32::from(entry.parked);
    }
    for ((plugin, view), lag) in lags {
        let labels = [("plugin", plugin.to_owned()), ("view", view.to_owned())];
        metrics::gauge!("eaf_projection_lag_events", &labels).set(lag.events as f64);
        metrics::gauge!("eaf_projection_lag_seconds", &labels).set(lag.seconds);
        metrics::gauge!("eaf_projection_tenants_behind", &labels).set(f64::from(lag.tenants));
        metrics::gauge!("eaf_projection_tenants_parked", &labels).set(f64::from(lag.parked));
    }
    metrics::gauge!("eaf_projection_scanned_timestamp_seconds").set(now.unix_timestamp() as f64);
}

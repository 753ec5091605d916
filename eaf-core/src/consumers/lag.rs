//! Lag of the consumers. One statement reads it for all tenants, and it is published as metrics.
//!
//! No metric names a tenant. `eaf_projection_scanned_timestamp_seconds` does not increase while the
//! runner is stopped.

use crate::contract::Domain;
use crate::db::Db;
use crate::id::TenantId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use time::OffsetDateTime;

/// Consumer that has events or a rebuild to process in one tenant: a row of the function
/// `eaf.lagging_consumers`.
#[derive(sqlx::FromRow)]
pub(crate) struct LaggingConsumer {
    #[sqlx(rename = "tenant_id")]
    pub tenant: TenantId,
    pub plugin: String,
    pub consumer: String,
    /// Name of the view; `None`: the consumer is a trigger.
    view: Option<String>,
    live: Option<bool>,
    pub pos: i64,
    pub head: i64,
    pub parked: bool,
    /// Whether the consumer is parked and its next attempt is not due yet.
    pub waits: bool,
    /// Time at which the first event was recorded that the consumer has not processed. `None`: it
    /// has processed all events.
    pub since: Option<OffsetDateTime>,
}

pub(crate) async fn lagging_consumers(db: &Db) -> Result<Vec<LaggingConsumer>, sqlx::Error> {
    sqlx::query_as(
        "select tenant_id, plugin, consumer, view, live, pos, head, parked, waits, since from eaf.lagging_consumers()",
    )
    .fetch_all(db.platform_pool())
    .await
}

/// Tenants in which at least one consumer is parked that `filter` accepts.
pub(crate) fn tenants_parked(
    lagging: &[LaggingConsumer],
    filter: impl Fn(&LaggingConsumer) -> bool,
) -> BTreeSet<TenantId> {
    lagging.iter().filter(|consumer| consumer.parked && filter(consumer)).map(|consumer| consumer.tenant).collect()
}

#[derive(Default, Clone, Copy)]
struct Lag {
    events: i64,
    seconds: f64,
    tenants: u32,
    parked: u32,
}

/// Sets the lag metrics of each view, from its live copies. The lag of a view is that of the tenant
/// with the largest lag.
pub(crate) fn publish_metrics(now: OffsetDateTime, domains: &[Arc<dyn Domain>], lagging: &[LaggingConsumer]) {
    let mut lags: HashMap<(&str, &str), Lag> = HashMap::new();
    for domain in domains {
        for view in &domain.description().views {
            lags.insert((domain.plugin(), &view.name), Lag::default());
        }
    }
    for consumer in lagging.iter().filter(|consumer| consumer.live == Some(true)) {
        let Some(view) = &consumer.view else { continue };
        let Some(lag) = lags.get_mut(&(consumer.plugin.as_str(), view.as_str())) else { continue };
        lag.events = lag.events.max(consumer.head - consumer.pos);
        lag.seconds = lag.seconds.max(consumer.since.map_or(0.0, |since| (now - since).as_seconds_f64()));
        lag.tenants += 1;
        lag.parked += u32::from(consumer.parked);
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

//! Maintenance tasks of a serving host: they compact metrics, delete what its retention has ended
//! for, and anchor records. Each task runs until the host closes.

use super::closed;
use eaf_capability::{Provider, Providers};
use eaf_core::anchor::{self, AnchorThreshold};
use eaf_core::clock::Ambient;
use eaf_core::db::PoolUse;
use eaf_core::retention::{self, Failure, Retention};
use eaf_core::{Core, directory, session, used_state};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Interval at which rows of audit and journal are anchored. A row that is not anchored yet can be
/// changed unnoticed.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(5);
/// Interval at which metrics are compacted and the use of connections is recorded.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);
const PURGE_INTERVAL: Duration = Duration::from_secs(60 * 60);
const PRUNE_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// Interval at which a capability looks for work of its own that is due, such as a digest.
const DUE_WORK_INTERVAL: Duration = Duration::from_secs(5);
/// Maximum number of pieces of one capability's own work that a host carries out at the same time.
const DUE_WORK_CONCURRENT: usize = 4;
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Compacts the metrics' histograms every 5 s, because they store every sample until then, and
/// records the use of the database's connections.
pub async fn keep_metrics(metrics: PrometheusHandle, core: Arc<Core>, closing: watch::Receiver<bool>) {
    let upkeep = async {
        loop {
            core.db.pools().into_iter().for_each(record_pool);
            tokio::time::sleep(METRICS_INTERVAL).await;
            metrics.run_upkeep();
        }
    };
    tokio::select! {
        () = closed(closing) => {}
        () = upkeep => {}
    }
}

fn record_pool(pool: PoolUse) {
    let PoolUse { name, idle, used, max } = pool;
    for (state, count) in [("idle", idle), ("used", used)] {
        let labels = [("db_client_connection_pool_name", name), ("db_client_connection_state", state)];
        metrics::gauge!("db_client_connection_count", &labels).set(count as f64);
    }
    metrics::gauge!("db_client_connection_max", "db_client_connection_pool_name" => name).set(max as f64);
}

/// Deletes expired sessions, used sign-in states and expired invitations.
pub async fn purge_sign_ins(core: Arc<Core>, limits: session::Limits, closing: watch::Receiver<bool>) {
    let purging = async {
        loop {
            match core.sessions.purge(limits).await {
                Ok(purged) => tracing::debug!(purged, "expired sessions are deleted"),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "expired sessions could not be deleted");
                }
            }
            if let Err(error) = used_state::purge(&core.db, core.ambient.now()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "used sign-in states could not be deleted");
            }
            match directory::purge_invitations(&core.directory, &core.by).await {
                Ok(ended) => tracing::debug!(ended, "expired invitations are deleted"),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "expired invitations could not be deleted"
                    );
                }
            }
            pass(&core.ambient, PURGE_INTERVAL).await;
        }
    };
    tokio::select! {
        () = closed(closing) => {}
        () = purging => {}
    }
}

/// Waits until `interval` has passed by the host's clock, which may be set forward.
async fn pass(ambient: &Ambient, interval: Duration) {
    let end = ambient.now() + interval;
    while ambient.now() < end {
        tokio::time::sleep(CLOCK_CHECK_INTERVAL).await;
    }
}

/// Deletes rows whose retention is over. Rows become due at midnight, so after a complete pruning
/// the next one is on the next day.
pub async fn prune(core: Arc<Core>, retention: Retention, closing: watch::Receiver<bool>) {
    let pruning = async {
        let mut done = None;
        loop {
            let today = core.ambient.now().date();
            if done != Some(today) && prune_once(&core, &retention).await {
                done = Some(today);
            }
            pass(&core.ambient, PRUNE_INTERVAL).await;
        }
    };
    tokio::select! {
        () = closed(closing) => {}
        () = pruning => {}
    }
}

/// Deletes the rows and package files whose retention is over. Returns false if some of them
/// remain.
async fn prune_once(core: &Core, retention: &Retention) -> bool {
    match retention::prune(&core.db, &core.ambient, retention).await {
        Ok(pruned) => {
            for Failure { tenant, what, error } in &pruned.failures {
                let tenant = tenant.map(|tenant| tenant.to_string());
                let error = error as &dyn std::error::Error;
                tracing::warn!(error, tenant, what, "rows after their retention could not be deleted");
            }
            let (rows, packages) = (pruned.rows, pruned.packages);
            tracing::info!(rows, packages, "rows after their retention are deleted");
            pruned.failures.is_empty() && pruned.skipped_tenants == 0
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "rows after their retention could not be deleted");
            false
        }
    }
}

/// Anchors rows of audit and journal in the log's hash chain.
pub async fn anchor_records(core: Arc<Core>, closing: watch::Receiver<bool>) {
    let anchoring = async {
        loop {
            tokio::time::sleep(ANCHOR_INTERVAL).await;
            match anchor::anchor(&core.db, AnchorThreshold::DEFAULT).await {
                Ok(anchored) => {
                    for (tenant, error) in &anchored.failures {
                        let error = error as &dyn std::error::Error;
                        tracing::warn!(error, %tenant, "a tenant's audit and journal cannot be anchored yet");
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "audit and journal cannot be anchored yet"
                    );
                }
            }
        }
    };
    tokio::select! {
        () = closed(closing) => {}
        () = anchoring => {}
    }
}

/// Carries out the work of the capabilities themselves that is due. Work in progress at the host's
/// close is cancelled; another host continues it when the lease expires.
pub async fn run_due_work(providers: Arc<Providers>, closing: watch::Receiver<bool>) {
    let working = futures_util::future::join_all(providers.values().map(|provider| run_due_of(provider.clone())));
    tokio::select! {
        () = closed(closing) => {}
        _ = working => {}
    }
}

async fn run_due_of(provider: Arc<dyn Provider>) {
    let worker = async || {
        loop {
            if !provider.run_due().await {
                tokio::time::sleep(DUE_WORK_INTERVAL).await;
            }
        }
    };
    futures_util::future::join_all((0..DUE_WORK_CONCURRENT).map(|_| worker())).await;
}

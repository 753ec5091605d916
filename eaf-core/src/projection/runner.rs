//! Keeps all views and triggers of all tenants up to date: woken by the doorbell, and every 5 s by one statement that
//! finds who is behind. Any number of hosts may run one.

use super::run_once;
use crate::checkpoint::Step;
use crate::contract::Domain;
use crate::id::TenantId;
use crate::live::Ring;
use crate::{Core, db, trigger, view};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

const SCAN: Duration = Duration::from_secs(5);
/// Batches at the same time, over all tenants: each holds a connection.
const PARALLEL: usize = 6;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    View(#[from] view::Error),
    #[error(transparent)]
    Trigger(#[from] trigger::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Makes the views' tables and registers the workflows. Before a plugin is served.
pub async fn prepare(core: &Core, domain: &dyn Domain) -> Result<(), Error> {
    for view in &domain.description().views {
        view::create(core, domain.plugin(), view).await?;
    }
    trigger::register(core, domain).await?;
    Ok(())
}

pub struct Runner {
    core: Arc<Core>,
    domains: Vec<Arc<dyn Domain>>,
    permits: Arc<Semaphore>,
}

/// A tenant whose consumers are at work. Rung meanwhile, it is looked at once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Once,
    Again,
}

impl Runner {
    /// Call [`prepare`] for each domain before.
    pub fn new(core: Arc<Core>, domains: Vec<Arc<dyn Domain>>) -> Self {
        Runner { core, domains, permits: Arc::new(Semaphore::new(PARALLEL)) }
    }

    /// Until `stop` completes; then batches that have begun are finished.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut rings = self.core.doorbell.subscribe();
        let mut scan = tokio::time::interval(SCAN);
        scan.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut working: HashMap<TenantId, Work> = HashMap::new();
        let mut tasks: JoinSet<TenantId> = JoinSet::new();
        let mut named: HashMap<tokio::task::Id, TenantId> = HashMap::new();
        tokio::pin!(stop);
        loop {
            let mut woken = Vec::new();
            tokio::select! {
                () = &mut stop => break,
                ring = rings.recv() => match ring {
                    Ok(Ring { tenant, .. }) => woken.push(tenant),
                    // Too many rings to hear them all: look who is behind.
                    Err(RecvError::Lagged(_)) => woken = self.laggards().await,
                    Err(RecvError::Closed) => break,
                },
                _ = scan.tick() => woken = self.laggards().await,
                Some(done) = tasks.join_next_with_id() => {
                    let id = match &done {
                        Ok((id, _)) => *id,
                        Err(panicked) => panicked.id(),
                    };
                    if let Some(tenant) = named.remove(&id)
                        && working.remove(&tenant) == Some(Work::Again)
                    {
                        woken.push(tenant);
                    }
                }
            }
            for tenant in woken {
                if let Some(work) = working.get_mut(&tenant) {
                    *work = Work::Again;
                    continue;
                }
                working.insert(tenant, Work::Once);
                let (core, domains, permits) = (self.core.clone(), self.domains.clone(), self.permits.clone());
                let handle = tasks.spawn(async move {
                    catch_up(&core, &domains, &permits, tenant).await;
                    tenant
                });
                named.insert(handle.id(), tenant);
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn laggards(&self) -> Vec<TenantId> {
        let found: Result<Vec<(TenantId, String)>, _> =
            sqlx::query_as("select distinct tenant_id, plugin from eaf.laggards()")
                .fetch_all(self.core.db.platform_pool())
                .await;
        match found {
            Ok(found) => {
                let mut tenants: Vec<TenantId> = found
                    .into_iter()
                    .filter(|(_, plugin)| self.domains.iter().any(|domain| domain.plugin() == plugin))
                    .map(|(tenant, _)| tenant)
                    .collect();
                tenants.sort();
                tenants.dedup();
                tenants
            }
            Err(error) => {
                tracing::warn!(%error, "who is behind could not be found out");
                Vec::new()
            }
        }
    }
}

enum Consumer<'a> {
    Trigger(&'a str),
    View(&'a str),
}

async fn catch_up(core: &Core, domains: &[Arc<dyn Domain>], permits: &Semaphore, tenant: TenantId) {
    let consumers = domains.iter().flat_map(|domain| {
        let description = domain.description();
        let triggers = description.workflows.iter().map(|workflow| Consumer::Trigger(&workflow.name));
        let views = description.views.iter().map(|view| Consumer::View(&view.name));
        triggers.chain(views).map(move |consumer| follow(core, domain.as_ref(), permits, tenant, consumer))
    });
    futures_util::future::join_all(consumers).await;
}

/// Batch after batch until there is nothing left, or somebody else does it.
async fn follow(core: &Core, domain: &dyn Domain, permits: &Semaphore, tenant: TenantId, consumer: Consumer<'_>) {
    loop {
        let Ok(_permit) = permits.acquire().await else { return };
        // An error was logged and has parked the consumer; the scan finds it when its time has come.
        let step = match consumer {
            Consumer::Trigger(workflow) => trigger::run_once(core, domain, tenant, workflow).await.ok(),
            Consumer::View(view) => run_once(core, domain, tenant, view).await.ok(),
        };
        if !matches!(step, Some(Step::Advanced { .. })) {
            return;
        }
    }
}

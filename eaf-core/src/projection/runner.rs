//! Keeps all views and triggers of all tenants up to date: woken by the doorbell, and every 5 s by one statement that
//! finds who is behind. Any number of hosts may run one.

use super::{lag, refold_copy, run_copy};
use crate::checkpoint::Step;
use crate::contract::Domain;
use crate::id::TenantId;
use crate::live::Ring;
use crate::view::{Copy, Table};
use crate::{Core, trigger, view};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

const SCAN: Duration = Duration::from_secs(5);
/// Batches at the same time, over all tenants: each holds a connection.
const PARALLEL: usize = 6;
/// Views that are folded anew at the same time. It takes up to a minute each, for which other tenants do not wait.
const REFOLDS: usize = 2;

pub struct Runner {
    core: Arc<Core>,
    domains: Vec<Arc<dyn Domain>>,
    served: Arc<Vec<Served>>,
    permits: Arc<Permits>,
}

struct Permits {
    batches: Semaphore,
    refolds: Semaphore,
}

/// A domain, and the digests of its views' definitions: another generation's copies are that generation's work.
struct Served {
    domain: Arc<dyn Domain>,
    digests: BTreeSet<String>,
}

impl Served {
    fn new(domain: &Arc<dyn Domain>) -> Self {
        let views = domain.description().views.iter();
        let digests = views.filter_map(|view| Some(Table::of(domain.plugin(), view).ok()?.digest().to_owned()));
        Served { domain: domain.clone(), digests: digests.collect() }
    }
}

/// A tenant whose consumers are at work. Rung meanwhile, it is looked at once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Once,
    Again,
}

impl Runner {
    /// Call [`prepare`](super::prepare) for each domain before.
    pub fn new(core: Arc<Core>, domains: Vec<Arc<dyn Domain>>) -> Self {
        let served = Arc::new(domains.iter().map(Served::new).collect());
        let permits = Permits { batches: Semaphore::new(PARALLEL), refolds: Semaphore::new(REFOLDS) };
        Runner { core, domains, served, permits: Arc::new(permits) }
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
                let (core, served, permits) = (self.core.clone(), self.served.clone(), self.permits.clone());
                let handle = tasks.spawn(async move {
                    catch_up(&core, &served, &permits, tenant).await;
                    tenant
                });
                named.insert(handle.id(), tenant);
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn laggards(&self) -> Vec<TenantId> {
        let behind = match lag::behind(&self.core).await {
            Ok(behind) => behind,
            Err(error) => {
                tracing::warn!(%error, "who is behind could not be found out");
                return Vec::new();
            }
        };
        lag::measure(&self.core, &self.domains, &behind);
        let ours = |plugin: &str| self.domains.iter().any(|domain| domain.plugin() == plugin);
        let found = behind.iter().filter(|behind| !behind.waits && ours(&behind.plugin));
        found.map(|behind| behind.tenant).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

enum Consumer<'a> {
    Trigger(&'a str),
    View(&'a Copy),
}

async fn catch_up(core: &Core, served: &[Served], permits: &Permits, tenant: TenantId) {
    // Asked each time: one may have been begun or dropped.
    let copies = match view::copies(core).await {
        Ok(copies) => copies,
        Err(error) => {
            tracing::warn!(%tenant, %error, "the views' tables could not be found out");
            return;
        }
    };
    let copies = &copies;
    let consumers = served.iter().flat_map(|Served { domain, digests }| {
        let triggers = domain.description().workflows.iter().map(|workflow| Consumer::Trigger(&workflow.name));
        let views = copies.iter().filter(|copy| digests.contains(&copy.digest)).map(Consumer::View);
        triggers.chain(views).map(move |consumer| follow(core, domain.as_ref(), permits, tenant, consumer))
    });
    futures_util::future::join_all(consumers).await;
}

/// Batch after batch until there is nothing left, or somebody else does it.
async fn follow(core: &Core, domain: &dyn Domain, permits: &Permits, tenant: TenantId, consumer: Consumer<'_>) {
    loop {
        let mut step = {
            let Ok(_permit) = permits.batches.acquire().await else { return };
            // An error was logged and has parked the consumer; the scan finds it when its time has come.
            match consumer {
                Consumer::Trigger(workflow) => trigger::run_once(core, domain, tenant, workflow).await.ok(),
                Consumer::View(copy) => run_copy(core, domain, tenant, copy).await.ok(),
            }
        };
        if let (Some(Step::Void), Consumer::View(copy)) = (&step, &consumer) {
            let Ok(_permit) = permits.refolds.acquire().await else { return };
            step = refold_copy(core, domain, tenant, copy).await.ok();
        }
        if !matches!(step, Some(Step::Advanced { .. })) {
            return;
        }
    }
}

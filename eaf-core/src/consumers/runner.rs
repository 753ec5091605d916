//! Keeps all views and triggers of all tenants up to date: woken by the doorbell, and every 5 s by one statement that
//! finds who is behind. Any number of hosts may run one.

mod tasks;

use super::checkpoint::Step;
use super::lag;
use crate::contract::Domain;
use crate::id::TenantId;
use crate::live::Ring;
use crate::view::{Copy, State, Table};
use crate::{Core, view};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tasks::Tasks;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};

const SCAN: Duration = Duration::from_secs(5);
/// Batches at the same time, over all tenants: each holds a connection.
const PARALLEL: usize = 6;
/// Of a copy that nobody reads yet, one after the other: then the tenant's other consumers have their turn.
const COPY_BATCHES: usize = 4;
/// Views that are folded anew at the same time. It takes up to a minute each, for which nothing else waits.
const REFOLDS: usize = 2;

pub struct Runner {
    domains: Vec<Arc<dyn Domain>>,
    work: Arc<Work>,
    voids: mpsc::UnboundedReceiver<Void>,
}

struct Work {
    core: Arc<Core>,
    served: Vec<Served>,
    batches: Semaphore,
    refolds: Semaphore,
    /// To whoever has views folded anew.
    void: mpsc::UnboundedSender<Void>,
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

/// A tenant's rows that are to be folded anew.
struct Void {
    tenant: TenantId,
    domain: Arc<dyn Domain>,
    copy: Copy,
}

impl Runner {
    /// Call [`prepare`](super::prepare) for each domain before.
    pub fn new(core: Arc<Core>, domains: Vec<Arc<dyn Domain>>) -> Self {
        let (void, voids) = mpsc::unbounded_channel();
        let served = domains.iter().map(Served::new).collect();
        let (batches, refolds) = (Semaphore::new(PARALLEL), Semaphore::new(REFOLDS));
        Runner { domains, work: Arc::new(Work { core, served, batches, refolds, void }), voids }
    }

    /// Until `stop` completes; then batches that have begun are finished, and what is being folded anew is left to whoever runs next.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut rings = self.work.core.doorbell.subscribe();
        let mut scan = tokio::time::interval(SCAN);
        scan.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tenants: Tasks<TenantId> = Tasks::new();
        let mut refolds: Tasks<(TenantId, String)> = Tasks::new();
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
                Some(void) = self.voids.recv() => {
                    let key = (void.tenant, void.copy.table.clone());
                    refolds.ask(key, refold(self.work.clone(), void));
                }
                Some(((tenant, _), is_more)) = refolds.ended() => if is_more {
                    woken.push(tenant);
                },
                Some((tenant, is_more)) = tenants.ended() => if is_more {
                    woken.push(tenant);
                },
            }
            for tenant in woken {
                tenants.ask(tenant, catch_up(self.work.clone(), tenant));
            }
        }
        self.work.batches.close();
        refolds.abort().await;
        while tenants.ended().await.is_some() {}
    }

    async fn laggards(&self) -> Vec<TenantId> {
        let core = &self.work.core;
        let behind = match lag::behind(&core.db).await {
            Ok(behind) => behind,
            Err(error) => {
                tracing::warn!(%error, "who is behind could not be found out");
                return Vec::new();
            }
        };
        lag::measure(core.world.now(), &self.domains, &behind);
        let ours = |plugin: &str| self.domains.iter().any(|domain| domain.plugin() == plugin);
        let found = behind.iter().filter(|behind| !behind.waits && ours(&behind.plugin));
        found.map(|behind| behind.tenant).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

enum Consumer<'a> {
    Trigger(&'a str),
    View(&'a Copy),
}

/// Answers whether there is more to do.
async fn catch_up(work: Arc<Work>, tenant: TenantId) -> bool {
    // Asked each time: one may have been begun or dropped.
    let copies = match view::copies(&work.core.db).await {
        Ok(copies) => copies,
        Err(error) => {
            tracing::warn!(%tenant, %error, "the views' tables could not be found out");
            return false;
        }
    };
    let (work, copies) = (&work, &copies);
    let consumers = work.served.iter().flat_map(|Served { domain, digests }| {
        let triggers = domain.description().workflows.iter().map(|workflow| Consumer::Trigger(&workflow.name));
        let views = copies.iter().filter(|copy| digests.contains(&copy.digest)).map(Consumer::View);
        triggers.chain(views).map(move |consumer| follow(work, domain, tenant, consumer))
    });
    futures_util::future::join_all(consumers).await.contains(&true)
}

/// Batch after batch until there is nothing left, or somebody else does it, or others should have their turn, which is the answer.
async fn follow(work: &Work, domain: &Arc<dyn Domain>, tenant: TenantId, consumer: Consumer<'_>) -> bool {
    let mut batches = 0;
    loop {
        // Closed: the runner stops.
        let Ok(_permit) = work.batches.acquire().await else { return false };
        // An error was logged and has parked the consumer; the scan finds it when its time has come.
        let step = match consumer {
            Consumer::Trigger(workflow) => {
                work.core.consumers.run_trigger_batch(domain.as_ref(), tenant, workflow).await.ok()
            }
            Consumer::View(copy) => work.core.consumers.run_copy(domain.as_ref(), tenant, copy).await.ok(),
        };
        match (step, &consumer) {
            (Some(Step::Advanced { .. }), Consumer::View(copy)) if copy.state != State::Live => {
                batches += 1;
                if batches == COPY_BATCHES {
                    return true;
                }
            }
            (Some(Step::Advanced { .. }), _) => {}
            (Some(Step::Void), Consumer::View(copy)) => {
                // Nobody listens: the runner stops.
                let _ = work.void.send(Void { tenant, domain: domain.clone(), copy: (*copy).clone() });
                return false;
            }
            _ => return false,
        }
    }
}

/// Goes on from there: what came while it was held up is to be done.
async fn refold(work: Arc<Work>, Void { tenant, domain, copy }: Void) -> bool {
    let Ok(_permit) = work.refolds.acquire().await else { return false };
    // An error was logged and has parked it.
    let _ = work.core.consumers.refold_copy(domain.as_ref(), tenant, &copy).await;
    true
}

//! Runner: keeps the views and triggers of all tenants up to date. Each host may have one.
//!
//! The doorbell wakes a tenant's consumers. Because notifications may be lost, one statement every
//! 5 s also finds the lagging consumers of all tenants.

mod tasks;

use super::checkpoint::Step;
use super::lag;
use crate::contract::Domain;
use crate::doorbell::Ring;
use crate::id::TenantId;
use crate::view::{Copy, State, Table};
use crate::{Core, view};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tasks::Tasks;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};

const SCAN_INTERVAL: Duration = Duration::from_secs(5);
/// Maximum number of batches that run at once, over all tenants. Each batch holds a database
/// connection.
const PARALLEL_BATCHES: usize = 6;
/// Maximum number of consecutive batches of a copy that is not live. After them, the tenant's other
/// consumers run.
const COPY_BATCHES: usize = 4;
/// Maximum number of rebuilds of tenants' rows that run at once. Each takes up to a minute. Batches
/// do not wait for rebuilds.
const PARALLEL_REBUILDS: usize = 2;

pub struct Runner {
    domains: Vec<Arc<dyn Domain>>,
    state: Arc<RunnerState>,
    pending_rebuilds: mpsc::UnboundedReceiver<PendingRebuild>,
}

struct RunnerState {
    core: Arc<Core>,
    served: Vec<ServedDomain>,
    batches: Semaphore,
    rebuilds: Semaphore,
    request_rebuild: mpsc::UnboundedSender<PendingRebuild>,
}

/// Domain that the runner serves, with the digests of its view definitions. A copy is projected
/// only by a domain that has the copy's definition.
struct ServedDomain {
    domain: Arc<dyn Domain>,
    digests: BTreeSet<String>,
}

impl ServedDomain {
    fn new(domain: &Arc<dyn Domain>) -> Self {
        let views = domain.description().views.iter();
        let digests = views.filter_map(|view| Some(Table::of(domain.plugin(), view).ok()?.digest().to_owned()));
        ServedDomain { domain: domain.clone(), digests: digests.collect() }
    }
}

/// Request to rebuild the rows of one tenant in one copy of a view.
struct PendingRebuild {
    tenant: TenantId,
    domain: Arc<dyn Domain>,
    copy: Copy,
}

impl Runner {
    /// Creates a runner of these domains. [`prepare`](super::prepare) must have been called for
    /// each.
    pub fn new(core: Arc<Core>, domains: Vec<Arc<dyn Domain>>) -> Self {
        let (request_rebuild, pending_rebuilds) = mpsc::unbounded_channel();
        let served = domains.iter().map(ServedDomain::new).collect();
        let (batches, rebuilds) = (Semaphore::new(PARALLEL_BATCHES), Semaphore::new(PARALLEL_REBUILDS));
        let state = RunnerState { core, served, batches, rebuilds, request_rebuild };
        Runner { domains, state: Arc::new(state), pending_rebuilds }
    }

    /// Runs until `stop` completes. Batches that have started are then finished. Rebuilds are
    /// aborted, and the next runner starts them again.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut rings = self.state.core.doorbell.subscribe();
        let mut scan = tokio::time::interval(SCAN_INTERVAL);
        scan.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tenants: Tasks<TenantId> = Tasks::new();
        let mut rebuilds: Tasks<(TenantId, String)> = Tasks::new();
        tokio::pin!(stop);
        loop {
            let mut woken = Vec::new();
            tokio::select! {
                () = &mut stop => break,
                ring = rings.recv() => match ring {
                    Ok(Ring { tenant, .. }) => woken.push(tenant),
                    // The channel overflowed and lost notifications: read the lag instead.
                    Err(RecvError::Lagged(_)) => woken = self.lagging_tenants().await,
                    Err(RecvError::Closed) => break,
                },
                _ = scan.tick() => woken = self.lagging_tenants().await,
                Some(pending) = self.pending_rebuilds.recv() => {
                    let key = (pending.tenant, pending.copy.table.clone());
                    rebuilds.request(key, rebuild(self.state.clone(), pending));
                }
                Some(((tenant, _), has_more)) = rebuilds.next_ended() => if has_more {
                    woken.push(tenant);
                },
                Some((tenant, has_more)) = tenants.next_ended() => if has_more {
                    woken.push(tenant);
                },
            }
            for tenant in woken {
                tenants.request(tenant, catch_up(self.state.clone(), tenant));
            }
        }
        self.state.batches.close();
        rebuilds.abort().await;
        while tenants.next_ended().await.is_some() {}
    }

    async fn lagging_tenants(&self) -> Vec<TenantId> {
        let core = &self.state.core;
        let lagging = match lag::lagging_consumers(&core.db).await {
            Ok(lagging) => lagging,
            Err(error) => {
                tracing::warn!(%error, "the lagging consumers could not be read");
                return Vec::new();
            }
        };
        lag::publish_metrics(core.ambient.now(), &self.domains, &lagging);
        let is_served = |plugin: &str| self.domains.iter().any(|domain| domain.plugin() == plugin);
        let due = lagging.iter().filter(|consumer| !consumer.waits && is_served(&consumer.plugin));
        due.map(|consumer| consumer.tenant).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

enum Consumer<'a> {
    Trigger(&'a str),
    View(&'a Copy),
}

/// Runs the batches of all consumers of a tenant. Returns true if there is more to do.
async fn catch_up(state: Arc<RunnerState>, tenant: TenantId) -> bool {
    // Copies are read each time, because a rebuild may have created or dropped one.
    let copies = match view::copies(&state.core.db).await {
        Ok(copies) => copies,
        Err(error) => {
            tracing::warn!(%tenant, %error, "the copies of the views could not be read");
            return false;
        }
    };
    let (state, copies) = (&state, &copies);
    let consumers = state.served.iter().flat_map(|ServedDomain { domain, digests }| {
        let triggers = domain.description().workflows.iter().map(|workflow| Consumer::Trigger(&workflow.name));
        let views = copies.iter().filter(|copy| digests.contains(&copy.digest)).map(Consumer::View);
        triggers.chain(views).map(move |consumer| run_consumer(state, domain, tenant, consumer))
    });
    futures_util::future::join_all(consumers).await.contains(&true)
}

/// Runs batches until the consumer has caught up, is parked or is locked by another host. Returns
/// true if the consumer has more to do and stopped only so that the tenant's other consumers run.
async fn run_consumer(state: &RunnerState, domain: &Arc<dyn Domain>, tenant: TenantId, consumer: Consumer<'_>) -> bool {
    let mut batches = 0;
    loop {
        // The semaphore is closed when the runner stops.
        let Ok(_permit) = state.batches.acquire().await else { return false };
        // An error is logged and parks the consumer; the scan finds it when its next attempt is
        // due.
        let step = match consumer {
            Consumer::Trigger(workflow) => {
                state.core.consumers.run_trigger_batch(domain.as_ref(), tenant, workflow).await.ok()
            }
            Consumer::View(copy) => state.core.consumers.run_copy(domain.as_ref(), tenant, copy).await.ok(),
        };
        match (step, &consumer) {
            (Some(Step::Advanced { .. }), Consumer::View(copy)) if copy.state != State::Live => {
                batches += 1;
                if batches == COPY_BATCHES {
                    return true;
                }
            }
            (Some(Step::Advanced { .. }), _) => {}
            (Some(Step::NeedsRebuild), Consumer::View(copy)) => {
                let pending = PendingRebuild { tenant, domain: domain.clone(), copy: (*copy).clone() };
                // Sending fails only while the runner stops. The next runner finds the rebuild due.
                let _ = state.request_rebuild.send(pending);
                return false;
            }
            _ => return false,
        }
    }
}

/// Rebuilds a tenant's rows in one copy. Returns true, because events may have been appended during
/// the rebuild.
async fn rebuild(state: Arc<RunnerState>, PendingRebuild { tenant, domain, copy }: PendingRebuild) -> bool {
    let Ok(_permit) = state.rebuilds.acquire().await else { return false };
    // An error is logged and parks the view.
    let _ = state.core.consumers.rebuild_copy(domain.as_ref(), tenant, &copy).await;
    true
}

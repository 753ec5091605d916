//! Benchmark of one tenant that sends commands at ten times its rate limit, and of the effect on
//! other tenants. The commands go through the command bus, which limits rates.

use crate::load::arrivals;
use crate::tally::{self, Tally};
use crate::verdict::{Line, quantile};
use eaf_core::Core;
use eaf_core::command_bus::{CommandQuota, Error};
use eaf_core::id::TenantId;
use eaf_core::rate_limit::Limit;
use eaf_core::testing::Database;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const QUOTA: f64 = 50.0;
const NEIGHBOURS: usize = 10;
/// Number of commands per second of all neighbours together.
const CALM: f64 = 50.0;
const LASTS: Duration = Duration::from_secs(8);

pub async fn bench(database: &Database, rounds: usize) {
    let quota = CommandQuota { commands: Some(Limit { per_second: QUOTA, burst: QUOTA }), bodies: None };
    let core = database.core_with(quota).await;
    let tally = Tally::in_force(database).await;
    let mut neighbours = Vec::new();
    for n in 0..NEIGHBOURS {
        neighbours.push(tally::tenant(&core, &format!("calm-{n}")).await);
    }
    let street = Street { core: core.clone(), tally, neighbours, loud: tally::tenant(&core, "loud").await };
    let mut line = Line::at_most("neighbours of a tenant at 10 x its quota / at its quota", 1.1, 1.05);
    street.p95(QUOTA).await;
    for _ in 0..rounds {
        let calm = street.p95(QUOTA).await;
        line.add(street.p95(QUOTA * 10.0).await, calm);
    }
    line.print("ms p95");
}

struct Street {
    core: Core,
    tally: Arc<Tally>,
    neighbours: Vec<TenantId>,
    loud: TenantId,
}

impl Street {
    /// 95th percentile of the latency of the neighbours' commands, in milliseconds, while the loud
    /// tenant sends `offered` commands per second.
    async fn p95(&self, offered: f64) -> f64 {
        let next = AtomicUsize::new(0);
        let calm = arrivals(CALM, LASTS, || {
            let n = next.fetch_add(1, Ordering::Relaxed);
            self.count(self.neighbours[n % NEIGHBOURS], n)
        });
        let loud = arrivals(offered, LASTS, || {
            let n = next.fetch_add(1, Ordering::Relaxed);
            self.count(self.loud, n)
        });
        quantile(tokio::join!(calm, loud).0, 0.95)
    }

    fn count(&self, tenant: TenantId, n: usize) -> impl Future<Output = usize> + Send + use<> {
        let (core, tally) = (self.core.clone(), self.tally.clone());
        let loud = tenant == self.loud;
        async move {
            match tally::count(&core, &tally, tenant, &format!("count/{}", n % 97)).await {
                Ok(_) => 1,
                Err(Error::Overloaded { .. }) if loud => 0,
                Err(error) => panic!("VOID: {error}"),
            }
        }
    }
}

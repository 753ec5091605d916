//! Benchmark of the rebuild of a view, which has one new row per event and two declared indexes.

use crate::ledger::{Ledger, PLUGIN, book};
use crate::verdict::{quantile, rounds};
use eaf_core::consumers::rebuild::{begin, cancel};
use eaf_core::consumers::{Runner, prepare, status};
use eaf_core::contract::Domain;
use eaf_core::directory;
use eaf_core::testing::Database;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TENANTS: usize = 4;
const EACH: usize = 15_000;
const FLOOR: f64 = 10_000.0;
const AIM: f64 = 30_000.0;

pub async fn bench(database: &Database) {
    let core = Arc::new(database.core().await);
    let ledger = Arc::new(Ledger::new(1));
    prepare(&core.db, ledger.as_ref()).await.expect("a table");
    let mut tenants = Vec::new();
    for n in 0..TENANTS {
        let tenant = directory::add_tenant(&core.db, &core.by, &format!("bench-{n}"), "Bench").await.expect("a tenant");
        book(&core, tenant, EACH).await;
        tenants.push(tenant);
    }
    let view = ledger.view().name.clone();
    let mut rates = Vec::new();
    for round in 0..=rounds() {
        let table = begin(&core.db, &core.by, PLUGIN, &view).await.expect("a copy");
        let domains: Vec<Arc<dyn Domain>> = vec![ledger.clone()];
        let began = Instant::now();
        let running = tokio::spawn(Runner::new(core.clone(), domains).run(std::future::pending()));
        while status(&core.db, core.ambient.now()).await.expect("the status").iter().any(|copy| copy.tenants_behind > 0)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = began.elapsed().as_secs_f64();
        running.abort();
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from eaf_view.\"{table}\"")))
            .fetch_one(&mut database.superuser().await)
            .await
            .expect("the rows can be counted");
        assert_eq!(rows as usize, TENANTS * EACH, "VOID: rows and events differ");
        cancel(&core.db, &core.by, &tenants, PLUGIN, &view).await.expect("dropped");
        // The first round is not measured, since it also fills the live copy.
        if round > 0 {
            rates.push((TENANTS * EACH) as f64 / took);
        }
    }
    let of = |q| quantile(rates.clone(), q);
    let (low, middle, high) = (of(0.25), of(0.5), of(0.75));
    let verdict = match middle {
        _ if high - low > (middle - FLOOR).abs() => "inconclusive",
        _ if middle < FLOOR => "FAILED",
        _ if middle >= AIM => "aim reached",
        _ => "floor held",
    };
    println!(
        "rebuild of a view, {TENANTS} tenants: {middle:.0} events/s [{low:.0} .. {high:.0}]  floor {FLOOR}, aim {AIM}: {verdict}"
    );
}

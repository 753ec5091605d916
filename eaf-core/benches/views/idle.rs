//! Benchmark of the scan for lagging consumers, which each host runs every 5 s: 5,000 tenants with
//! 20 views each and no new events.

use crate::ledger::{Ledger, PLUGIN};
use crate::verdict::quantile;
use eaf_core::consumers::prepare;
use eaf_core::testing::Database;
use eaf_core::view;
use std::time::Instant;

const TENANTS: usize = 5_000;
const VIEWS: usize = 20;
const SCANS: usize = 20;
const EVERY_SECONDS: f64 = 5.0;

pub async fn bench(database: &Database) {
    let core = database.core().await;
    prepare(&core.db, &Ledger::new(VIEWS)).await.expect("tables");
    let copies = view::copies(&core.db).await.expect("copies").len();
    database
        .run(&format!(
            "insert into eaf.tenant (tenant_id, slug, name) select gen_random_uuid(), 'bench-' || n, 'Bench' from generate_series(1, {TENANTS}) n;
             insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
               select t.tenant_id, 0, n, gen_random_uuid(), 1, gen_random_uuid(), 'ledger.booked', 1, '{{}}', '{{}}', now(), '', ''
               from eaf.tenant t, generate_series(1, 20) n;
             insert into eaf.checkpoint (tenant_id, plugin, consumer, epoch, pos)
               select t.tenant_id, '{PLUGIN}', c.table_name, 1, 20 from eaf.tenant t, eaf.view_copy c;
             analyze eaf.tenant; analyze eaf.event; analyze eaf.checkpoint"
        ))
        .await;
    let mut platform = database.as_role("eaf_platform").await;
    let mut times = Vec::new();
    for _ in 0..SCANS {
        let began = Instant::now();
        let lagging: i64 = sqlx::query_scalar("select count(*) from eaf.lagging_consumers()")
            .fetch_one(&mut platform)
            .await
            .expect("a scan");
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(lagging, 0, "VOID: a consumer lags");
    }
    let middle = quantile(times, 0.5);
    println!(
        "{TENANTS} tenants with {copies} views each, idle: one scan for lagging consumers takes {middle:.0} ms, every {EVERY_SECONDS:.0} s: {:.1} % of one processor",
        middle / 10.0 / EVERY_SECONDS
    );
}

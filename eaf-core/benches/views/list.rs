//! Benchmark of four view queries, measured at the caller. Each query reads a page of 50 out of a
//! million rows.

use crate::ledger::{Ledger, PLUGIN};
use crate::verdict::quantile;
use eaf_core::consumers::prepare;
use eaf_core::directory;
use eaf_core::testing::{Database, person};
use eaf_core::view::{self, Direction, Filter, PackageView, Query, Sort};
use std::time::Instant;

const TENANTS: usize = 50;
const ROWS: usize = 20_000;
const READS: usize = 40;
const LIMIT_MS: f64 = 10.0;

#[expect(clippy::too_many_lines, reason = "one story: fill, query, compare")]
pub async fn bench(database: &Database) {
    let core = database.core().await;
    let ledger = Ledger::new(1);
    prepare(&core.db, &ledger).await.expect("a table");
    let table = view::copies(&core.db).await.expect("copies").remove(0).table;
    let mut tenants = Vec::new();
    for n in 0..TENANTS {
        let tenant = directory::add_tenant(&core.db, &core.by, &format!("bench-{n}"), "Bench").await.expect("a tenant");
        let fill = format!(
            "insert into eaf_view.\"{table}\" (tenant_id, key, _pos, owner, booked_at, text, cents, status)
             select '{tenant}', 'entry-' || n, n, case when n % 100 = 7 then '{}' else 'owner-' || n % 100 end,
                    now() - n * interval '1 second', repeat('t', 200), n, 'booked'
             from generate_series(1, {ROWS}) n",
            eaf_core::id::ActorId(uuid::Uuid::from_u128(7))
        );
        database.run(&fill).await;
        tenants.push(tenant);
    }
    database.run(&format!("analyze eaf_view.\"{table}\"")).await;
    let newest = Some(Sort { column: "booked_at".into(), direction: Direction::Descending });
    let plain = Query { filters: Vec::new(), search: None, sort: newest, after: None, limit: 50 };
    let filtered = Query { filters: vec![Filter::parse("owner", "owner-3,owner-4")], ..plain.clone() };
    let by_key = Query { sort: None, ..plain.clone() };
    for (what, query, permission) in [
        ("newest first", &plain, "ledger.read"),
        ("of two owners, newest first", &filtered, "ledger.read"),
        ("by key", &by_key, "ledger.read"),
        ("one's own, newest first", &plain, "ledger.mine"),
    ] {
        let (mut first, mut next) = (Vec::new(), Vec::new());
        for n in 0..READS {
            let mut caller = person(tenants[n % TENANTS], &[permission]);
            caller.actor = eaf_core::id::ActorId(uuid::Uuid::from_u128(7));
            let mut query = query.clone();
            for times in [&mut first, &mut next] {
                let began = Instant::now();
                let page = view::query(&core.db, &caller, PackageView::alone(PLUGIN, ledger.view()), &query)
                    .await
                    .expect("a page");
                times.push(began.elapsed().as_secs_f64() * 1000.0);
                assert_eq!(page.items.len(), 50, "VOID: {what}");
                query.after = page.next;
            }
        }
        for (page, times) in [("first page", first), ("next page", next)] {
            let p95 = quantile(times, 0.95);
            let verdict = if p95 < LIMIT_MS { "floor held" } else { "FAILED" };
            println!("50 of 1,000,000 rows, {what}, {page}: p95 {p95:.1} ms; floor {LIMIT_MS} ms: {verdict}");
        }
    }
}

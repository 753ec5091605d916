//! Benchmark of `eaf verify` over a million events of ten tenants, two tenants at a time as on the
//! command line.

use eaf_core::directory;
use eaf_core::testing::Database;
use eaf_core::verify::verify;
use std::time::Instant;

const EVENTS: i64 = 1_000_000;
const TENANTS: i64 = 10;
const BATCH: i64 = 500;
const LIMIT_SECONDS: f64 = 60.0;

#[tokio::main]
async fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let database = Database::fresh().await;
    let core = database.core().await;
    let began = Instant::now();
    let mut tenants = Vec::new();
    for n in 0..TENANTS {
        let tenant = directory::add_tenant(&core.db, &core.by, &format!("bench-{n}"), "Bench").await.expect("a tenant");
        // Appends by `eaf.append`, one request per call.
        let fill = format!(
            "do $$ begin for i in 1 .. {} loop
               perform from eaf.append('{tenant}', 0::smallint, '1 day', array[gen_random_uuid()], array[gen_random_uuid()::text],
                 array[sha256('')], array['\\x61'::bytea], array[null::text], array[null::bigint], array[1], array[gen_random_uuid()],
                 array[0::bigint], array(select 1 from generate_series(1, {BATCH})), array(select gen_random_uuid() from generate_series(1, {BATCH})),
                 array(select 'bench.happened' from generate_series(1, {BATCH})), array(select 1::smallint from generate_series(1, {BATCH})),
                 array(select convert_to(repeat('d', 400), 'UTF8') from generate_series(1, {BATCH})),
                 array(select convert_to(repeat('m', 350), 'UTF8') from generate_series(1, {BATCH})));
             end loop; end $$",
            EVENTS / TENANTS / BATCH
        );
        database.run(&fill).await;
        tenants.push(tenant);
    }
    println!("{EVENTS} events of 750 bytes of payload appended in {:.0} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let mut events = 0;
    for pair in tenants.chunks(2) {
        let mut verifying = tokio::task::JoinSet::new();
        for tenant in pair.iter().copied() {
            let core = core.clone();
            verifying.spawn(async move { verify(&core.db, tenant, |_| ()).await.expect("the log can be read") });
        }
        for report in verifying.join_all().await {
            assert!(report.findings.is_empty(), "VOID: {report:?}");
            events += report.events;
        }
    }
    assert_eq!(events as i64, EVENTS, "VOID: not all events were read");
    let took = began.elapsed().as_secs_f64();
    let verdict = if took < LIMIT_SECONDS { "floor held" } else { "FAILED" };
    println!(
        "eaf verify over {EVENTS} events: {took:.1} s, {:.0} events/s; floor {LIMIT_SECONDS} s: {verdict}",
        EVENTS as f64 / took
    );
}

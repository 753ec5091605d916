//! Open deadlines: 100,000 runs in 50 tenants that sleep for days. Measured are the idle processor
//! time of host and database beside them, and how late one of them wakes.
//!
//! One run is real; the others are copies of its row and journal, which are never due.

use crate::{command, publish, wish};
use eaf_core::id::TenantId;
use eaf_system_tests::system::{People, System};
use serde_json::json;
use std::time::{Duration, Instant};

const OPEN: usize = 100_000;
const TENANTS: usize = 50;
const IDLE: Duration = Duration::from_secs(60);
const WAKES: usize = 10;
/// Time until a run that is made due by the benchmark, in seconds.
const SOON: u32 = 3;
const LATE_LIMIT: f64 = 2.0;

pub async fn run(system: &System, people: &People) {
    let stage = json!([{
        "key": "only", "name": { "de": "Einzige", "en": "Only" }, "approvers": [{ "permission": "approve" }], "needs": "any",
        "deadline": { "hours": 400, "finally": "expire" },
    }]);
    publish(&people.admin, "deadline", &stage).await;
    command(&people.requester, "request-vm", &wish("deadline")).await;
    tokio::time::sleep(Duration::from_secs(5)).await;

    let before = idle(system).await;
    copy(system).await;
    let after = idle(system).await;
    println!("idle processor time in {} s, of one processor: host, database", IDLE.as_secs());
    println!("  1 open deadline                {:>6.2} %   {:>6.2} %", before.0, before.1);
    println!("  {OPEN} in {TENANTS} tenants        {:>6.2} %   {:>6.2} %", after.0, after.1);

    let mut late = Vec::new();
    for _ in 0..WAKES {
        late.push(lateness(system).await);
    }
    let worst = late.iter().copied().fold(0.0, f64::max);
    let verdict = if worst < LATE_LIMIT { "held" } else { "FAILED" };
    println!("a run among them wakes at most {worst:.2} s late in {WAKES} tries, limit {LATE_LIMIT} s: {verdict}");
}

/// Copies the sleeping run of the real deadline into 50 tenants.
async fn copy(system: &System) {
    let (tenant, others, each) = (TenantId::derive("acme").0, TENANTS - 1, OPEN / TENANTS);
    system
        .database
        .run(&format!(
            "insert into eaf.tenant (tenant_id, slug, name)
               select gen_random_uuid(), 'bench-' || n, 'Bench' from generate_series(1, {others}) n;
             create temporary table template as
               select * from eaf.run where tenant_id = '{tenant}' and workflow = 'stage-deadline' and state = 'open' limit 1;
             create temporary table entries as
               select j.* from eaf.journal j join template t using (tenant_id, run_id);
             create temporary table copies as
               select x.tenant_id, gen_random_uuid() as run_id, gen_random_uuid() as event_id
               from (select tenant_id from eaf.tenant where slug like 'bench-%' or slug = 'acme') x, generate_series(1, {each});
             insert into eaf.run select (jsonb_populate_record(t, jsonb_build_object(
                 'tenant_id', c.tenant_id, 'run_id', c.run_id, 'event_id', c.event_id))).*
               from copies c, template t;
             insert into eaf.journal select (jsonb_populate_record(e, jsonb_build_object(
                 'tenant_id', c.tenant_id, 'run_id', c.run_id))).*
               from copies c, entries e;
             analyze eaf.run; analyze eaf.journal"
        ))
        .await;
}

/// Makes the real run due in some seconds, and returns how many seconds late it was executed.
async fn lateness(system: &System) -> f64 {
    let (run, leases) = system.database.make_due("stage-deadline", SOON).await;
    let planned = Instant::now() + Duration::from_secs(SOON.into());
    while system.database.leases(run).await == leases {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let late = Instant::now().saturating_duration_since(planned).as_secs_f64();
    // The run finds that its deadline is not over, and sleeps again.
    tokio::time::sleep(Duration::from_secs(3)).await;
    late
}

/// Processor time of the host and of PostgreSQL in percent of one processor, over a while without
/// requests.
async fn idle(system: &System) -> (f64, f64) {
    tokio::time::sleep(Duration::from_secs(10)).await;
    let read = || (cpu(&host(system)), cpu(&postgres()));
    let (before, began) = (read(), Instant::now());
    tokio::time::sleep(IDLE).await;
    let (after, seconds) = (read(), began.elapsed().as_secs_f64());
    ((after.0 - before.0) / seconds * 100.0, (after.1 - before.1) / seconds * 100.0)
}

fn host(system: &System) -> Vec<u32> {
    system.host.as_ref().and_then(|host| host.pid()).into_iter().collect()
}

/// Process ids of all PostgreSQL processes on this machine.
fn postgres() -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("Linux").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() == "postgres"))
        .collect()
}

/// User and system time of processes, in seconds.
fn cpu(processes: &[u32]) -> f64 {
    /// Ticks per second of `/proc/PID/stat` on Linux.
    const TICKS: f64 = 100.0;
    let of = |id: &u32| -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / TICKS)
    };
    processes.iter().filter_map(of).sum()
}

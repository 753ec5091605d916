//! Benchmark of the cost of row-level security: the processor time of PostgreSQL's backends for the
//! same work with and without policies.
//!
//! The work of one iteration: a page of 50 out of 20,000 rows of a tenant, a row by its key, and
//! 200 events after a checkpoint; every fifth iteration also appends 20 events.

#[path = "shared/durable.rs"]
mod durable;
#[path = "shared/verdict.rs"]
mod verdict;

use eaf_core::command_bus::CommandQuota;
use eaf_core::directory;
use eaf_core::event_store::{AppendRequest, Outcome, PendingEvent, StreamWrite, append_batch};
use eaf_core::id::{ActorId, EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use eaf_core::{Core, db};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};
use verdict::quantile;

const PAIRS: usize = 21;
/// Number of parts of a measurement. Parts with and parts without policies alternate, so that a
/// short slowdown of the machine affects both kinds.
const PARTS: usize = 40;
/// Number of iterations per part.
const ITERATIONS: usize = 20;
/// Number of iterations before a part that are not measured, since switching the policies
/// invalidates plans.
const WARMING: usize = 10;
const TENANTS: usize = 50;
const ROWS: usize = 20_000;
const LIMIT: f64 = 1.05;
const KINDS: usize = READS.len() + 1;

/// Statements in the form of view queries and log reads, prepared once.
const READS: [(&str, &str); 3] = [
    (
        "page",
        "select key, _pos, status, at from eaf_view.bench where tenant_id = $1 and not _deleted and at is not null order by at desc, key desc limit 51",
    ),
    (
        "row",
        "select key, _pos, status, at from eaf_view.bench where tenant_id = $1 and not _deleted and key = 'row-77'",
    ),
    (
        "log",
        "select pos, data, meta from eaf.event where tenant_id = $1 and lane = 0 and pos > 10 order by pos limit 200",
    ),
];

#[tokio::main]
#[expect(clippy::too_many_lines, reason = "one story: the works, the plans and the pairs of one measurement")]
async fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let database = Database::fresh().await;
    durable::refuse_unless_durable(&database).await;
    let config = db::Config { append_connections: 1, app_connections: 1, ..database.config() };
    let db = db::Db::connect(&config).await.expect("connections");
    let core = Core::start(db, eaf_core::testing::ambient(), eaf_core::testing::master_key(), CommandQuota::default());
    let tenant = fill(&database, &core).await;
    let mut app = database.as_role("eaf_app").await;

    assert_eq!(
        plans(&mut app, tenant).await,
        {
            policies(&database, false).await;
            plans(&mut app, tenant).await
        },
        "the plans differ"
    );
    println!("the plans with and without policies are the same, but for the filter");
    let mut spent = Vec::new();
    for pair in 0..PAIRS {
        let mut by = [[0.0; KINDS]; 2];
        for part in 0..2 * PARTS {
            // The order 0110 puts each first and last equally often, so that the growing log
            // affects both alike.
            let on = part.div_ceil(2) % 2 == pair % 2;
            policies(&database, on).await;
            work(&core, &mut app, tenant, &database, WARMING).await;
            let part = work(&core, &mut app, tenant, &database, ITERATIONS).await;
            by[usize::from(on)].iter_mut().zip(part).for_each(|(all, part)| *all += part);
        }
        spent.push(by);
    }
    policies(&database, true).await;
    let quartiles = |part: &dyn Fn(&[f64; KINDS]) -> f64| {
        let ratios: Vec<f64> = spent.iter().map(|[without, with]| part(with) / part(without)).collect();
        [0.25, 0.5, 0.75].map(|q| quantile(ratios.clone(), q))
    };
    for (kind, what) in ["a page", "a row", "200 events", "20 appends"].into_iter().enumerate() {
        let share =
            spent.iter().map(|[without, _]| without[kind] / without.iter().sum::<f64>()).sum::<f64>() / PAIRS as f64;
        let [low, middle, high] = quartiles(&|by| by[kind]);
        println!("  {what}, {:.0} % of the time: {middle:.3} [{low:.3} .. {high:.3}]", share * 100.0);
    }
    let [low, middle, high] = quartiles(&|by| by.iter().sum());
    let verdict = match middle {
        _ if high - low > (middle - LIMIT).abs() => "inconclusive",
        _ if middle < LIMIT => "floor held",
        _ => "FAILED",
    };
    println!(
        "processor time with row level security / without, {PAIRS} pairs: {middle:.3} [{low:.3} .. {high:.3}]; floor {LIMIT}: {verdict}"
    );
}

/// Fills a table in the form of `eaf.create_view` with rows of many tenants, and a log.
async fn fill(database: &Database, core: &Core) -> TenantId {
    database
        .run(
            "create table eaf_view.bench (tenant_id uuid not null, key text collate \"C\" not null, _pos bigint not null,
               _deleted boolean not null default false, status text collate \"C\", at timestamptz, primary key (tenant_id, key));
             alter table eaf_view.bench owner to eaf_owner;
             create index on eaf_view.bench (tenant_id, at, key);
             select eaf.tenant_table('eaf_view.bench'); grant select on eaf_view.bench to eaf_app",
        )
        .await;
    let mut last = None;
    for n in 0..TENANTS {
        let tenant = directory::add_tenant(&core.db, &core.by, &format!("bench-{n}"), "Bench").await.expect("a tenant");
        database
            .run(&format!(
                "insert into eaf_view.bench select '{tenant}', 'row-' || n, n, false, 'open', now() - n * interval '1 second'
                 from generate_series(1, {}) n",
                if n + 1 == TENANTS { ROWS } else { ROWS / 10 }
            ))
            .await;
        last = Some(tenant);
    }
    database.run("analyze eaf_view.bench").await;
    let tenant = last.expect("a tenant");
    for _ in 0..20 {
        append(core, tenant).await;
    }
    tenant
}

/// Switches the policies of row-level security on or off, as superuser because the host's roles
/// cannot.
async fn policies(database: &Database, on: bool) {
    let switch = if on { "enable" } else { "disable" };
    for table in ["eaf_view.bench", "eaf.event", "eaf.ledger"] {
        database.run(&format!("alter table {table} {switch} row level security")).await;
    }
}

/// Scan, limit and sort nodes of the plans, without the filter that a policy adds.
async fn plans(app: &mut PgConnection, tenant: TenantId) -> Vec<String> {
    let mut nodes = Vec::new();
    for (_, read) in READS {
        enter(app, tenant).await;
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("explain (generic_plan, costs off) {read}")))
            .fetch_all(&mut *app)
            .await
            .expect("a plan");
        sqlx::raw_sql("rollback").execute(&mut *app).await.expect("the end");
        let lines = rows.iter().map(|row| row.get::<String, _>(0));
        let kept = lines.filter(|line| ["Scan", "Limit", "Sort"].iter().any(|node| line.contains(node)));
        nodes.extend(kept.map(|line| line.trim_start_matches([' ', '-', '>']).to_owned()));
    }
    nodes
}

async fn enter(app: &mut PgConnection, tenant: TenantId) {
    let begin = format!("begin; select set_config('app.tenant_id', '{tenant}', true)");
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(app).await.expect("a transaction");
}

/// Does the work of some iterations. Returns the processor time of the host's PostgreSQL backends
/// for each kind of work, in seconds.
async fn work(
    core: &Core,
    app: &mut PgConnection,
    tenant: TenantId,
    database: &Database,
    iterations: usize,
) -> [f64; KINDS] {
    let backends = backends(database).await;
    let now = || backends.iter().map(|pid| cpu(*pid)).sum::<f64>();
    let mut spent = [0.0; KINDS];
    for iteration in 0..iterations {
        for (kind, (_, read)) in READS.into_iter().enumerate() {
            let before = now();
            enter(app, tenant).await;
            sqlx::query(read).bind(tenant).fetch_all(&mut *app).await.expect("rows");
            sqlx::raw_sql("commit").execute(&mut *app).await.expect("the end");
            spent[kind] += now() - before;
        }
        if iteration % 5 == 0 {
            let before = now();
            append(core, tenant).await;
            spent[READS.len()] += now() - before;
        }
    }
    spent
}

async fn backends(database: &Database) -> Vec<i32> {
    let query = "select pid from pg_stat_activity where usename = 'eaf_app' and datname = current_database()";
    sqlx::query_scalar(query).fetch_all(&mut database.superuser().await).await.expect("the backends")
}

/// Processor time of a process in seconds, from nanoseconds in `/proc`.
fn cpu(pid: i32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).expect("the backend lives, and this is Linux");
    let spent: f64 = stat.split_whitespace().next().and_then(|text| text.parse().ok()).expect("nanoseconds");
    spent / 1e9
}

async fn append(core: &Core, tenant: TenantId) {
    let event = |stream| PendingEvent {
        stream,
        id: EventId(core.ambient.uuid()),
        kind: "bench.happened".into(),
        schema: 1,
        data: vec![b'd'; 400],
        meta: vec![b'm'; 350],
    };
    let request = AppendRequest {
        actor: ActorId::SYSTEM,
        key: core.ambient.uuid().to_string(),
        fingerprint: [7; 32],
        answer: vec![b'a'; 100],
        fence: None,
        streams: (0..20).map(|_| StreamWrite { stream: StreamId(core.ambient.uuid()), expected: Some(0) }).collect(),
        events: (0..20).map(event).collect(),
    };
    let outcomes = append_batch(&core.db, tenant, &[&request]).await.expect("an answer");
    assert!(matches!(outcomes[0], Outcome::Ok { .. }), "{outcomes:?}");
}

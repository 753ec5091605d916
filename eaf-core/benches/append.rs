//! Events per second through `append`, next to a raw INSERT in the same run.
//!
//! Run it by `make bench`, which starts a PostgreSQL with all durability switches on. Rounds are interleaved and the ratio is taken
//! within a round, because the machine's disk is noisier than the difference. Every append goes to a new stream, 400 bytes each.

use eaf_core::Core;
use eaf_core::event_store::{AppendRequest, Outcome, PendingEvent, StreamWrite, append};
use eaf_core::id::{ActorId, EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::future::Future;
use std::time::{Duration, Instant};
use uuid::Uuid;

const SLICE: Duration = Duration::from_secs(2);
const ROUNDS: usize = 7;
/// Callers at one time where calls are single.
const CALLERS: usize = 8;
const BATCH: usize = 64;

#[tokio::main]
async fn main() {
    // cargo passes `--bench`; `cargo test --benches` passes nothing and must not spend half a minute.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let database = Database::fresh().await;
    let core = database.core().await;
    let raw = raw(&database).await;
    let tenant = TenantId::derive("bench");
    warm(&core, &raw, tenant).await;

    let inserted = |events| {
        let raw = raw.clone();
        move || insert(&raw, events)
    };
    let recorded = |events| {
        let core = core.clone();
        move || appended(&core, tenant, events)
    };
    let mut rounds: Vec<[f64; 4]> = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([
            rate(CALLERS, inserted(1)).await,
            rate(CALLERS, recorded(1)).await,
            rate(1, inserted(BATCH)).await,
            rate(1, recorded(BATCH)).await,
        ]);
    }
    println!("events per second, median of {ROUNDS} rounds [quartiles of the ratio within a round]");
    report("single, 8 callers, one tenant", &rounds, 0, 1);
    report("batches of 64, one caller", &rounds, 2, 3);
}

fn report(what: &str, rounds: &[[f64; 4]], raw: usize, ours: usize) {
    let column = |n: usize| median(rounds.iter().map(|round| round[n]).collect());
    let ratios: Vec<f64> = rounds.iter().map(|round| round[ours] / round[raw]).collect();
    println!(
        "  {what:32} raw INSERT {:>8.0}   append {:>8.0}   ratio {:.2} [{:.2} .. {:.2}]",
        column(raw),
        column(ours),
        quantile(ratios.clone(), 0.5),
        quantile(ratios.clone(), 0.25),
        quantile(ratios, 0.75),
    );
}

/// Events per second of `callers` that call again as soon as they are answered.
async fn rate<F: Future<Output = usize> + Send + 'static>(
    callers: usize,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> f64 {
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let call = call.clone();
        running.spawn(async move {
            let mut events = 0;
            while began.elapsed() < SLICE {
                events += call().await;
            }
            events
        });
    }
    let events: usize = running.join_all().await.into_iter().sum();
    events as f64 / began.elapsed().as_secs_f64()
}

fn appended(core: &Core, tenant: TenantId, events: usize) -> impl Future<Output = usize> + Send + use<> {
    let core = core.clone();
    async move {
        let requests = (0..events).map(|_| request(&core)).collect();
        let outcomes = append(&core, tenant, requests).await.expect("the append is answered");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Ok { .. })), "{outcomes:?}");
        events
    }
}

fn request(core: &Core) -> AppendRequest {
    AppendRequest {
        actor: ActorId::SYSTEM,
        key: core.world.uuid().to_string(),
        fingerprint: [7; 32],
        answer: vec![b'a'; 100],
        fence: None,
        streams: vec![StreamWrite { stream: StreamId(core.world.uuid()), expected: Some(0) }],
        events: vec![PendingEvent {
            stream: 0,
            id: EventId(core.world.uuid()),
            kind: "bench.happened".into(),
            schema: 1,
            data: vec![b'd'; 400],
            meta: vec![b'm'; 150],
        }],
    }
}

/// A table with the log's columns and the log's two indexes, and nothing else.
async fn raw(database: &Database) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(12).connect(database.superuser_url()).await.expect("a connection");
    for switch in ["fsync", "synchronous_commit", "full_page_writes"] {
        let on: String =
            sqlx::query_scalar("select current_setting($1)").bind(switch).fetch_one(&pool).await.expect("a setting");
        assert_eq!(on, "on", "{switch} is off: the figures would be void; run `make bench`");
    }
    sqlx::raw_sql(
        "create table bench_raw (tenant_id uuid, lane smallint, pos bigserial, stream_id uuid, version bigint, event_id uuid, type text,
           schema_version smallint, data bytea, meta bytea, at timestamptz default now(), leaf bytea, chain bytea,
           primary key (tenant_id, lane, pos), unique (tenant_id, stream_id, version))",
    )
    .execute(&pool)
    .await
    .expect("a table");
    pool
}

fn insert(pool: &PgPool, events: usize) -> impl Future<Output = usize> + Send + use<> {
    let pool = pool.clone();
    async move {
        let streams: Vec<Uuid> = (0..events).map(|_| eaf_core::testing::world().uuid()).collect();
        sqlx::query(
            "insert into bench_raw (tenant_id, lane, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain)
             select $1, 0, u, 1, u, 'bench.happened', 1, $3, $4, $5, $5 from unnest($2::uuid[]) u",
        )
        .bind(Uuid::from_u128(1))
        .bind(streams)
        .bind(vec![b'd'; 400])
        .bind(vec![b'm'; 150])
        .bind(vec![0u8; 32])
        .execute(&pool)
        .await
        .expect("an insert");
        events
    }
}

/// Cold connections and cold plans are not what is measured.
async fn warm(core: &Core, raw: &PgPool, tenant: TenantId) {
    let (core, raw) = (core.clone(), raw.clone());
    rate(CALLERS, move || {
        let (core, raw) = (core.clone(), raw.clone());
        async move { appended(&core, tenant, 1).await + insert(&raw, 1).await }
    })
    .await;
}

fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * q).round() as usize]
}

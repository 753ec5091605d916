//! Tests of concurrent appends on few streams while backends are killed: appends of one tenant, and
//! of many tenants that share statements.

use crate::append::{request, stream};
use crate::chain::verify;
use eaf_core::Core;
use eaf_core::event_store::{AppendRequest, Outcome};
use eaf_core::id::{StreamId, TenantId};
use eaf_core::testing::{Database, ambient};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Number of concurrent appenders in the test with one tenant.
const APPENDERS: usize = 6;
/// Number of tenants, three times the number of connections that append.
const TENANTS: usize = 24;
const STREAMS: usize = 12;
const LASTS: Duration = Duration::from_secs(4);
/// Minimum number of events. A slow machine runs longer, until the log has them.
const EVENTS: i64 = 200;
const KILLS: usize = 10;

/// Outcome of a request: the positions of its first and its last event, if it has events, and the
/// answer.
type Recorded = (Option<(u64, u64)>, Vec<u8>);
type Acknowledged = Arc<Mutex<HashMap<String, Recorded>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_events_exist_once_and_readers_see_no_gap() {
    storm(1, APPENDERS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_shared_statement_commits_for_all_of_its_tenants_or_none() {
    let database = storm(TENANTS, 1).await;
    let shared =
        "select count(*) from (select from eaf.event group by xmin::text having count(distinct tenant_id) > 1) shared";
    let shared: i64 = sqlx::query_scalar(shared).fetch_one(&mut database.superuser().await).await.unwrap();
    assert!(shared > 0, "no two tenants shared a commit");
}

async fn storm(tenants: usize, appenders: usize) -> Database {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (mut logs, mut working) = (Vec::new(), Vec::new());
    for n in 0..tenants {
        let tenant = eaf_core::directory::add_tenant(&core.db, &core.by, &format!("acme-{n}"), "Acme").await.unwrap();
        let streams: Arc<Vec<StreamId>> = Arc::new((0..STREAMS).map(|_| stream()).collect());
        let acknowledged: Acknowledged = Arc::default();
        for _ in 0..appenders {
            let (streams, acknowledged) = (streams.clone(), acknowledged.clone());
            working.push(tokio::spawn(appender(core.clone(), tenant, streams, acknowledged, stopped.clone())));
        }
        logs.push((tenant, acknowledged));
    }
    kill_backends(&database).await;
    stop.send(true).unwrap();
    for appender in working {
        appender.await.unwrap();
    }
    for (tenant, acknowledged) in logs {
        let acknowledged = acknowledged.lock().unwrap().clone();
        assert_recorded(&database, tenant, &acknowledged).await;
    }
    database
}

/// Kills backends during appends, one after the other, until there are enough events. Asserts that
/// readers see no gap.
async fn kill_backends(database: &Database) {
    let mut root = database.superuser().await;
    let (started, mut seen, mut kills) = (Instant::now(), 0i64, 0usize);
    while started.elapsed() < LASTS || seen < EVENTS || kills < KILLS {
        assert!(started.elapsed() < LASTS * 15, "too slow: {seen} events, {kills} kills");
        let per_log = "select count(*) as n, max(pos) as head from eaf.event group by tenant_id, lane";
        let totals = format!(
            "select coalesce(sum(n), 0)::bigint as n, coalesce(sum(head), 0)::bigint as head from ({per_log}) log"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(totals)).fetch_one(&mut root).await.unwrap();
        let (count, heads): (i64, i64) = (row.get("n"), row.get("head"));
        assert!(count == heads && heads >= seen, "{count} events up to positions of {heads} together, after {seen}");
        seen = heads;
        let killed = sqlx::query(
            "select pg_terminate_backend(pid) from (select pid from pg_stat_activity
             where usename = 'eaf_app' and datname = current_database() and query like '%eaf.append%' and state = 'active' limit 1) s",
        )
        .fetch_all(&mut root)
        .await
        .unwrap();
        kills += killed.len();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn assert_recorded(database: &Database, tenant: TenantId, acknowledged: &HashMap<String, Recorded>) {
    let rows = sqlx::query("select key, first_pos, last_pos, answer from eaf.ledger where tenant_id = $1")
        .bind(tenant)
        .fetch_all(&mut database.superuser().await)
        .await
        .unwrap();
    let mut recorded = HashMap::new();
    for row in rows {
        let (first, last): (Option<i64>, Option<i64>) = (row.get("first_pos"), row.get("last_pos"));
        let positions = first.zip(last).map(|(first, last)| (first as u64, last as u64));
        recorded.insert(row.get::<String, _>("key"), (positions, row.get::<Vec<u8>, _>("answer")));
    }
    for (key, answer) in acknowledged {
        assert_eq!(recorded.get(key), Some(answer), "a recorded request differs from its acknowledgement");
    }
    let events: u64 =
        recorded.values().filter_map(|(positions, _)| *positions).map(|(first, last)| last - first + 1).sum();
    assert_eq!(verify(database, tenant).await, events);
}

async fn appender(
    core: Core,
    tenant: TenantId,
    streams: Arc<Vec<StreamId>>,
    acknowledged: Acknowledged,
    stop: tokio::sync::watch::Receiver<bool>,
) {
    let mut known: HashMap<StreamId, u64> = HashMap::new();
    while !*stop.borrow() {
        let [pick, count, events, answer, lost] = ambient().bytes::<5>().map(usize::from);
        let chosen: Vec<_> = (0..1 + count % 2).map(|n| streams[(pick + n) % STREAMS]).collect();
        let parts: Vec<_> = chosen.iter().map(|s| (*s, Some(known.get(s).copied().unwrap_or(0)), events % 3)).collect();
        let request = AppendRequest { answer: vec![answer as u8; 8], ..request(&parts) };
        let Some(mut outcome) = ask(&core, tenant, &request).await else { continue };
        if lost < 25 {
            // The client repeats the request, as if the answer were lost.
            outcome = ask(&core, tenant, &request).await.unwrap_or(outcome);
        }
        match outcome {
            Outcome::Ok { positions } => {
                let positions = positions.map(|(first, last)| (first.pos, last.pos));
                assert_eq!(positions.map_or(0, |(first, last)| last - first + 1), request.events.len() as u64);
                acknowledged.lock().unwrap().insert(request.key.clone(), (positions, request.answer.clone()));
                parts.iter().for_each(|(s, expected, n)| _ = known.insert(*s, expected.unwrap() + *n as u64));
            }
            Outcome::Duplicate { answer, positions } => {
                assert_eq!(answer, request.answer);
                let positions = positions.map(|(first, last)| (first.pos, last.pos));
                acknowledged.lock().unwrap().insert(request.key.clone(), (positions, answer));
                parts.iter().for_each(|(s, expected, n)| _ = known.insert(*s, expected.unwrap() + *n as u64));
            }
            Outcome::Conflict { actual } => {
                parts.iter().zip(actual).for_each(|((s, ..), version)| _ = known.insert(*s, version));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Appends a request. After an unknown outcome, repeats the request with the same key, as the
/// command bus does.
async fn ask(core: &Core, tenant: TenantId, request: &AppendRequest) -> Option<Outcome> {
    for _ in 0..10 {
        match core.appender.append(tenant, request.clone()).await {
            Ok(outcome) => return Some(outcome),
            Err(error) => assert!(eaf_core::db::is_transient(&error), "{error:?}"),
        }
    }
    None
}

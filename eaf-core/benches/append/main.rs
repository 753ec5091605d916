//! Appends through the host, compared with a raw INSERT and with message-db in the same run.
//!
//! Run by `make bench`, which starts a durable PostgreSQL. Rounds are interleaved and ratios are
//! computed within a round, because the machine varies more than the stores differ. Each append is
//! to a new stream, with 400 bytes of data; ledger, hash chain, row-level security and batching are
//! part of the host's figures.
//!
//! `EAF_BENCH_SYNC_MICROSECONDS=900` delays each commit of all stores by 900 µs, to simulate a
//! slower disk.
//!
//! message-db is compared if `EAF_BENCH_MESSAGE_DB` names a checkout of
//! github.com/message-db/message-db.

mod arrivals;
mod connections;
#[path = "../shared/durable.rs"]
mod durable;
mod history;
mod load;
mod message_db;
mod neighbours;
mod ours;
mod raw;
mod same_stream;
mod stall;
mod tally;
#[path = "../shared/verdict.rs"]
mod verdict;

use eaf_core::testing::Database;
use load::{SLICE, rate};
use message_db::MessageDb;
use ours::Ours;
use raw::Raw;
use verdict::Line;

/// Number of concurrent callers.
const APPENDERS: usize = 64;
const TENANTS: usize = 50;

#[tokio::main]
async fn main() {
    // `cargo bench` passes `--bench`; without it, as in `cargo test --benches`, nothing is
    // measured.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    // Names of figures, such as `-- throughput`, select these alone.
    let named: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |figure: &str| named.is_empty() || named.iter().any(|name| *name == figure);
    let rounds = verdict::rounds();
    let database = Database::fresh().await;
    durable::refuse_unless_durable(&database).await;
    let slowly = sync_slowly(&database).await;
    let ours = Ours::new(&database, TENANTS).await;
    let raw = Raw::new(&database).await;
    let rival = MessageDb::install(&database).await;
    println!("{rounds} rounds of {} s a figure; medians, [quartiles] of the ratio within a round", SLICE.as_secs_f64());

    if wanted("throughput") {
        throughput(&database, &ours, &raw, rival.as_ref(), rounds).await;
    }
    // Keeps vacuum and checkpoint out of the latencies that follow.
    database.run("vacuum analyze").await;
    database.run("checkpoint").await;
    if wanted("arrivals") {
        arrivals::bench(&ours, &raw, rounds).await;
    }
    if wanted("stall") {
        stall::bench(&database, &ours, rounds).await;
    }
    if wanted("neighbours") {
        neighbours::bench(&database, rounds).await;
    }
    if wanted("same-stream") {
        same_stream::bench(&database).await;
    }
    if wanted("history") {
        history::bench(&database).await;
    }
    ours.assert_sound(&database).await;
    if slowly {
        database.run("alter system reset commit_delay").await;
        database.run("alter system reset commit_siblings").await;
    }
}

/// Makes PostgreSQL delay each flush of the WAL if `EAF_BENCH_SYNC_MICROSECONDS` is set; returns
/// whether the variable is set.
async fn sync_slowly(database: &Database) -> bool {
    let Ok(microseconds) = std::env::var("EAF_BENCH_SYNC_MICROSECONDS") else { return false };
    let microseconds: u32 = microseconds.parse().expect("EAF_BENCH_SYNC_MICROSECONDS is a number");
    database.run(&format!("alter system set commit_delay = {microseconds}")).await;
    database.run("alter system set commit_siblings = 0").await;
    database.run("select pg_reload_conf()").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    println!("every commit waits {microseconds} µs before it syncs");
    true
}

async fn throughput(database: &Database, ours: &Ours, raw: &Raw, rival: Option<&MessageDb>, rounds: usize) {
    let mut to_raw = Line::at_least("one tenant, 64 appenders / raw INSERT of 64 rows", 0.4, 0.6);
    let mut to_rival = Line::at_least("one tenant, 64 appenders / message-db, one category, its best", 10.0, 20.0);
    let mut many = Line::at_least("50 tenants, 64 appenders / message-db, 50 categories", 0.9, 1.0);
    let mut pairs = Line::at_least("50 tenants, two streams a command / message-db, two writes", 0.8, 1.0);
    let best = match rival {
        Some(rival) => rival.best_callers().await,
        None => 1,
    };
    // Warms up connections and plans.
    rate(APPENDERS, ours.append(1, 1)).await;
    println!("one tenant's batches: {:.1} requests on average", ours.batch_size(database).await);
    rate(APPENDERS, ours.append(TENANTS, 2)).await;
    let mut whole = Line::at_least("one caller, batches of 64 / raw INSERT of 64 rows (for information)", 0.4, 0.6);
    let mut bound =
        Line::at_least("raw INSERT of 64 events and 64 ledger rows / of 64 rows (for information)", 0.4, 0.6);
    for _ in 0..rounds {
        bound.add(rate(1, raw.insert_with_ledger(64)).await, rate(1, raw.insert(64)).await);
        whole.add(rate(1, ours.batches()).await, rate(1, raw.insert(64)).await);
        let one = rate(APPENDERS, ours.append(1, 1)).await;
        to_raw.add(one, rate(1, raw.insert(64)).await);
        let Some(rival) = rival else { continue };
        to_rival.add(one, rate(best, rival.write(1, 1)).await);
        many.add(rate(APPENDERS, ours.append(TENANTS, 1)).await, rate(APPENDERS, rival.write(TENANTS, 1)).await);
        pairs.add(rate(APPENDERS, ours.append(TENANTS, 2)).await, rate(APPENDERS, rival.write(TENANTS, 2)).await);
    }
    bound.print("events/s");
    whole.print("events/s");
    to_raw.print("events/s");
    match rival {
        Some(_) => [to_rival, many, pairs].iter().for_each(|line| line.print("events/s")),
        None => println!(
            "NOT COMPARED with message-db: fetch https://github.com/message-db/message-db and name it in EAF_BENCH_MESSAGE_DB"
        ),
    }
}

//! Appending through the host, next to a raw INSERT and to message-db, in the same run.
//!
//! Run it by `make bench`, which starts a PostgreSQL with all durability switches on. Rounds are interleaved and each ratio is taken
//! within a round, because such machines are noisier than the difference. Every append goes to a new stream, 400 bytes
//! of payload; ledger, hash chain, row level security and the batching appender are on in every figure of ours.
//!
//! `EAF_BENCH_SYNC_MICROSECONDS=900` makes every commit of everybody wait so much longer, as on a disk that syncs more slowly
//! than the one at hand.
//!
//! message-db is compared when `EAF_BENCH_MESSAGE_DB` names a checkout of github.com/message-db/message-db.

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

/// At one time.
const APPENDERS: usize = 64;
const TENANTS: usize = 50;

#[tokio::main]
async fn main() {
    // cargo passes `--bench`; `cargo test --benches` passes nothing and must not spend minutes.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    // `-- throughput` and the like: that figure alone.
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
    // What a million appends leave to be tidied up shall not fall into what is timed by the call.
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

/// Each flush of the log waits before it syncs, with the lock held under which it does. Answers whether that was asked for.
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
    // Cold connections and cold plans are not what is measured.
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

//! Benchmark of 64 concurrent commands on one stream, each decided on the events of the previous
//! one.

use crate::tally::{self, Tally};
use crate::verdict::quantile;
use eaf_core::command_bus::Answer;
use eaf_core::testing::Database;
use std::time::Instant;

const PEOPLE: usize = 64;
const TIMES: usize = 10;

pub async fn bench(database: &Database) {
    let core = database.core().await;
    let tally = Tally::in_force(database).await;
    let tenant = tally::tenant(&core, "one-stream").await;
    let mut rates = Vec::new();
    for time in 0..TIMES {
        let began = Instant::now();
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..PEOPLE {
            let (core, tally, stream) = (core.clone(), tally.clone(), format!("quota/{time}"));
            asking.spawn(async move { tally::count(&core, &tally, tenant, &stream).await });
        }
        for answer in asking.join_all().await {
            assert!(matches!(answer, Ok(Answer::Accepted { .. })), "VOID: not decided: {answer:?}");
        }
        rates.push(PEOPLE as f64 / began.elapsed().as_secs_f64());
    }
    assert_eq!(database.events(tenant).await as usize, PEOPLE * TIMES, "VOID: one is lost");
    println!("{PEOPLE} commands at once on one stream: all decided, none lost, {:.0} commands/s", quantile(rates, 0.5));
}

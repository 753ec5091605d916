//! Benchmark of a transaction that is left open: readers of the log still see new events of the
//! same tenant and of others.

use crate::ours::Ours;
use crate::verdict::{Line, quantile};
use eaf_core::event_store::read_after;
use eaf_core::testing::Database;
use std::time::Instant;

const READS: usize = 100;

pub async fn bench(database: &Database, ours: &Ours, rounds: usize) {
    let mut line = Line::at_most("append until a reader has it, a transaction open / none open", 1.5, 1.1);
    for _ in 0..rounds {
        let without = until_read(ours).await;
        // The transaction has written, so it holds back the xmin horizon, up to which other event
        // stores read.
        let open = database.hold_transaction_open(ours.tenant(0)).await;
        let with = until_read(ours).await;
        drop(open);
        line.add(quantile(with, 0.95), quantile(without, 0.95));
    }
    line.print("ms p95");
}

async fn until_read(ours: &Ours) -> Vec<f64> {
    let mut took = Vec::new();
    for n in 0..READS {
        let tenant = ours.tenant(n % 2);
        let began = Instant::now();
        let pos = ours.append_to(tenant).await;
        let mut tx = ours.core.db.tenant(tenant).await.expect("a transaction");
        let read = read_after(&mut tx, pos - 1, 10).await.expect("the log can be read");
        assert_eq!(read.first().map(|event| event.position.pos), Some(pos), "VOID: an acknowledged event is not there");
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    took
}

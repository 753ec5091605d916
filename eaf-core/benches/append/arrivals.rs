//! Benchmark of the latency of appends that arrive at a fixed rate, half of the highest rate,
//! whether or not earlier appends have ended.

use crate::load::{arrivals, rate};
use crate::ours::Ours;
use crate::raw::Raw;
use crate::verdict::{Line, quantile};
use crate::{APPENDERS, TENANTS};
use std::time::Duration;

const LASTS: Duration = Duration::from_secs(2);

pub async fn bench(ours: &Ours, raw: &Raw, rounds: usize) {
    let mut line = Line::at_most("50 tenants, open arrivals at half of saturation, p95 / raw INSERT", 4.0, 2.0);
    let half = rate(APPENDERS, ours.append(TENANTS, 1)).await / 2.0;
    println!("half of saturation: {half:.0} appends/s");
    for _ in 0..rounds {
        let append = arrivals(half, LASTS, ours.append(TENANTS, 1)).await;
        let insert = arrivals(half, LASTS, raw.insert(1)).await;
        line.add(quantile(append, 0.95), quantile(insert, 0.95));
    }
    line.print("ms p95");
}

//! Requests that arrive at a fixed rate, whether or not earlier ones are answered.

use crate::verdict::quantile;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Rate of arrivals, per second.
pub const RATE: u32 = 20;

/// Starts `count` requests at [`RATE`] and prints the quantiles of their times and the limit of the
/// 95th percentile, in ms. A time begins at the planned arrival.
pub async fn measure<F>(what: &str, count: usize, limit: f64, mut request: impl FnMut(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut clock = interval(Duration::from_secs(1) / RATE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    for number in 0..count {
        let planned = clock.tick().await.into_std();
        let request = request(number);
        running.spawn(async move {
            request.await;
            Instant::now().duration_since(planned).as_secs_f64() * 1e3
        });
    }
    let times = running.join_all().await;
    let (middle, p95) = (quantile(times.clone(), 0.5), quantile(times, 0.95));
    let verdict = if p95 < limit { "held" } else { "FAILED" };
    println!("{what:58} median {middle:>6.1} ms   p95 {p95:>6.1} ms   limit {limit:.0} ms: {verdict}");
}

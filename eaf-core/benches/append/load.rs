//! Load generators of the benchmark: callers that call in a loop, and calls that start at a fixed
//! rate.

use std::future::Future;
use std::time::{Duration, Instant};

pub const SLICE: Duration = Duration::from_secs(3);

/// Measures the events per second of `callers` that call in a loop; each call returns its number of
/// events.
pub async fn rate<F: Future<Output = usize> + Send + 'static>(
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

/// Starts calls at a fixed rate, whether or not earlier calls have returned; returns the latencies
/// in milliseconds.
pub async fn arrivals<F: Future<Output = usize> + Send + 'static>(
    per_second: f64,
    lasts: Duration,
    call: impl Fn() -> F,
) -> Vec<f64> {
    let (began, mut running, mut n) = (Instant::now(), tokio::task::JoinSet::new(), 0u32);
    while began.elapsed() < lasts {
        let due = began + Duration::from_secs_f64(f64::from(n) / per_second);
        // The timer's resolution is a millisecond: calls that became due meanwhile start together.
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let answered = call();
        running.spawn(async move {
            answered.await;
            due.elapsed().as_secs_f64() * 1000.0
        });
        n += 1;
    }
    running.join_all().await
}

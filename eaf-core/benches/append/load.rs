//! Callers that call again as soon as they are answered, and calls that come by themselves.

use std::future::Future;
use std::time::{Duration, Instant};

pub const SLICE: Duration = Duration::from_secs(3);

/// What the calls of `callers` came to per second; each call answers how many events it was.
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

/// Calls that come `per_second` whether the earlier ones are answered or not; how long each took, in milliseconds.
pub async fn arrivals<F: Future<Output = usize> + Send + 'static>(
    per_second: f64,
    lasts: Duration,
    call: impl Fn() -> F,
) -> Vec<f64> {
    let (began, mut running, mut n) = (Instant::now(), tokio::task::JoinSet::new(), 0u32);
    while began.elapsed() < lasts {
        let due = began + Duration::from_secs_f64(f64::from(n) / per_second);
        // The timer's grain is a millisecond: those that are due meanwhile go together.
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

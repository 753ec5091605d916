//! The first contact with a server that a tenant admin named.
//!
//! What does not answer as it should is not told apart: refused, silent, filtered and something else altogether would
//! make the test of a connection a scanner of networks that the admin cannot see. The time until the answer would tell
//! them apart as well, so that it is the same.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// A server that is reached has greeted within this time.
pub const CONTACT: Duration = Duration::from_secs(15);

/// The contact's outcome, within `limit`. One that `is_hidden` takes as long as the slowest.
pub async fn first<T, E>(
    limit: Duration,
    contact: impl Future<Output = Result<T, E>>,
    too_slow: impl FnOnce() -> E,
    is_hidden: impl FnOnce(&E) -> bool,
) -> Result<T, E> {
    let over = Instant::now() + limit;
    let outcome = timeout_at(over, contact).await.unwrap_or_else(|_| Err(too_slow()));
    if outcome.as_ref().err().is_some_and(is_hidden) {
        sleep_until(over).await;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_reached_takes_as_long_as_what_is_silent() {
        let limit = Duration::from_millis(200);
        let refused = async { Err::<(), _>("refused") };
        let silent = std::future::pending::<Result<(), &str>>();
        let began = Instant::now();
        assert_eq!(first(limit, refused, || "late", |_| true).await, Err("refused"));
        assert!(began.elapsed() >= limit);
        assert_eq!(first(limit, silent, || "late", |_| true).await, Err("late"));
        let shown = first(Duration::from_secs(3_600), async { Err::<(), _>("shown") }, || "late", |_| false);
        assert_eq!(shown.await, Err("shown"));
    }
}

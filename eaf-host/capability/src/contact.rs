//! First contact with a server that a tenant admin named.
//!
//! Failures of the contact look alike: a distinction between refused, silent, filtered and another
//! protocol would make the test of a connection a scanner of networks that the admin cannot see.
//! They also take the same time, which would reveal the distinction as well.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Time within which a server must have sent its greeting.
pub const CONTACT_TIMEOUT: Duration = Duration::from_secs(15);

/// Runs the contact within `limit`. An error that `is_hidden` is returned only at the limit.
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
    async fn an_unreachable_server_takes_as_long_as_a_silent_one() {
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

//! First contact with a server that a tenant admin named in a connection.
//!
//! All failures of the contact look alike: no server, a silent server, a firewall and a server of
//! another kind. Otherwise the test of a connection could scan networks that the admin cannot see.
//! All failures also take the same time, because a difference in time would reveal the cause.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Default time-out of the first contact with a server in a connection test.
pub const CONTACT_TIMEOUT: Duration = Duration::from_secs(15);

/// Runs the first contact with a server for at most `limit`. An error that `is_hidden` selects is
/// returned only when `limit` has elapsed, so that the time reveals nothing about the server.
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

//! First contact with a server that a tenant admin named.
//!
//! All failures of a contact look alike: if a refused, a silent and a filtered connection and
//! another protocol were distinguished, the test of a connection would be a scanner of networks
//! that the admin cannot see. All failures also take the same time, since a difference would reveal
//! the cause.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Time-out of the first contact with a server.
pub const CONTACT_TIMEOUT: Duration = Duration::from_secs(15);

/// Runs the contact within `limit`. An error for which `is_hidden` holds is returned only at the
/// limit, so that the time reveals nothing.
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

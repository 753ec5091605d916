//! PostgreSQL after a failover: for a while the host is connected to a read-only server.

use super::{TestHost, note};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(30);
const READINESS: &str = "/actuator/health";

#[tokio::test]
async fn a_read_only_database_is_an_outage_that_ends_without_a_restart() {
    let host = TestHost::new().await;
    host.note("requester@acme", "before").await;
    let write = async || host.give("requester@acme", "write-note", note("wish"), &[("idempotency-key", "k-1")]).await;

    host.database.read_only(true).await;
    host.database.end_sessions().await;
    for round in 0..10 {
        for answer in [write().await, host.get("requester@acme", "/api/notes/views/notes").await] {
            assert_eq!((answer.status.as_u16(), answer.code()), (503, "database-unavailable"), "round {round}");
            assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
        }
        assert_eq!(host.get("requester@acme", READINESS).await.status, 503, "round {round}");
    }

    host.database.read_only(false).await;
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let answer = write().await;
        if answer.status == 202 {
            break;
        }
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "database-unavailable"), "{}", answer.text);
        assert!(Instant::now() < deadline, "it does not heal");
    }
    while host.get("requester@acme", READINESS).await.status != 200 {
        assert!(Instant::now() < deadline, "it does not become ready");
    }
}

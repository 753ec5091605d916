//! PostgreSQL after a failover: for a while the host is connected to a server that only reads.

use super::{House, note};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const READINESS: &str = "/actuator/health/readiness";

#[tokio::test]
async fn a_database_that_only_reads_is_told_as_an_outage_and_heals_without_a_restart() {
    let house = House::new().await;
    house.note("requester@acme", "before").await;
    let write = async || house.give("requester@acme", "write-note", note("wish"), &[("idempotency-key", "k-1")]).await;

    house.database.read_only(true).await;
    house.database.end_sessions().await;
    for round in 0..10 {
        for answer in [write().await, house.get("requester@acme", "/api/notes/views/notes").await] {
            assert_eq!((answer.status.as_u16(), answer.code()), (503, "database-unavailable"), "round {round}");
            assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
        }
        assert_eq!(house.get("requester@acme", READINESS).await.status, 503, "round {round}");
    }

    house.database.read_only(false).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = write().await;
        if answer.status == 202 {
            break;
        }
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "database-unavailable"), "{}", answer.text);
        assert!(Instant::now() < deadline, "it does not heal");
    }
    while house.get("requester@acme", READINESS).await.status != 200 {
        assert!(Instant::now() < deadline, "it does not become ready");
    }
}

//! Test of a failover that leaves the host connected to a read-only server.

use crate::append::{request, stream};
use eaf_core::db::{self, is_transient};
use eaf_core::directory;
use eaf_core::testing::Database;
use std::time::{Duration, Instant};

/// Maximum wait, longer than closing all connections takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_is_an_outage_and_its_connections_are_closed() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    core.appender.append(tenant, request(&[(stream(), Some(0), 1)])).await.unwrap();

    database.read_only(true).await;
    database.end_sessions().await;
    let wanted = request(&[(stream(), Some(0), 1)]);
    // Fills each pool with connections to the read-only server.
    for round in 0..20 {
        let refused = core.appender.append(tenant, wanted.clone()).await.expect_err("nothing can be written");
        assert!(is_transient(&refused), "round {round}: {refused:?}");
        let refused = core.db.tenant(tenant).await.err().expect("what is read may be out of date");
        assert!(is_transient(&refused), "round {round}: {refused:?}");
        let refused =
            directory::add_tenant(&core.db, &core.by, "globex", "Globex").await.expect_err("nothing can be written");
        assert!(is_transient(&refused), "round {round}: {refused:?}");
        let refused = db::ready(&core.db).await.expect_err("it is not ready");
        assert!(is_transient(&refused), "round {round}: {refused:?}");
    }

    // The server keeps the sessions: the pools must detect that they are read-only.
    database.read_only(false).await;
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = core.appender.append(tenant, wanted.clone()).await {
        assert!(is_transient(&error) && Instant::now() < deadline, "{error:?}");
    }
    while let Err(error) = core.db.tenant(tenant).await.map(drop) {
        assert!(is_transient(&error) && Instant::now() < deadline, "{error:?}");
    }
    while let Err(error) = directory::add_tenant(&core.db, &core.by, "globex", "Globex").await {
        assert!(is_transient(&error) && Instant::now() < deadline, "{error:?}");
    }
    while let Err(error) = db::ready(&core.db).await {
        assert!(is_transient(&error) && Instant::now() < deadline, "{error:?}");
    }
    assert_eq!(database.events(tenant).await, 2, "the append that was repeated with its key happened once");
}

//! Tests of the doorbell, within a process and between two hosts.

use eaf_core::doorbell::Ring;
use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_ring_reaches_this_process_and_other_hosts() {
    let database = Database::fresh().await;
    let (here, there) = (database.core().await, database.core().await);
    let (mut near, mut far) = (here.doorbell.subscribe(), there.doorbell.subscribe());
    let tenant = TenantId::derive("acme");
    here.doorbell.ring(tenant, 7);
    assert_eq!(near.recv().await.unwrap(), Ring { tenant, pos: 7 });
    // The other host may still be connecting: rings until it is notified.
    let heard = async {
        loop {
            match tokio::time::timeout(Duration::from_millis(200), far.recv()).await {
                Ok(ring) => return ring.unwrap(),
                Err(_) => here.doorbell.ring(tenant, 7),
            }
        }
    };
    let heard = tokio::time::timeout(PATIENCE, heard).await.expect("the other host heard nothing");
    assert_eq!(heard, Ring { tenant, pos: 7 });
}

#[tokio::test]
async fn an_append_rings_the_doorbell() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let mut rings = core.doorbell.subscribe();
    let tenant = eaf_core::directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let request = crate::append::request(&[(crate::append::stream(), Some(0), 2)]);
    core.appender.append(tenant, request).await.unwrap();
    assert_eq!(rings.recv().await.unwrap(), Ring { tenant, pos: 2 });
}

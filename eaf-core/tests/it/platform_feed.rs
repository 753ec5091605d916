//! Tests of the platform feed, which gives each position of each tenant once, also to an
//! interrupted follower.

use crate::append::{request, stream};
use eaf_core::directory;
use eaf_core::id::TenantId;
use eaf_core::live::{Appended, PlatformFeed, Vector};
use eaf_core::testing::Database;
use std::collections::BTreeMap;

const TENANTS: usize = 4;
const EACH: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_follower_gets_each_position_once() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let mut tenants = Vec::new();
    for n in 0..TENANTS {
        tenants.push(directory::add_tenant(&core.db, &core.by, &format!("t{n}"), "T").await.unwrap());
    }
    let appending: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            let (core, tenant) = (core.clone(), *tenant);
            tokio::spawn(async move {
                for _ in 0..EACH {
                    core.appender.append(tenant, request(&[(stream(), Some(0), 1)])).await.unwrap();
                }
            })
        })
        .collect();
    let (mut heard, mut kept): (BTreeMap<TenantId, Vec<u64>>, String) = (BTreeMap::new(), "{}".into());
    while heard.values().map(Vec::len).sum::<usize>() < TENANTS * EACH as usize {
        // Each poll uses a new follower, which resumes from the stored vector.
        let vector: Vector = serde_json::from_str(&kept).unwrap();
        let mut feed = PlatformFeed::after(&core.db, &core.doorbell, vector);
        for Appended { tenant, first, last, restored } in feed.next().await.unwrap() {
            assert!(!restored);
            heard.entry(tenant).or_default().extend(first.pos..=last.pos);
        }
        kept = serde_json::to_string(feed.vector()).unwrap();
    }
    for appending in appending {
        appending.await.unwrap();
    }
    let expected: Vec<u64> = (1..=EACH).collect();
    assert!(tenants.iter().all(|tenant| heard[tenant] == expected), "{heard:?}");
}

#[tokio::test]
async fn a_restored_log_is_reported_from_its_first_position() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    core.appender.append(tenant, request(&[(stream(), Some(0), 3)])).await.unwrap();
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    assert_eq!(feed.next().await.unwrap().len(), 1);
    assert_eq!(feed.poll().await.unwrap(), []);
    database.run("update eaf.log_epoch set epoch = 2").await;
    let again = feed.poll().await.unwrap();
    assert_eq!(
        (again[0].first.to_string(), again[0].last.to_string(), again[0].restored),
        ("2-1".into(), "2-3".into(), true)
    );
    assert_eq!(feed.poll().await.unwrap(), []);
}

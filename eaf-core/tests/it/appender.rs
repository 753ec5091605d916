//! Tests of the appender: waiting requests share a statement, and each request gets the result that
//! it would get in a statement of its own.

use crate::append::{request, stream};
use crate::chain::verify;
use eaf_core::Core;
use eaf_core::directory;
use eaf_core::event_store::{AppendRequest, Error, Outcome, PendingEvent, append_batch};
use eaf_core::id::{EventId, TenantId};
use eaf_core::testing::{Database, ambient};
use std::collections::BTreeSet;

async fn house() -> (Database, Core, TenantId) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    (database, core, tenant)
}

/// Appends all requests concurrently, and returns the answers in the order of the requests.
async fn all(core: &Core, tenant: TenantId, requests: Vec<AppendRequest>) -> Vec<Result<Outcome, Error>> {
    let asking: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let appender = core.appender.clone();
            tokio::spawn(async move { appender.append(tenant, request).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for asked in asking {
        outcomes.push(asked.await.unwrap());
    }
    outcomes
}

/// Appends all requests while the test holds the lane lock, so that the requests wait and share
/// batches.
async fn held_up(
    database: &Database,
    core: &Core,
    tenant: TenantId,
    requests: Vec<AppendRequest>,
) -> Vec<Result<Outcome, Error>> {
    let held = database.lock_appends(tenant).await;
    let release = async {
        while database.waiting_to_append().await == 0 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    tokio::join!(all(core, tenant, requests), release).0
}

fn positions(outcomes: &[Result<Outcome, Error>]) -> BTreeSet<u64> {
    let last = |outcome: &Result<Outcome, Error>| match outcome {
        Ok(Outcome::Ok { positions: Some((_, last)) }) => last.pos,
        other => panic!("{other:?}"),
    };
    outcomes.iter().map(last).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_requests_share_batches_and_each_gets_its_own_position() {
    let (database, core, tenant) = house().await;
    let requests = (0..100).map(|_| request(&[(stream(), Some(0), 1)])).collect();
    let outcomes = held_up(&database, &core, tenant, requests).await;
    assert_eq!(positions(&outcomes), (1..=100).collect());
    assert_eq!(verify(&database, tenant).await, 100);
    // Each batch has one time: the first request is alone, the others are two or three batches.
    let query = "select count(distinct at) from eaf.event";
    let batches: i64 = sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap();
    assert!((2..=20).contains(&batches), "{batches} batches");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_on_one_stream_win_one_version_each() {
    let (database, core, tenant) = house().await;
    let shared = stream();
    let outcomes = all(&core, tenant, (0..64).map(|_| request(&[(shared, Some(0), 1)])).collect()).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Ok { .. }))).count();
    let lost =
        outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Conflict { actual }) if *actual == [1])).count();
    assert_eq!((won, lost), (1, 63), "{outcomes:?}");
    assert_eq!(verify(&database, tenant).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_used_twice_at_once_is_recorded_once() {
    let (database, core, tenant) = house().await;
    let twice = request(&[(stream(), Some(0), 1)]);
    let outcomes = all(&core, tenant, vec![twice.clone(), twice.clone(), twice]).await;
    let first = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Ok { .. }))).count();
    let again = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Duplicate { .. }))).count();
    assert_eq!((first, again), (1, 2), "{outcomes:?}");
    assert_eq!(verify(&database, tenant).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_postgresql_rejects_affects_no_other() {
    let (database, core, tenant) = house().await;
    // PostgreSQL rejects the whole statement for the null character.
    let mut poison = request(&[(stream(), Some(0), 1)]);
    poison.events =
        vec![PendingEvent { kind: "test.\0".into(), id: EventId(ambient().uuid()), ..poison.events[0].clone() }];
    let mut requests: Vec<_> = (0..20).map(|_| request(&[(stream(), Some(0), 1)])).collect();
    requests.insert(10, poison);
    let mut outcomes = held_up(&database, &core, tenant, requests).await;
    assert!(matches!(outcomes.remove(10), Err(Error::Append(_))));
    assert_eq!(positions(&outcomes), (1..=20).collect());
    assert_eq!(verify(&database, tenant).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_caller_affects_no_other_request() {
    let (database, core, tenant) = house().await;
    let held = database.lock_appends(tenant).await;
    let ask = |request: AppendRequest| {
        let appender = core.appender.clone();
        tokio::spawn(async move { appender.append(tenant, request).await })
    };
    let gone = ask(request(&[(stream(), Some(0), 1)]));
    while database.waiting_to_append().await == 0 {
        tokio::task::yield_now().await;
    }
    let stays = ask(request(&[(stream(), Some(0), 1)]));
    gone.abort();
    let _ = gone.await;
    drop(held);
    assert!(matches!(stays.await.unwrap(), Ok(Outcome::Ok { .. })));
    assert_eq!(verify(&database, tenant).await, 2, "requests in flight are recorded");
}

#[tokio::test]
async fn an_append_for_an_unknown_tenant_records_nothing() {
    let (database, core, _) = house().await;
    let nobody = TenantId(ambient().uuid());
    let refused = core.appender.append(nobody, request(&[(stream(), Some(0), 1)])).await;
    assert!(matches!(refused, Err(Error::NoTenant)), "{refused:?}");
    assert_eq!(database.events(nobody).await, 0);
}

#[tokio::test]
async fn a_batch_answers_each_of_its_requests() {
    let (_database, core, tenant) = house().await;
    let (a, b) = (request(&[(stream(), Some(0), 1)]), request(&[(stream(), Some(0), 0)]));
    let outcomes = append_batch(&core.db, tenant, &[&a, &b, &a]).await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Ok { positions: Some(_) }));
    assert_eq!(outcomes[1..], [Outcome::Ok { positions: None }, Outcome::Retry]);
}

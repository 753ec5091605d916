//! The appender: requests that wait together are one statement, and nobody notices.

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

/// All at once; answers in the order of asking.
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

/// All at once while the log is held, so that they wait together.
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
async fn what_waits_together_is_recorded_together_and_each_hears_its_own_position() {
    let (database, core, tenant) = house().await;
    let requests = (0..100).map(|_| request(&[(stream(), Some(0), 1)])).collect();
    let outcomes = held_up(&database, &core, tenant, requests).await;
    assert_eq!(positions(&outcomes), (1..=100).collect());
    assert_eq!(verify(&database, tenant).await, 100);
    // The first went alone; the others shared the database's clock in two or three batches.
    let query = "select count(distinct at) from eaf.event";
    let batches: i64 = sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap();
    assert!((2..=20).contains(&batches), "{batches} batches");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_on_one_stream_each_is_answered_and_one_wins_each_version() {
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
async fn the_same_key_twice_at_once_is_recorded_once() {
    let (database, core, tenant) = house().await;
    let twice = request(&[(stream(), Some(0), 1)]);
    let outcomes = all(&core, tenant, vec![twice.clone(), twice.clone(), twice]).await;
    let first = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Ok { .. }))).count();
    let again = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Duplicate { .. }))).count();
    assert_eq!((first, again), (1, 2), "{outcomes:?}");
    assert_eq!(verify(&database, tenant).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_database_cannot_take_spoils_nothing_for_the_others() {
    let (database, core, tenant) = house().await;
    // A null character in the type: PostgreSQL refuses the whole statement.
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
async fn a_caller_that_goes_away_takes_nothing_from_the_others() {
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
    assert_eq!(verify(&database, tenant).await, 2, "what was under way is recorded");
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_gets_no_log() {
    let (database, core, _) = house().await;
    let nobody = TenantId(ambient().uuid());
    let refused = core.appender.append(nobody, request(&[(stream(), Some(0), 1)])).await;
    assert!(matches!(refused, Err(Error::NoTenant)), "{refused:?}");
    assert_eq!(database.events(nobody).await, 0);
}

#[tokio::test]
async fn a_batch_of_several_is_one_answer_each() {
    let (_database, core, tenant) = house().await;
    let (a, b) = (request(&[(stream(), Some(0), 1)]), request(&[(stream(), Some(0), 0)]));
    let outcomes = append_batch(&core.db, tenant, &[&a, &b, &a]).await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Ok { positions: Some(_) }));
    assert_eq!(outcomes[1..], [Outcome::Ok { positions: None }, Outcome::Retry]);
}

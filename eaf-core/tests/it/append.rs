//! Tests of `eaf.append`: each request has one outcome, and is recorded as a whole or not at all.

use crate::chain::verify;
use eaf_core::Core;
use eaf_core::event_store::{AppendRequest, Fence, Outcome, PendingEvent, Position, StreamWrite, append_batch};
use eaf_core::id::{ActorId, EventId, StreamId, TenantId};
use eaf_core::testing::{Database, ambient};
use uuid::Uuid;

const ACTOR: ActorId = ActorId(Uuid::from_u128(1));

pub fn stream() -> StreamId {
    StreamId(ambient().uuid())
}

async fn tenant(core: &Core) -> TenantId {
    let slug = format!("t-{}", ambient().uuid().simple());
    eaf_core::directory::add_tenant(&core.db, &core.by, &slug[..30], "Some tenant").await.unwrap()
}

/// Append request that writes to these streams, each with its expected version and its number of
/// events.
pub fn request(streams: &[(StreamId, Option<u64>, usize)]) -> AppendRequest {
    let event = |index: usize| PendingEvent {
        stream: index,
        id: EventId(ambient().uuid()),
        kind: "test.happened".into(),
        schema: 1,
        data: b"{}".to_vec(),
        meta: b"{}".to_vec(),
    };
    AppendRequest {
        actor: ACTOR,
        key: ambient().uuid().to_string(),
        fingerprint: [1; 32],
        answer: b"done".to_vec(),
        fence: None,
        streams: streams
            .iter()
            .map(|(stream, expected, _)| StreamWrite { stream: *stream, expected: *expected })
            .collect(),
        events: streams
            .iter()
            .enumerate()
            .flat_map(|(index, (_, _, count))| (0..*count).map(move |_| event(index)))
            .collect(),
    }
}

/// Append request with one event on a new stream.
fn simple() -> AppendRequest {
    request(&[(stream(), Some(0), 1)])
}

fn ok(first: u64, last: u64) -> Outcome {
    let position = |pos| Position { epoch: 1, pos };
    Outcome::Ok { positions: Some((position(first), position(last))) }
}

const RECORDED: Outcome = Outcome::Ok { positions: None };

async fn put(core: &Core, tenant: TenantId, requests: &[&AppendRequest]) -> Vec<Outcome> {
    append_batch(&core.db, tenant, requests).await.unwrap()
}

async fn ledger(database: &Database, tenant: TenantId) -> i64 {
    let mut root = database.superuser().await;
    let query = sqlx::query_scalar("select count(*) from eaf.ledger where tenant_id = $1").bind(tenant);
    query.fetch_one(&mut root).await.unwrap()
}

#[tokio::test]
async fn positions_are_gap_free_across_both_append_functions() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (t, s) = (tenant(&core).await, stream());
    assert_eq!(put(&core, t, &[&simple()]).await, [ok(1, 1)]);
    assert_eq!(put(&core, t, &[&request(&[(s, Some(0), 2)]), &simple()]).await, [ok(2, 3), ok(4, 4)]);
    assert_eq!(put(&core, t, &[&request(&[(s, Some(2), 1)])]).await, [ok(5, 5)]);
    assert_eq!(put(&core, t, &[&request(&[(s, None, 1)])]).await, [ok(6, 6)]);
    assert_eq!(put(&core, t, &[]).await, []);
    assert_eq!((verify(&database, t).await, ledger(&database, t).await), (6, 5));
}

#[tokio::test]
async fn a_conflict_returns_the_actual_versions_and_records_nothing() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (t, a, b) = (tenant(&core).await, stream(), stream());
    put(&core, t, &[&request(&[(a, Some(0), 2), (b, Some(0), 1)])]).await;
    let stale = request(&[(a, Some(1), 1)]);
    assert_eq!(put(&core, t, &[&stale]).await, [Outcome::Conflict { actual: vec![2] }]);
    let half = request(&[(b, Some(1), 1), (a, Some(0), 1)]);
    assert_eq!(put(&core, t, &[&half]).await, [Outcome::Conflict { actual: vec![1, 2] }]);
    assert_eq!((verify(&database, t).await, ledger(&database, t).await), (3, 1));
}

#[tokio::test]
async fn a_failed_request_records_nothing_and_affects_no_other_of_its_batch() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (t, a, b) = (tenant(&core).await, stream(), stream());
    put(&core, t, &[&request(&[(a, Some(0), 1)])]).await;
    let torn = request(&[(b, Some(0), 2), (a, Some(0), 1)]);
    let outcomes = put(&core, t, &[&simple(), &torn, &request(&[(stream(), Some(0), 2)])]).await;
    assert_eq!(outcomes, [ok(2, 2), Outcome::Conflict { actual: vec![0, 1] }, ok(3, 4)]);
    let mut tx = core.db.tenant(t).await.unwrap();
    assert!(eaf_core::event_store::read_stream(&mut tx, b, 10).await.unwrap().is_empty());
    assert_eq!((verify(&database, t).await, ledger(&database, t).await), (4, 3));
}

#[tokio::test]
async fn a_rejection_is_recorded_only_if_its_guards_hold() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (t, a) = (tenant(&core).await, stream());
    put(&core, t, &[&request(&[(a, Some(0), 1)])]).await;
    let no = AppendRequest { answer: b"no: quota".to_vec(), ..request(&[(a, Some(1), 0)]) };
    assert_eq!(put(&core, t, &[&no]).await, [RECORDED]);
    let again = Outcome::Duplicate { answer: b"no: quota".to_vec(), positions: None };
    assert_eq!(put(&core, t, &[&no]).await, [again]);
    let stale = request(&[(a, Some(0), 0)]);
    assert_eq!(put(&core, t, &[&stale]).await, [Outcome::Conflict { actual: vec![1] }]);
    assert_eq!(put(&core, t, &[&request(&[])]).await, [RECORDED]);
    // A guard also applies to events on other streams, and requests of a batch may share it.
    let stale = request(&[(a, Some(0), 0), (stream(), Some(0), 1)]);
    assert_eq!(put(&core, t, &[&stale]).await, [Outcome::Conflict { actual: vec![1, 0] }]);
    let shared: Vec<_> = (0..3).map(|_| request(&[(a, Some(1), 0), (stream(), Some(0), 1)])).collect();
    assert_eq!(put(&core, t, &shared.iter().collect::<Vec<_>>()).await, [ok(2, 2), ok(3, 3), ok(4, 4)]);
    assert_eq!((verify(&database, t).await, ledger(&database, t).await), (4, 6));
}

#[tokio::test]
async fn an_idempotency_key_repeats_its_answer_per_actor_and_tenant() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let t = tenant(&core).await;
    let first = AppendRequest { answer: b"first".to_vec(), ..simple() };
    put(&core, t, &[&first]).await;
    let again = AppendRequest { answer: b"second".to_vec(), ..first.clone() };
    let other = AppendRequest { fingerprint: [2; 32], ..first.clone() };
    let position = Position { epoch: 1, pos: 1 };
    let duplicate = Outcome::Duplicate { answer: b"first".to_vec(), positions: Some((position, position)) };
    assert_eq!(put(&core, t, &[&again]).await, std::slice::from_ref(&duplicate));
    assert_eq!(put(&core, t, &[&other]).await, [Outcome::KeyReused]);
    let mixed = put(&core, t, &[&simple(), &again, &simple(), &other]).await;
    assert_eq!(mixed, [ok(2, 2), duplicate, ok(3, 3), Outcome::KeyReused]);
    let theirs = AppendRequest { key: first.key.clone(), actor: ActorId(ambient().uuid()), ..simple() };
    assert_eq!(put(&core, t, &[&theirs]).await, [ok(4, 4)]);
    let elsewhere = AppendRequest { key: first.key, ..simple() };
    assert_eq!(put(&core, tenant(&core).await, &[&elsewhere]).await, [ok(1, 1)]);
    assert_eq!(verify(&database, t).await, 4);
}

#[tokio::test]
async fn a_repeated_stream_or_key_in_a_batch_is_deferred_to_the_next() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let (t, s) = (tenant(&core).await, stream());
    let writes = || request(&[(s, Some(0), 1)]);
    assert_eq!(put(&core, t, &[&writes(), &writes(), &simple()]).await, [ok(1, 1), Outcome::Retry, ok(2, 2)]);
    let keyed = || AppendRequest { key: "k".into(), ..simple() };
    assert_eq!(put(&core, t, &[&keyed(), &keyed()]).await, [ok(3, 3), Outcome::Retry]);
    let g = stream();
    let guards = || request(&[(g, Some(0), 0)]);
    let writes = request(&[(g, Some(0), 1)]);
    assert_eq!(put(&core, t, &[&guards(), &writes, &guards()]).await, [RECORDED, Outcome::Retry, Outcome::Retry]);
    let twice = request(&[(g, Some(0), 0), (g, Some(0), 1)]);
    assert_eq!(put(&core, t, &[&twice, &simple()]).await, [Outcome::Invalid, ok(4, 4)]);
    assert_eq!(put(&core, t, &[&twice]).await, [Outcome::Invalid], "alone as well");
    assert_eq!(verify(&database, t).await, 4);
}

#[tokio::test]
async fn an_invalid_request_affects_no_other() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let t = tenant(&core).await;
    let long = AppendRequest { key: "x".repeat(201), ..simple() };
    let nameless = AppendRequest { key: String::new(), ..simple() };
    // The index refers to a stream of the next request.
    let mut stray = simple();
    stray.events[0].stream = 1;
    let unlike = AppendRequest { fence: Some(Fence { plugin: "nobody".into(), generation: 1 }), ..simple() };
    assert_eq!(put(&core, t, &[&unlike]).await, [Outcome::Fenced]);
    for (round, bad) in [long, nameless, stray].iter().enumerate() {
        let next = round as u64 * 2 + 1;
        assert_eq!(put(&core, t, &[bad]).await, [Outcome::Invalid]);
        let outcomes = put(&core, t, &[&simple(), bad, &simple()]).await;
        assert_eq!(outcomes, [ok(next, next), Outcome::Invalid, ok(next + 1, next + 1)]);
    }
    assert_eq!((verify(&database, t).await, ledger(&database, t).await), (6, 6));
}

#[tokio::test]
async fn only_the_active_generation_can_append() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let t = tenant(&core).await;
    let fenced = |generation| {
        let fence = Some(Fence { plugin: "dcm".into(), generation });
        AppendRequest { fence, ..simple() }
    };
    assert_eq!(put(&core, t, &[&fenced(1)]).await, [Outcome::Fenced], "no generation is active");
    let first = fenced(1);
    activate(&database, "dcm", 1).await;
    assert_eq!(put(&core, t, &[&first]).await, [ok(1, 1)]);
    activate(&database, "dcm", 2).await;
    assert_eq!(put(&core, t, &[&fenced(1), &fenced(2), &simple()]).await, [Outcome::Fenced, ok(2, 2), ok(3, 3)]);
    assert_eq!(put(&core, t, &[&fenced(1)]).await, [Outcome::Fenced]);
    // Recorded answers remain.
    assert!(matches!(put(&core, t, &[&first]).await[..], [Outcome::Duplicate { .. }]));
    assert_eq!(verify(&database, t).await, 3);
}

#[tokio::test]
async fn an_activation_waits_for_appends_of_the_old_generation() {
    let database = Database::fresh().await;
    activate(&database, "dcm", 1).await;
    let mut appender = database.superuser().await;
    // Takes the lock of eaf.append and does not commit.
    sqlx::raw_sql("begin; select pg_advisory_xact_lock_shared(eaf.generation_lock('dcm'))")
        .execute(&mut appender)
        .await
        .unwrap();
    let mut platform = database.as_role("eaf_platform").await;
    sqlx::raw_sql("set lock_timeout = '100ms'").execute(&mut platform).await.unwrap();
    let early = sqlx::query("select eaf.activate('dcm', 2, 'digest')").execute(&mut platform).await;
    assert_eq!(early.unwrap_err().into_database_error().unwrap().code().as_deref(), Some("55P03"));
    sqlx::raw_sql("commit").execute(&mut appender).await.unwrap();
    sqlx::query("select eaf.activate('dcm', 2, 'digest')").execute(&mut platform).await.unwrap();
}

pub async fn activate(database: &Database, plugin: &str, generation: i64) {
    let mut platform = database.as_role("eaf_platform").await;
    let query = sqlx::query("select eaf.activate($1, $2, 'digest')").bind(plugin).bind(generation);
    query.execute(&mut platform).await.unwrap();
}

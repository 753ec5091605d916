//! Tests of `eaf.append_plain`: simple requests of one tenant or several are recorded in one
//! commit. Other requests are deferred, and nothing of them is recorded.

use crate::append::{activate, request, stream};
use crate::chain::verify;
use eaf_core::Core;
use eaf_core::db::is_transient;
use eaf_core::directory;
use eaf_core::event_store::{
    AppendRequest, Error, Fence, Outcome, PendingEvent, Position, append_batch, append_plain_for_tests,
};
use eaf_core::id::TenantId;
use eaf_core::testing::{Database, ambient};
use sqlx::AssertSqlSafe;

/// Creates a database with this number of tenants, each with one event.
async fn house(tenants: usize) -> (Database, Core, Vec<TenantId>) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let mut added = Vec::new();
    for n in 0..tenants {
        let tenant = directory::add_tenant(&core.db, &core.by, &format!("t-{n}"), "Some tenant").await.unwrap();
        append_batch(&core.db, tenant, &[&simple()]).await.unwrap();
        added.push(tenant);
    }
    (database, core, added)
}

/// Append request with one event on a new stream.
fn simple() -> AppendRequest {
    request(&[(stream(), Some(0), 1)])
}

fn ok(first: u64, last: u64) -> Option<Outcome> {
    let position = |pos| Position { epoch: 1, pos };
    Some(Outcome::Ok { positions: Some((position(first), position(last))) })
}

const RECORDED: Option<Outcome> = Some(Outcome::Ok { positions: None });

async fn together(core: &Core, requests: &[(TenantId, &AppendRequest)]) -> Vec<Option<Outcome>> {
    append_plain_for_tests(&core.db, requests).await.unwrap()
}

#[tokio::test]
async fn each_request_is_recorded_in_its_own_log_as_eaf_append_does() {
    let (database, core, t) = house(3).await;
    let (a, b) = (stream(), stream());
    let first = request(&[(a, Some(0), 2)]);
    let second = request(&[(b, Some(0), 1), (stream(), Some(0), 2)]);
    let no = request(&[(stream(), Some(0), 0)]);
    let guarded = request(&[(a, Some(2), 1), (b, Some(1), 0)]);
    let outcomes = together(&core, &[(t[0], &first), (t[0], &second), (t[1], &simple()), (t[2], &no)]).await;
    assert_eq!(outcomes, [ok(2, 3), ok(4, 6), ok(2, 2), RECORDED]);
    assert_eq!(together(&core, &[(t[1], &simple()), (t[0], &guarded)]).await, [ok(3, 3), ok(7, 7)]);
    for (tenant, events) in [(t[0], 7), (t[1], 3), (t[2], 1)] {
        assert_eq!(verify(&database, tenant).await, events);
    }
    // Retries get the same positions from the ledger.
    for (tenant, request, answer) in [(t[0], &second, ok(4, 6)), (t[2], &no, RECORDED)] {
        let Some(Outcome::Ok { positions }) = answer else { panic!() };
        let again = append_batch(&core.db, tenant, &[request]).await.unwrap();
        assert_eq!(again, [Outcome::Duplicate { answer: request.answer.clone(), positions }]);
    }
}

#[tokio::test]
async fn requests_of_one_tenant_are_recorded_in_order_as_eaf_append_does() {
    let (database, core, t) = house(1).await;
    let old = stream();
    append_batch(&core.db, t[0], &[&request(&[(old, Some(0), 1)])]).await.unwrap();
    let mut requests: Vec<AppendRequest> = (0..62).map(|_| simple()).collect();
    requests.insert(3, request(&[(old, Some(1), 2), (stream(), Some(0), 1)]));
    requests.push(request(&[(stream(), Some(0), 0)]));
    let batch: Vec<&AppendRequest> = requests.iter().collect();
    let asked: Vec<_> = batch.iter().map(|request| (t[0], *request)).collect();
    let outcomes = together(&core, &asked).await;
    assert_eq!(outcomes[..5], [ok(3, 3), ok(4, 4), ok(5, 5), ok(6, 8), ok(9, 9)]);
    assert_eq!(outcomes[62..], [ok(67, 67), RECORDED]);
    assert_eq!(verify(&database, t[0]).await, 67);
    let again = append_batch(&core.db, t[0], &batch).await.unwrap();
    for (request, (outcome, again)) in requests.iter().zip(outcomes.into_iter().zip(again)) {
        let Some(Outcome::Ok { positions }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(again, Outcome::Duplicate { answer: request.answer.clone(), positions });
    }
}

/// Compares the rows that `eaf.append` and `eaf.append_plain` write, because each function
/// implements the chain hash itself.
#[tokio::test]
async fn both_functions_write_the_same_rows() {
    const COLUMNS: &str = "select array[e.pos::text, e.stream_id::text, e.version::text, e.event_id::text, e.type,
            e.schema_version::text, e.data::text, e.meta::text,
            (e.leaf = eaf.leaf(e.tenant_id, e.lane, pos, stream_id, version, event_id, type, schema_version, data, meta, e.at))::text,
            l.key, l.first_pos::text, l.last_pos::text, l.answer::text, (l.keep_until - l.at)::text]
        from eaf.event e join eaf.ledger l using (tenant_id) where e.tenant_id = $1 order by e.pos, l.key";
    let (database, core, _) = house(0).await;
    let (old, guarded, first) = (stream(), stream(), simple());
    let requests = [
        request(&[(old, Some(0), 2)]),
        request(&[(guarded, Some(0), 1), (old, Some(2), 0)]),
        request(&[(old, Some(2), 1), (stream(), Some(0), 1)]),
        request(&[]),
    ];
    let mut written = Vec::new();
    for slug in ["fast", "general"] {
        let tenant = directory::add_tenant(&core.db, &core.by, slug, "Some tenant").await.unwrap();
        append_batch(&core.db, tenant, &[&first]).await.unwrap();
        for request in &requests {
            let recorded = match slug {
                "fast" => together(&core, &[(tenant, request)]).await,
                _ => append_batch(&core.db, tenant, &[request]).await.unwrap().into_iter().map(Some).collect(),
            };
            assert!(matches!(recorded[..], [Some(Outcome::Ok { .. })]), "{recorded:?}");
        }
        assert_eq!(verify(&database, tenant).await, 6);
        let rows = sqlx::query_scalar::<_, Vec<Option<String>>>(COLUMNS).bind(tenant);
        written.push(rows.fetch_all(&mut database.superuser().await).await.unwrap());
    }
    assert_eq!(written[0], written[1]);
}

#[tokio::test]
async fn a_tenant_with_a_request_that_is_not_simple_is_deferred_alone() {
    let (database, core, t) = house(2).await;
    let gap = request(&[(stream(), Some(7), 1)]);
    let guard = request(&[(stream(), Some(1), 0)]);
    let any = request(&[(stream(), None, 1)]);
    let key = AppendRequest { key: "k".repeat(201), ..simple() };
    let new = directory::add_tenant(&core.db, &core.by, "new", "New").await.unwrap();
    let nobody = TenantId(ambient().uuid());
    for (deferred, spoiler) in
        [(t[0], &gap), (t[0], &guard), (t[0], &any), (t[0], &key), (new, &simple()), (nobody, &simple())]
    {
        let events = database.events(t[1]).await;
        let (before, after, other) = (simple(), simple(), simple());
        let asked = [(deferred, &before), (deferred, spoiler), (deferred, &after), (t[1], &other)];
        let last = events as u64 + 1;
        assert_eq!(together(&core, &asked).await, [None, None, None, ok(last, last)]);
        // The requests are deferred without the other tenant too.
        assert_eq!(together(&core, &asked[..3]).await, [None, None, None]);
    }
    for (tenant, events) in [(t[0], 1), (t[1], 7), (new, 0), (nobody, 0)] {
        assert_eq!(database.events(tenant).await, events);
    }
}

#[tokio::test]
async fn all_requests_are_deferred_if_a_generation_is_not_active() {
    let (database, core, t) = house(2).await;
    activate(&database, "dcm", 2).await;
    let fenced = |generation| AppendRequest { fence: Some(Fence { plugin: "dcm".into(), generation }), ..simple() };
    let (one, two, other) = (fenced(1), fenced(2), simple());
    assert_eq!(together(&core, &[(t[0], &two), (t[0], &one), (t[1], &other)]).await, [None, None, None]);
    assert_eq!(together(&core, &[(t[0], &one)]).await, [None]);
    assert_eq!(
        together(&core, &[(t[0], &two), (t[0], &other), (t[1], &simple())]).await,
        [ok(2, 2), ok(3, 3), ok(2, 2)]
    );
}

#[tokio::test]
async fn a_known_key_or_an_existing_stream_defers_all_requests() {
    let (database, core, t) = house(3).await;
    let known = request(&[(stream(), Some(0), 1)]);
    append_batch(&core.db, t[1], &[&known]).await.unwrap();
    let taken = request(&[(known.streams[0].stream, Some(0), 1)]);
    let mut poison = simple();
    poison.events[0].kind = "test.\0".into();
    let twice = stream();
    let twice = request(&[(twice, Some(0), 1), (twice, Some(0), 1)]);
    let mut elsewhere = simple();
    elsewhere.events[0].stream = 1;
    for spoiler in [&known, &taken, &poison, &twice, &elsewhere] {
        let refused = append_plain_for_tests(&core.db, &[(t[0], &simple()), (t[1], spoiler), (t[2], &simple())]).await;
        assert!(matches!(&refused, Err(error @ Error::Append(_)) if !is_transient(error)), "{refused:?}");
        let refused = append_plain_for_tests(&core.db, &[(t[1], &simple()), (t[1], spoiler)]).await;
        assert!(matches!(&refused, Err(error @ Error::Append(_)) if !is_transient(error)), "{refused:?}");
    }
    for (tenant, events) in [(t[0], 1), (t[1], 2), (t[2], 1)] {
        assert_eq!(verify(&database, tenant).await, events);
    }
}

#[tokio::test]
async fn a_shared_statement_does_not_wait_for_a_lane_lock() {
    let (database, core, t) = house(3).await;
    let held = database.lock_appends(t[0]).await;
    let (a, b, c) = (simple(), simple(), simple());
    let outcomes = together(&core, &[(t[0], &a), (t[1], &b), (t[2], &c)]).await;
    assert_eq!(outcomes, [None, ok(2, 2), ok(2, 2)]);
    // The request of a single tenant waits for its lane lock.
    let alone = [(t[0], &a)];
    let release = async {
        while database.waiting_to_append().await == 0 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    assert_eq!(tokio::join!(together(&core, &alone), release).0, [ok(2, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_with_the_same_tenants_in_opposite_order_do_not_deadlock() {
    const ROUNDS: usize = 100;
    let (database, core, t) = house(4).await;
    let host = |core: Core, tenants: Vec<TenantId>| async move {
        let mut recorded = 0;
        for _ in 0..ROUNDS {
            let requests: Vec<_> = tenants.iter().map(|tenant| (*tenant, simple())).collect();
            let requests: Vec<_> = requests.iter().map(|(tenant, request)| (*tenant, request)).collect();
            recorded += together(&core, &requests).await.iter().flatten().count() as u64;
        }
        recorded
    };
    let backwards: Vec<TenantId> = t.iter().rev().copied().collect();
    let (one, other) = (host(core.clone(), t.clone()), host(database.core().await, backwards));
    let (one, other) = tokio::join!(tokio::spawn(one), tokio::spawn(other));
    let mut events = 0;
    for tenant in &t {
        events += verify(&database, *tenant).await - 1;
    }
    let recorded = one.unwrap() + other.unwrap();
    assert_eq!(events, recorded);
    assert!(recorded >= ROUNDS as u64, "one of them always proceeds: {recorded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_gets_its_own_answer_from_a_shared_statement() {
    let (database, core, t) = house(40).await;
    let known = simple();
    append_batch(&core.db, t[3], &[&known]).await.unwrap();
    let ask = |tenant: TenantId, request: AppendRequest| {
        let appender = core.appender.clone();
        tokio::spawn(async move { appender.append(tenant, request).await })
    };
    let mut poison = simple();
    poison.events = vec![PendingEvent { kind: "test.\0".into(), ..poison.events[0].clone() }];
    let nobody = TenantId(ambient().uuid());
    let plain: Vec<_> = t.iter().map(|tenant| ask(*tenant, simple())).collect();
    let duplicate = ask(t[3], known.clone());
    let conflict = ask(t[5], request(&[(stream(), Some(9), 1)]));
    let refused = ask(t[7], poison);
    let unknown = ask(nobody, simple());
    for asked in plain {
        assert!(matches!(asked.await.unwrap(), Ok(Outcome::Ok { positions: Some(_) })));
    }
    assert!(matches!(duplicate.await.unwrap(), Ok(Outcome::Duplicate { answer, .. }) if answer == known.answer));
    assert!(matches!(conflict.await.unwrap(), Ok(Outcome::Conflict { actual }) if actual == [0]));
    assert!(matches!(refused.await.unwrap(), Err(Error::Append(_))));
    assert!(matches!(unknown.await.unwrap(), Err(Error::NoTenant)));
    for (n, tenant) in t.iter().enumerate() {
        assert_eq!(verify(&database, *tenant).await, if n == 3 { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_session_with_a_tenant_appends_for_it_and_none_is_left_set() {
    let (database, core, t) = house(2).await;
    let mut app = database.as_role("eaf_app").await;
    let call = |tenants: &[TenantId]| {
        let n = tenants.len();
        let list = |one: &str| format!("array[{}]", vec![one; n].join(", "));
        let (uuids, ones, bytes) = (list("gen_random_uuid()"), list("1"), list("'{}'::bytea"));
        let tenants = tenants.iter().map(|tenant| format!("'{tenant}'")).collect::<Vec<_>>().join(", ");
        format!(
            "select eaf.append_plain(0::smallint, '1 day', '{{}}', '{{}}', array[{tenants}]::uuid[], {ones}, {}, {ones}, {uuids}, \
             {}, {}, {bytes}, {ones}, {ones}, '{{}}', '{{}}', {uuids}, {ones}::bigint[], {uuids}, {}, {ones}::smallint[], {bytes}, {bytes})",
            list("0"),
            list("gen_random_uuid()::text"),
            list("sha256('')"),
            list("'test.happened'"),
        )
    };
    let set = format!("begin; select set_config('app.tenant_id', '{}', true);", t[0]);
    let mut attempt = async |statements: String| {
        let done = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut app).await;
        sqlx::raw_sql("rollback").execute(&mut app).await.unwrap();
        done.map_err(|error| error.into_database_error().unwrap().code().unwrap().into_owned()).map(|_| ())
    };
    let ours = format!("{set} {}; select 1 / (count(*) - 1) from eaf.event", call(&t[..1]));
    assert_eq!(attempt(ours).await, Ok(()), "its own, and its own is still set: two events");
    for foreign in [&t[1..], &t[..]] {
        assert_eq!(attempt(format!("{set} {}", call(foreign))).await, Err("42501".into()));
    }
    // A session without a tenant appends for several tenants, and afterwards no tenant is set.
    assert_eq!(attempt(format!("begin; {}", call(&t))).await, Ok(()));
    let reads = attempt(format!("begin; {}; select count(*) from eaf.event", call(&t))).await;
    assert_eq!(reads, Err("22P02".into()), "no tenant is an error, never an empty result");
    for tenant in &t {
        assert_eq!(verify(&database, *tenant).await, 1, "all of it was rolled back");
    }
    drop(core);
}

//! Tests that the append functions check the tenant themselves, because they run as the log's
//! owner. They neither change nor reveal data of another tenant.

use crate::append::{request, stream};
use crate::chain::verify;
use crate::isolation::{acme, globex, sqlstate};
use eaf_core::Core;
use eaf_core::directory;
use eaf_core::event_store::{AppendRequest, Outcome, Position, append_batch, append_plain_for_tests};
use eaf_core::id::{StreamId, TenantId};
use eaf_core::testing::Database;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

/// Creates two tenants with one event each; returns the stream of acme's event.
async fn house() -> (Database, Core, StreamId) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let theirs = stream();
    for (slug, tenant, first) in [("acme", acme(), theirs), ("globex", globex(), stream())] {
        assert_eq!(directory::add_tenant(&core.db, &core.by, slug, slug).await.unwrap(), tenant);
        append_batch(&core.db, tenant, &[&request(&[(first, Some(0), 1)])]).await.unwrap();
    }
    (database, core, theirs)
}

fn ok(pos: u64) -> Outcome {
    let position = Position { epoch: 1, pos };
    Outcome::Ok { positions: Some((position, position)) }
}

/// All log and ledger rows of a tenant, as text.
async fn recorded(database: &Database, tenant: TenantId) -> Vec<String> {
    let rows = "select e::text from eaf.event e where tenant_id = $1
                union all select l::text from eaf.ledger l where tenant_id = $1 order by 1";
    sqlx::query_scalar(rows).bind(tenant).fetch_all(&mut database.superuser().await).await.unwrap()
}

#[tokio::test]
async fn a_request_that_another_tenant_made_is_new() {
    let (database, core, _) = house().await;
    let mut theirs = [(); 4].map(|_| request(&[(stream(), Some(0), 1)]));
    append_batch(&core.db, acme(), &theirs.each_ref()).await.unwrap();
    let before = recorded(&database, acme()).await;
    // Stream, actor, key and event id are the same in both tenants.
    assert_eq!(append_batch(&core.db, globex(), &[&theirs[0]]).await.unwrap(), [ok(2)]);
    assert_eq!(append_plain_for_tests(&core.db, &[(globex(), &theirs[1])]).await.unwrap(), [Some(ok(3))]);
    let several = [(globex(), &theirs[2]), (globex(), &request(&[(stream(), Some(0), 1)]))];
    assert_eq!(append_plain_for_tests(&core.db, &several).await.unwrap(), [Some(ok(4)), Some(ok(5))]);
    // Without an expected version the ledger is read before the insert.
    theirs[3].streams[0].expected = None;
    assert_eq!(append_batch(&core.db, globex(), &[&theirs[3]]).await.unwrap(), [ok(6)]);
    assert_eq!(recorded(&database, acme()).await, before);
    assert_eq!(verify(&database, globex()).await, 6);
}

#[tokio::test]
async fn a_stream_of_another_tenant_has_no_version() {
    let (database, core, theirs) = house().await;
    let before = recorded(&database, acme()).await;
    let next = || request(&[(theirs, Some(1), 1)]);
    let guard = request(&[(theirs, Some(1), 0), (stream(), Some(0), 1)]);
    let any = request(&[(theirs, None, 0), (stream(), Some(1), 0)]);
    for (asked, actual) in [(next(), vec![0]), (guard, vec![0, 0]), (any, vec![0, 0])] {
        assert_eq!(append_batch(&core.db, globex(), &[&asked]).await.unwrap(), [Outcome::Conflict { actual }]);
        assert_eq!(append_plain_for_tests(&core.db, &[(globex(), &asked)]).await.unwrap(), [None]);
    }
    assert_eq!(recorded(&database, acme()).await, before);
    // The same holds in one statement with a request of acme's.
    let (own, foreign): (AppendRequest, AppendRequest) = (next(), next());
    let outcomes = append_plain_for_tests(&core.db, &[(acme(), &own), (globex(), &foreign)]).await.unwrap();
    assert_eq!(outcomes, [Some(ok(2)), None]);
    assert_eq!((verify(&database, acme()).await, verify(&database, globex()).await), (2, 1));
}

/// SQL statements that call `eaf.append` and `eaf.append_plain`. Each call appends one event to a
/// new stream and returns the event's position. `tenant` is an SQL expression.
fn calls(tenant: &str) -> [String; 2] {
    let request = "array[gen_random_uuid()], array[gen_random_uuid()::text], array[sha256('')], array[''::bytea]";
    let fence = "array[null]::text[], array[null]::bigint[]";
    let event = "array[gen_random_uuid()], array['test.happened'], array[1]::smallint[], array['{}'::bytea], array['{}'::bytea]";
    let stream = "array[gen_random_uuid()]";
    let counts = "array[1], array[0], array[1]";
    [
        format!(
            "select last_pos from eaf.append({tenant}, 0::smallint, '1 day', {request}, {fence}, array[1], {stream},
             array[0]::bigint[], array[1], {event})"
        ),
        format!(
            "select 1 + (eaf.append_plain(0::smallint, '1 day', '{{}}', '{{}}', array[{tenant}], {counts}, {request}, array[1],
             array[1], '{{}}', '{{}}', {stream}, array[1]::bigint[], {event}))[1]"
        ),
    ]
}

async fn call(app: &mut PgConnection, call: String) -> Result<Option<i64>, String> {
    sqlx::query_scalar(AssertSqlSafe(call)).fetch_one(app).await.map_err(|error| sqlstate(&error))
}

#[tokio::test]
async fn a_session_with_a_tenant_appends_for_that_tenant_only() {
    let (database, _core, _) = house().await;
    let mut app = database.as_role("eaf_app").await;
    let as_globex = format!("begin; set local app.tenant_id = '{}'", globex());
    let mut attempt = async |begin: &str, statement| {
        sqlx::raw_sql(AssertSqlSafe(begin.to_owned())).execute(&mut app).await.unwrap();
        let result = call(&mut app, statement).await;
        sqlx::raw_sql("rollback").execute(&mut app).await.unwrap();
        result
    };
    let uuid = |tenant: TenantId| format!("'{tenant}'::uuid");
    for own in calls(&uuid(globex())) {
        assert_eq!(attempt(&as_globex, own).await, Ok(Some(2)));
    }
    for foreign in calls(&uuid(acme())) {
        assert_eq!(attempt(&as_globex, foreign).await, Err("42501".into()));
    }
    for begin in [&as_globex, "begin"] {
        for none in calls("null::uuid") {
            let result = attempt(begin, none.clone()).await;
            assert!(matches!(result, Err(_) | Ok(None)), "{none}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_call_without_a_tenant_leaves_no_tenant_set() {
    let (database, _core, _) = house().await;
    let mut app = database.as_role("eaf_app").await;
    for (n, statement) in calls(&format!("'{}'::uuid", globex())).into_iter().enumerate() {
        assert_eq!(call(&mut app, statement).await, Ok(Some(n as i64 + 2)));
        let read = call(&mut app, "select count(*) from eaf.event".into()).await;
        assert_eq!(read, Err("22P02".into()), "no tenant is an error, never an empty result");
    }
}

//! Tests of views: projection, queries, row rules, and the limits of a faulty plugin.

use crate::dump;
use crate::toy::{Toy, counted, delete, patch, record, record_version, upsert};
use eaf_core::Core;
use eaf_core::consumers::{self, Runner, Step, parked, prepare, projection};
use eaf_core::contract::{Domain, ViewType};
use eaf_core::directory::add_tenant;
use eaf_core::event_store::Position;
use eaf_core::id::TenantId;
use eaf_core::testing::{Database, person};
use eaf_core::view::{self, Error, PackageView, Page, Query};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
const A_MOMENT: Duration = Duration::from_millis(300);

pub struct House {
    pub core: Core,
    pub toy: Toy,
    pub acme: TenantId,
    pub globex: TenantId,
    // The database is the last field, so that it is dropped after its connections.
    database: Database,
}

pub async fn house() -> House {
    let database = Database::fresh().await;
    let core = database.core().await;
    let toy = Toy::new();
    prepare(&core.db, &toy).await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    House { core, toy, acme, globex, database }
}

impl House {
    pub async fn project(&self, tenant: TenantId) {
        while let Step::Advanced { .. } = self.core.consumers.project_batch(&self.toy, tenant, "things").await.unwrap()
        {
        }
    }

    pub async fn row(&self, key: &str) -> Option<view::Row> {
        let caller = person(self.acme, &["toy.read"]);
        view::get(&self.core.db, &caller, PackageView::alone("toy", self.toy.view()), key).await.unwrap()
    }

    pub async fn reached(&self, at: Position, patience: Duration) -> Result<(), Error> {
        consumers::wait_for(&self.core.db, &self.core.feed, self.acme, "toy", self.toy.view(), at, patience).await
    }

    pub async fn query(&self, query: Query) -> Result<Page, Error> {
        let caller = person(self.acme, &["toy.read"]);
        view::query(&self.core.db, &caller, PackageView::alone("toy", self.toy.view()), &query).await
    }
}

pub fn all() -> Query {
    Query { filters: vec![], search: None, sort: None, after: None, limit: 200 }
}

#[tokio::test]
async fn rows_and_checkpoint_change_atomically() {
    let house = house().await;
    let first = record(&house.core, house.acme, vec![upsert("a", json!({"name": "one"}))]).await;
    house.project(house.acme).await;
    house.reached(first, SOON).await.unwrap();

    let bad = vec![upsert("a", json!({"name": "two"})), upsert("b", json!({"canary-column": 1}))];
    let second = record(&house.core, house.acme, bad).await;
    let half = house.core.consumers.project_batch(&house.toy, house.acme, "things").await.unwrap();
    let before = Position { pos: second.pos - 1, ..second };
    assert_eq!(half, Step::Advanced { position: before, changes: 1 });
    let failed = house.core.consumers.project_batch(&house.toy, house.acme, "things").await;
    assert!(matches!(failed, Err(projection::Error::Invalid { .. })), "{failed:?}");
    assert_eq!(house.row("a").await.unwrap().columns["name"], "two");
    assert!(house.row("b").await.is_none());
    assert_eq!(parked(&house.core.db, house.acme).await.unwrap()[0].position, before.pos);
    assert!(matches!(house.reached(second, A_MOMENT).await, Err(Error::NotReached)));
}

#[tokio::test]
async fn a_failing_view_is_parked_in_its_tenant_with_a_code_without_data() {
    let house = house().await;
    for tenant in [house.acme, house.globex] {
        record(&house.core, tenant, vec![upsert("a", json!({"name": "one"}))]).await;
    }
    house.project(house.acme).await;
    record(&house.core, house.acme, vec![("broken", json!({}))]).await;
    assert!(house.core.consumers.project_batch(&house.toy, house.acme, "things").await.is_err());

    let again = house.core.consumers.project_batch(&house.toy, house.acme, "things").await.unwrap();
    assert_eq!(again, Step::Parked { code: "project: trap".into() });
    let parked = parked(&house.core.db, house.acme).await.unwrap();
    assert_eq!((parked.len(), parked[0].view.as_deref(), parked[0].failures), (1, Some("things"), 1));
    assert!(parked[0].retry_at > parked[0].since);

    let other_view = house.core.consumers.project_batch(&house.toy, house.acme, "others").await.unwrap();
    assert!(matches!(other_view, Step::Advanced { changes: 1, .. }));
    let other_tenant = house.core.consumers.project_batch(&house.toy, house.globex, "things").await.unwrap();
    assert!(matches!(other_tenant, Step::Advanced { changes: 1, .. }));
}

#[tokio::test]
async fn a_batch_that_is_too_large_for_the_component_is_halved() {
    let house = house().await;
    let events: Vec<_> = (0..80).map(|_| ("heavy", json!({ "key": "a" }))).collect();
    let last = record(&house.core, house.acme, events).await;
    let first = house.core.consumers.project_batch(&house.toy, house.acme, "things").await.unwrap();
    let Step::Advanced { position, .. } = first else { panic!("{first:?}") };
    assert!(position.pos < last.pos, "not all at once");
    house.project(house.acme).await;
    house.reached(last, SOON).await.unwrap();
    assert_eq!(house.row("a").await.unwrap().columns["size"], 80);
    assert!(parked(&house.core.db, house.acme).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_is_limited_in_bytes_and_has_at_least_one_event() {
    let house = house().await;
    let large = |bytes: usize| vec![("counted", json!({ "key": "a", "filler": "x".repeat(bytes) }))];
    let mut last = record(&house.core, house.acme, large(5 << 20)).await;
    for _ in 0..3 {
        last = record(&house.core, house.acme, large(1_500_000)).await;
    }
    for expected in [last.pos - 3, last.pos - 1, last.pos] {
        let step = house.core.consumers.project_batch(&house.toy, house.acme, "things").await.unwrap();
        assert_eq!(step, Step::Advanced { position: Position { pos: expected, ..last }, changes: 1 });
    }
    assert_eq!(house.row("a").await.unwrap().columns["size"], 4);
}

#[tokio::test]
async fn upsert_replaces_patch_changes_and_delete_removes_a_row() {
    let house = house().await;
    let rows = vec![
        upsert("a", json!({"owner": "me", "name": "A\u{0}", "size": 1, "at": 1_700_000_000_123_i64, "done": true})),
        upsert("b", json!({"owner": "me", "name": "canary-of-a-person", "facts": {"x": [1, null]}})),
        counted("c"),
        counted("c"),
    ];
    let before = record(&house.core, house.acme, rows).await;
    house.project(house.acme).await;
    let a = house.row("a").await.unwrap();
    assert_eq!(a.position, before);
    assert_eq!(a.columns["at"], "2023-11-14T22:13:20.123Z");
    assert_eq!(a.columns["name"], "A\u{fffd}");
    assert_eq!(
        a.columns.keys().collect::<Vec<_>>(),
        ["owner", "name", "size", "at", "done", "terminal", "facts", "waits_for"]
    );
    assert_eq!(house.row("b").await.unwrap().columns["facts"], json!({"x": [1, null]}));
    assert_eq!(house.row("c").await.unwrap().columns["size"], 2);

    let changes = vec![patch("a", json!({"size": 2, "done": null})), delete("b"), counted("c"), delete("unknown")];
    let after = record(&house.core, house.acme, changes).await;
    house.project(house.acme).await;
    let a = house.row("a").await.unwrap();
    assert_eq!(
        (&a.columns["size"], &a.columns["done"], &a.columns["name"]),
        (&json!(2), &Value::Null, &json!("A\u{fffd}"))
    );
    assert_eq!(a.columns["at"], "2023-11-14T22:13:20.123Z");
    assert!(house.row("b").await.is_none());
    assert_eq!(house.row("c").await.unwrap().columns["size"], 3);

    let reader = person(house.acme, &["toy.read"]);
    let changed =
        view::changed_since(&house.core.db, &reader, PackageView::alone("toy", house.toy.view()), before, 100)
            .await
            .unwrap()
            .rows;
    let mut keys: Vec<_> = changed.iter().map(|change| (change.key.as_str(), change.deleted)).collect();
    keys.sort();
    assert_eq!(keys, [("a", false), ("b", true), ("c", false)]);
    assert!(changed.iter().all(|change| change.position == after));
    let left = dump::table(&house.database, &dump::view_table(&house.database, "things").await).await;
    assert!(left.contains("2023-11-14") && !left.contains("canary-of-a-person"), "{left}");

    record(&house.core, house.acme, vec![upsert("b", json!({"name": "again"}))]).await;
    house.project(house.acme).await;
    assert_eq!(house.row("b").await.unwrap().columns["name"], "again");
}

#[tokio::test]
async fn row_rules_limit_a_caller_to_their_own_rows() {
    let house = house().await;
    let (view, core) = (house.toy.view(), &house.core);
    let mine = person(house.acme, &["toy.mine"]);
    let both = person(house.acme, &["toy.mine", "toy.read"]);
    let none = person(house.acme, &["other.read", "read"]);
    let rows = vec![
        upsert("mine", json!({"owner": mine.actor.to_string()})),
        upsert("other", json!({"owner": both.actor.to_string()})),
        upsert("nobody", json!({})),
    ];
    let at = record(core, house.acme, rows).await;
    house.project(house.acme).await;

    let seen = view::query(&core.db, &mine, PackageView::alone("toy", view), &all()).await.unwrap();
    assert_eq!(seen.items.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["mine"]);
    assert!(view::get(&core.db, &mine, PackageView::alone("toy", view), "other").await.unwrap().is_none());
    assert_eq!(view::query(&core.db, &both, PackageView::alone("toy", view), &all()).await.unwrap().items.len(), 3);
    assert!(matches!(
        view::query(&core.db, &none, PackageView::alone("toy", view), &all()).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        view::get(&core.db, &none, PackageView::alone("toy", view), "mine").await,
        Err(Error::Forbidden(_))
    ));

    // Row rules apply to deletions too.
    record(core, house.acme, vec![delete("mine"), delete("other")]).await;
    house.project(house.acme).await;
    let changed = view::changed_since(&core.db, &mine, PackageView::alone("toy", view), at, 10).await.unwrap().rows;
    assert_eq!(
        changed.iter().map(|change| (change.key.as_str(), change.deleted)).collect::<Vec<_>>(),
        [("mine", true)]
    );
}

#[tokio::test]
async fn another_tenant_reads_no_rows() {
    let house = house().await;
    record(&house.core, house.acme, vec![upsert("a", json!({"name": "one"}))]).await;
    house.project(house.acme).await;
    let other_tenant = person(house.globex, &["toy.read"]);
    let page =
        view::query(&house.core.db, &other_tenant, PackageView::alone("toy", house.toy.view()), &all()).await.unwrap();
    assert!(page.items.is_empty());
    assert!(
        view::get(&house.core.db, &other_tenant, PackageView::alone("toy", house.toy.view()), "a")
            .await
            .unwrap()
            .is_none()
    );

    let table = dump::view_table(&house.database, "things").await;
    let mut app = house.database.as_role("eaf_app").await;
    sqlx::query("select set_config('app.tenant_id', $1, false)")
        .bind(house.globex.to_string())
        .execute(&mut app)
        .await
        .unwrap();
    let statement = |sql: &str| sqlx::AssertSqlSafe(sql.replace("TABLE", &table));
    let seen: i64 = sqlx::query_scalar(statement("select count(*) from TABLE")).fetch_one(&mut app).await.unwrap();
    let changed =
        sqlx::query(statement("update TABLE set name = 'x'")).execute(&mut app).await.unwrap().rows_affected();
    assert_eq!((seen, changed), (0, 0));
    let foreign = format!("insert into TABLE (tenant_id, key, _pos) values ('{}', 'x', 1)", house.acme);
    assert!(sqlx::query(statement(&foreign)).execute(&mut app).await.is_err());
    sqlx::query("reset app.tenant_id").execute(&mut app).await.unwrap();
    assert!(sqlx::query(statement("select count(*) from TABLE")).execute(&mut app).await.is_err());
}

#[tokio::test]
async fn create_view_rejects_an_invalid_definition() {
    let house = house().await;
    let good = json!({
        "digest": "a".repeat(64), "plugin": "toy", "view": "good", "version": 1, "events": [],
        "columns": [{"name": "one", "type": "text", "filter": false, "sort": false}],
    });
    let mut platform = house.database.as_role("eaf_platform").await;
    let column = |column: Value| {
        let mut spec = good.clone();
        spec["columns"] = json!([column]);
        spec
    };
    let with = |name: &str, value: Value| {
        let mut spec = good.clone();
        spec[name] = value;
        spec
    };
    let bad = [
        with("digest", json!("x\"; drop table eaf.event; --")),
        with("digest", Value::Null),
        with("plugin", json!("Toy")),
        with("view", json!("good view")),
        with("view", Value::Null),
        with("columns", json!([])),
        with("columns", json!({})),
        column(json!({"name": "one\" text, evil text); --", "type": "text"})),
        column(json!({"name": "tenant_id", "type": "text"})),
        column(json!({"name": "key", "type": "text"})),
        column(json!({"name": "_pos", "type": "text"})),
        column(json!({"type": "text"})),
        column(json!({"name": "one", "type": "text default current_user"})),
        column(json!({"name": "one", "type": null})),
        column(json!({"name": "one", "type": "json", "filter": true})),
    ];
    for spec in bad {
        let made = sqlx::query("select eaf.create_view($1)").bind(&spec).execute(&mut platform).await;
        let code = made.unwrap_err().into_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "22023", "{spec}");
    }
    sqlx::query("select eaf.create_view($1)").bind(&good).execute(&mut platform).await.unwrap();
    // Another definition with the same digest is rejected.
    let other = column(json!({"name": "two", "type": "text"}));
    assert!(sqlx::query("select eaf.create_view($1)").bind(&other).execute(&mut platform).await.is_err());

    // The created table passes the catalogue check.
    eaf_core::db::check(&house.core.db).await.unwrap();
}

#[tokio::test]
async fn the_application_role_cannot_create_tables() {
    let house = house().await;
    let mut app = house.database.as_role("eaf_app").await;
    let spec = json!({"digest": "b".repeat(64), "plugin": "toy", "view": "x", "version": 1, "columns": [{"name": "a", "type": "text"}]});
    assert!(sqlx::query("select eaf.create_view($1)").bind(spec).execute(&mut app).await.is_err());
    for sql in [
        "create table eaf_view.mine (a int)",
        "create table eaf.mine (a int)",
        "create table public.mine (a int)",
        "update eaf.view set active = false",
        "insert into eaf.trigger values ('toy', 'mine')",
    ] {
        let code = sqlx::query(sql)
            .execute(&mut app)
            .await
            .unwrap_err()
            .into_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{sql}");
    }
}

#[tokio::test]
async fn two_hosts_project_each_event_once() {
    let house = house().await;
    let other = house.database.core().await;
    record(&house.core, house.acme, (0..450).map(|_| counted("c")).collect()).await;
    let follow = |core: Core| async move {
        let (toy, mut steps) = (Toy::new(), Vec::new());
        loop {
            match core.consumers.project_batch(&toy, house.acme, "things").await.unwrap() {
                Step::CaughtUp => return steps,
                Step::Advanced { position, .. } => steps.push(position.pos),
                _ => tokio::task::yield_now().await,
            }
        }
    };
    let (mut steps, more) = tokio::join!(follow(house.core.clone()), follow(other));
    steps.extend(more);
    steps.sort();
    assert_eq!(steps, [200, 400, 450]);
    assert_eq!(house.row("c").await.unwrap().columns["size"], 450);
}

#[tokio::test]
async fn a_changed_definition_is_projected_into_a_new_table() {
    let house = house().await;
    record(&house.core, house.acme, vec![upsert("a", json!({"name": "one"}))]).await;
    house.project(house.acme).await;
    let caller = person(house.acme, &["toy.read"]);
    // Another column type is another definition, even with the same version.
    let newer = [Toy::of_version(2), Toy::retyped()];
    for newer in &newer {
        let unknown = view::get(&house.core.db, &caller, PackageView::alone("toy", newer.view()), "a").await;
        assert!(matches!(unknown, Err(Error::NotCreated(_))), "{unknown:?}");
        prepare(&house.core.db, newer).await.unwrap();
        house.core.consumers.project_batch(newer, house.acme, "things").await.unwrap();
    }
    for view in [newer[0].view(), newer[1].view(), house.toy.view()] {
        assert!(view::get(&house.core.db, &caller, PackageView::alone("toy", view), "a").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_runner_catches_up_follows_the_doorbell_and_notifies_other_hosts() {
    let house = house().await;
    let missed = record(&house.core, house.acme, vec![upsert("a", json!({}))]).await;
    let other = house.database.core().await;
    let mut changes = other.feed.subscribe();

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let domain: Arc<dyn Domain> = Arc::new(Toy::new());
    let runner = Runner::new(Arc::new(house.core.clone()), vec![domain]);
    let running = tokio::spawn(runner.run(async {
        let _ = stopped.await;
    }));
    let view: &ViewType = house.toy.view();
    consumers::wait_for(&house.core.db, &house.core.feed, house.acme, "toy", view, missed, SOON).await.unwrap();
    let heard = record(&other, house.globex, vec![upsert("b", json!({}))]).await;
    consumers::wait_for(&other.db, &other.feed, house.globex, "toy", view, heard, SOON).await.unwrap();

    let ours = async {
        loop {
            let change = changes.recv().await.unwrap();
            if change.tenant == house.globex && change.view == "things" {
                return change.position;
            }
        }
    };
    assert_eq!(tokio::time::timeout(SOON, ours).await.unwrap(), heard);
    let elsewhere = Position { epoch: heard.epoch + 1, pos: 1 };
    let foreign = consumers::wait_for(&other.db, &other.feed, house.globex, "toy", view, elsewhere, SOON).await;
    assert!(matches!(foreign, Err(Error::OtherEpoch)));
    stop.send(()).unwrap();
    tokio::time::timeout(SOON, running).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_event_of_a_newer_package_parks_its_view_and_is_not_skipped() {
    let house = house().await;
    record(&house.core, house.acme, vec![upsert("a", json!({}))]).await;
    record_version(&house.core, house.acme, 3, upsert("b", json!({}))).await;
    record(&house.core, house.acme, vec![upsert("c", json!({}))]).await;
    record(&house.core, house.globex, vec![upsert("d", json!({}))]).await;
    // The package itself handles events of older versions.
    record_version(&house.core, house.globex, 1, upsert("e", json!({}))).await;
    house.project(house.globex).await;
    loop {
        match house.core.consumers.project_batch(&house.toy, house.acme, "things").await {
            Ok(Step::Advanced { .. }) => {}
            ended => break assert!(matches!(ended, Err(projection::Error::Unknown { .. })), "{ended:?}"),
        }
    }
    let parked = parked(&house.core.db, house.acme).await.unwrap();
    assert_eq!((parked[0].position, parked[0].error.as_str()), (1, "unknown event: changed of version 3"));
    assert!(house.row("a").await.is_some() && house.row("c").await.is_none());
    assert!(consumers::parked(&house.core.db, house.globex).await.unwrap().is_empty());
}

//! Tests of the rebuild of a view into a new copy.

use crate::toy::{Toy, counted, delete, ordered, record, upsert};
use eaf_core::Core;
use eaf_core::consumers::rebuild::{self, begin, cancel, difference, switch};
use eaf_core::consumers::{self, Runner, prepare, retry, status};
use eaf_core::contract::Domain;
use eaf_core::directory::add_tenant;
use eaf_core::event_store::Position;
use eaf_core::id::TenantId;
use eaf_core::testing::{Database, person};
use eaf_core::view::{self, PackageView, Query, State};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const A_MOMENT: Duration = Duration::from_millis(10);

struct House {
    core: Core,
    acme: TenantId,
    globex: TenantId,
    database: Database,
}

async fn house() -> House {
    let database = Database::fresh().await;
    let core = database.core().await;
    prepare(&core.db, &Toy::new()).await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    record(
        &core,
        acme,
        vec![upsert("a", json!({"name": "A", "size": 1})), upsert("b", json!({"name": "B"})), delete("b")],
    )
    .await;
    record(&core, acme, vec![counted("c"), counted("c")]).await;
    record(&core, globex, vec![upsert("a", json!({"name": "other"}))]).await;
    House { core, acme, globex, database }
}

impl House {
    /// Runs a host until no consumer lags.
    async fn catch_up(&self) {
        let running = self.run();
        self.until_caught_up().await;
        running.stop().await;
    }

    fn run(&self) -> Running {
        let domains: Vec<Arc<dyn Domain>> = vec![Arc::new(Toy::new())];
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let runner = Runner::new(Arc::new(self.core.clone()), domains);
        Running { stop, task: tokio::spawn(runner.run(async { _ = stopped.await })) }
    }

    async fn until_caught_up(&self) {
        let deadline = Instant::now() + PATIENCE;
        while status(&self.core.db, self.core.ambient.now()).await.unwrap().iter().any(|copy| copy.tenants_behind > 0) {
            assert!(Instant::now() < deadline, "{:#?}", status(&self.core.db, self.core.ambient.now()).await.unwrap());
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    fn tenants(&self) -> [TenantId; 2] {
        [self.acme, self.globex]
    }

    async fn keys(&self) -> Vec<String> {
        let query = Query { filters: vec![], search: None, sort: None, after: None, limit: 200 };
        let caller = person(self.acme, &["toy.read"]);
        let page =
            view::query(&self.core.db, &caller, PackageView::alone("toy", Toy::new().view()), &query).await.unwrap();
        page.items.into_iter().map(|row| row.key).collect()
    }

    async fn states(&self) -> Vec<State> {
        let copies = view::copies(&self.core.db).await.unwrap();
        copies.iter().filter(|copy| copy.view == "things").map(|copy| copy.state).collect()
    }

    async fn reached(&self, at: Position) {
        consumers::wait_for(&self.core.db, &self.core.feed, self.acme, "toy", Toy::new().view(), at, PATIENCE)
            .await
            .unwrap();
    }
}

struct Running {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        _ = self.stop.send(());
        self.task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_view_is_compared_and_switched_to_and_back_during_appends() {
    let house = house().await;
    let running = house.run();
    house.until_caught_up().await;
    begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
    record(&house.core, house.acme, vec![upsert("d", json!({"size": 4}))]).await;
    house.until_caught_up().await;
    assert_eq!(house.states().await, [State::Live, State::Building]);

    let report = difference(&house.core.db, house.acme, "toy", "things").await.unwrap();
    assert_eq!((report.same, report.differing(), report.rows), (3, 0, vec![]));
    let report = switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", false).await.unwrap();
    assert_eq!(report.len(), 2);
    assert_eq!(house.states().await, [State::Standby, State::Live]);
    assert_eq!(house.keys().await, ["a", "c", "d"]);

    // The standby is kept up to date for a switch back.
    let at = record(&house.core, house.acme, vec![upsert("e", json!({}))]).await;
    house.reached(at).await;
    house.until_caught_up().await;
    rebuild::switch_back(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
    assert_eq!(house.states().await, [State::Live, State::Standby]);
    assert_eq!(house.keys().await, ["a", "c", "d", "e"]);
    house.reached(at).await;

    assert_eq!(cancel(&house.core.db, &house.core.by, &house.tenants(), "toy", "things").await.unwrap().len(), 1);
    assert_eq!(house.states().await, [State::Live]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn differing_rows_are_listed_and_must_be_accepted() {
    let house = house().await;
    house.catch_up().await;
    // The row is changed as if an earlier release had projected wrong rows.
    let table = &view::copies(&house.core.db).await.unwrap()[1];
    assert_eq!((table.view.as_str(), table.state), ("things", State::Live));
    let table = format!("eaf_view.\"{}\"", table.table);
    house
        .database
        .run(&format!(
            "update {table} set name = 'canary', size = 9 where key = 'a' and tenant_id = '{acme}'; delete from {table} where key = 'c';
             insert into {table} (tenant_id, key, _pos) values ('{acme}', 'ghost', 1)",
            acme = house.acme
        ))
        .await;
    begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
    house.catch_up().await;

    let report = difference(&house.core.db, house.acme, "toy", "things").await.unwrap();
    assert_eq!((report.same, report.changed, report.only_live, report.only_building), (0, 1, 1, 1));
    let named: Vec<(&str, Vec<&str>)> =
        report.rows.iter().map(|row| (row.key.as_str(), row.columns.iter().map(String::as_str).collect())).collect();
    assert_eq!(named, [("a", vec!["name", "size"]), ("c", vec![]), ("ghost", vec![])]);
    assert!(!format!("{report:?}").contains("canary"), "values stay where they are");

    let refused = switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", false).await.unwrap_err();
    assert!(refused.to_string().starts_with("3 rows differ"), "{refused}");
    assert_eq!(house.keys().await, ["a", "ghost"]);
    switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", true).await.unwrap();
    assert_eq!(house.keys().await, ["a", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rebuild_continues_and_is_switched_to_when_caught_up() {
    let house = house().await;
    house.catch_up().await;
    let many = |n: usize| (0..300).map(|k| upsert(&format!("{n}-{k}"), json!({"size": k}))).collect();
    for n in 0..3 {
        record(&house.core, house.acme, many(n)).await;
    }
    house.catch_up().await;
    begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
    let refused = switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", true).await.unwrap_err();
    assert!(refused.to_string().contains("0 of 905 events"), "{refused}");
    let again = begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap_err();
    assert!(again.to_string().contains("is running"), "{again}");

    // The rebuild is interrupted by aborting two hosts at a time.
    let deadline = Instant::now() + PATIENCE;
    let mut stops = 0;
    while status(&house.core.db, house.core.ambient.now()).await.unwrap().iter().any(|copy| copy.tenants_behind > 0) {
        assert!(Instant::now() < deadline);
        let (one, other) = (house.run(), house.run());
        // The hosts run for longer each time, so that a slow machine finishes too.
        tokio::time::sleep(A_MOMENT * (2 + stops)).await;
        one.task.abort();
        other.task.abort();
        stops += 1;
    }
    assert!(stops > 1, "it was never interrupted");
    let report = difference(&house.core.db, house.acme, "toy", "things").await.unwrap();
    assert_eq!((report.same, report.differing()), (902, 0));
    switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_starts_no_run_and_sends_no_live_update() {
    let house = house().await;
    record(&house.core, house.acme, vec![ordered("o-1")]).await;
    house.catch_up().await;
    let runs = house.database.open_runs().await;
    assert!(runs > 0);
    let mut changes = house.core.feed.subscribe();
    begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
    house.catch_up().await;
    assert_eq!(house.database.open_runs().await, runs);
    assert!(changes.try_recv().is_err(), "live updates are of the live copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_no_empty_list_while_copies_are_switched() {
    let house = Arc::new(house().await);
    house.catch_up().await;
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (house, over) = (house.clone(), over.clone());
            tokio::spawn(async move {
                let mut reads = 0;
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(house.keys().await, ["a", "c"]);
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    for _ in 0..3 {
        begin(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
        house.catch_up().await;
        switch(&house.core.db, &house.core.by, &house.tenants(), "toy", "things", false).await.unwrap();
        rebuild::switch_back(&house.core.db, &house.core.by, "toy", "things").await.unwrap();
        // Readers may still read the table whose name they have looked up.
        tokio::time::sleep(A_MOMENT * 5).await;
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_event_parks_its_own_tenant_and_view_only_until_a_retry() {
    let house = house().await;
    record(&house.core, house.acme, vec![("broken", json!({})), upsert("z", json!({}))]).await;
    record(&house.core, house.globex, vec![upsert("z", json!({}))]).await;
    let running = house.run();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let copies = status(&house.core.db, house.core.ambient.now()).await.unwrap();
        let things = copies.iter().find(|copy| copy.view == "things").unwrap();
        let others = copies.iter().find(|copy| copy.view == "others").unwrap();
        if (things.tenants_behind, things.tenants_parked, others.tenants_behind) == (1, 1, 0) {
            assert_eq!(things.events - things.projected, 2, "the events before it were projected");
            assert!(things.lag_seconds > 0.0);
            let parked = &things.parked[0];
            let entry = (parked.tenant.as_str(), parked.position, parked.error.as_str());
            assert_eq!(entry, ("acme", 5, "project: trap"), "{things:#?}");
            assert!(things.parked.len() == 1 && others.parked.is_empty(), "{copies:#?}");
            break;
        }
        assert!(Instant::now() < deadline, "{copies:#?}");
        tokio::time::sleep(A_MOMENT).await;
    }
    running.stop().await;
    assert_eq!(retry(&house.core.db, &house.core.by, house.acme, "toy", "things").await.unwrap(), 1);
    assert_eq!(
        retry(&house.core.db, &house.core.by, house.globex, "toy", "things").await.unwrap(),
        0,
        "nothing is parked there"
    );
    let parked = consumers::parked(&house.core.db, house.acme).await.unwrap();
    assert!(parked[0].retry_at <= time::OffsetDateTime::now_utc());
}

#[tokio::test]
async fn retry_all_makes_parked_consumers_of_one_plugin_due() {
    let house = house().await;
    record(&house.core, house.acme, vec![("broken", json!({}))]).await;
    let toy = Toy::new();
    for _ in 0..4 {
        while let Ok(consumers::Step::Advanced { .. }) =
            house.core.consumers.project_batch(&toy, house.acme, "things").await
        {}
        retry(&house.core.db, &house.core.by, house.acme, "toy", "things").await.unwrap();
    }
    house
        .database
        .run("update eaf.checkpoint set retry_at = now() + interval '1 minute' where error is not null")
        .await;
    let parked = async || consumers::parked(&house.core.db, house.acme).await.unwrap().remove(0);
    assert!(parked().await.failures > 1);
    assert_eq!(consumers::retry_all(&house.core.db, "another").await.unwrap(), 0);
    assert!(parked().await.retry_at > time::OffsetDateTime::now_utc());

    assert_eq!(consumers::retry_all(&house.core.db, "toy").await.unwrap(), 1);
    let due = parked().await;
    assert!(due.failures == 0 && due.retry_at <= time::OffsetDateTime::now_utc(), "{due:?}");
}

#[tokio::test]
async fn an_unknown_view_or_copy_is_an_error() {
    let house = house().await;
    for (message, expected) in [
        (
            begin(&house.core.db, &house.core.by, "toy", "nothing").await.unwrap_err().to_string(),
            "no active view nothing",
        ),
        (
            rebuild::switch_back(&house.core.db, &house.core.by, "toy", "things").await.unwrap_err().to_string(),
            "no standby copy to switch back to",
        ),
        (
            switch(&house.core.db, &house.core.by, &[], "toy", "things", false).await.unwrap_err().to_string(),
            "no rebuild of toy/things",
        ),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

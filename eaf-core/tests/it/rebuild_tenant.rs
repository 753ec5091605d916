//! Tests of the rebuild of one tenant's rows: erased data is removed even if the rebuild fails, and
//! other consumers are not delayed.

use crate::erasure::{PATIENCE, member, names, record_named};
use crate::toy::{Toy, home, ordered, record, upsert};
use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::consumers::{self, Runner, Step, prepare, rebuild};
use eaf_core::contract::*;
use eaf_core::crypto::key_cache_grace;
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::Database;
use eaf_core::workflow;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Creates a tenant and a person whose name is in a row of a view. The test erases the person.
async fn with_name_in_view() -> (Database, Core, Toy, TenantId, ActorId) {
    let (database, core, toy, tenant) = home().await;
    let anna = core.directory.put_member(&core.by, tenant, member("Canary-Anna")).await.unwrap();
    record_named(&core, tenant, "a", anna, "Canary-Anna").await;
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    (database, core, toy, tenant, anna)
}

/// Makes all scheduled rebuilds due.
async fn make_rebuilds_due(database: &Database) {
    database.run("update eaf.checkpoint set rebuild_at = now() where rebuild_at is not null").await;
}

#[tokio::test]
async fn a_parked_view_is_rebuilt_up_to_its_failing_event() {
    let (_database, core, toy, tenant, anna) = with_name_in_view().await;
    record(&core, tenant, vec![("broken", json!({})), upsert("b", json!({ "name": "Ben" }))]).await;
    assert!(core.consumers.project_batch(&toy, tenant, "things").await.is_err());
    core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    assert_eq!(names(&core, tenant).await, ["Canary-Anna"]);

    consumers::retry(&core.db, &core.by, tenant, "toy", "things").await.unwrap();
    assert!(core.consumers.project_batch(&toy, tenant, "things").await.is_err(), "the event still fails");
    assert_eq!(names(&core, tenant).await, [""]);
    let parked = &consumers::parked(&core.db, tenant).await.unwrap()[0];
    assert_eq!((parked.position, parked.error.as_str()), (1, "project: trap"));
}

#[tokio::test]
async fn an_erasure_waits_for_a_locked_view_and_schedules_others_at_once() {
    let (database, core, toy, tenant) = home().await;
    let anna = core.directory.put_member(&core.by, tenant, member("Anna")).await.unwrap();
    record(&core, tenant, vec![upsert("a", json!({}))]).await;
    for view in ["things", "others"] {
        core.consumers.project_batch(&toy, tenant, view).await.unwrap();
    }
    let scheduled = async || -> i64 {
        let query = "select count(*) from eaf.checkpoint where rebuild_at is not null";
        sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap()
    };
    let mut other = database.superuser().await;
    let mut projecting = sqlx::Connection::begin(&mut other).await.unwrap();
    let lock = "select from eaf.checkpoint c join eaf.view_copy k on k.table_name = c.consumer
                join eaf.view v using (digest) where v.view = 'things' for update of c";
    sqlx::query(lock).execute(&mut *projecting).await.unwrap();
    let erasing = tokio::spawn({
        let core = core.clone();
        async move { core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await }
    });
    let deadline = Instant::now() + PATIENCE;
    while scheduled().await < 1 {
        assert!(Instant::now() < deadline, "no rebuild was scheduled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!erasing.is_finished());
    projecting.rollback().await.unwrap();
    assert_eq!(erasing.await.unwrap().unwrap(), 2);
    assert_eq!(scheduled().await, 2);
}

#[tokio::test]
async fn a_second_erasure_does_not_postpone_the_first_rebuild() {
    let (database, core, toy, tenant, anna) = with_name_in_view().await;
    let ben = core.directory.put_member(&core.by, tenant, member("Canary-Ben")).await.unwrap();
    let waits = async || -> (bool, bool) {
        let query = "select rebuild_at <= now(), rebuild_again_at > now() + interval '30 s' from eaf.checkpoint c
                     join eaf.view_copy k on k.table_name = c.consumer join eaf.view v using (digest) where v.view = 'things'";
        let row: (Option<bool>, Option<bool>) =
            sqlx::query_as(query).fetch_one(&mut database.superuser().await).await.unwrap();
        (row.0.unwrap_or(false), row.1.unwrap_or(false))
    };
    core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    assert_eq!(waits().await, (true, false));
    let views = core.erasure.erase(&core.by, tenant, ben, key_cache_grace()).await.unwrap();
    assert_eq!(waits().await, (true, true), "put off");
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    assert_eq!(names(&core, tenant).await, [""]);
    // The rows are rebuilt once more for the second person, who has no certificate before that.
    assert!(core.erasure.finish(tenant, ben, views).await.unwrap().is_none());
    make_rebuilds_due(&database).await;
    for view in ["things", "others"] {
        core.consumers.project_batch(&toy, tenant, view).await.unwrap();
    }
    assert!(
        core.erasure.finish(tenant, ben, views).await.unwrap().is_none(),
        "others is folded for the second only now"
    );
    make_rebuilds_due(&database).await;
    core.consumers.project_batch(&toy, tenant, "others").await.unwrap();
    assert!(core.erasure.finish(tenant, ben, views).await.unwrap().is_some());
}

#[tokio::test]
async fn one_rebuild_completes_all_rebuilds_that_are_due_at_its_start() {
    let (database, core, toy, tenant, _) = with_name_in_view().await;
    record(&core, tenant, vec![upsert("b", json!({}))]).await;
    let waits = "select coalesce(rebuild_at > now(), false), coalesce(rebuild_again_at > now(), false)
                 from eaf.checkpoint c join eaf.view_copy k on k.table_name = c.consumer join eaf.view v using (digest) where v.view = 'things'";
    for (first, again, expected) in [
        ("now() - interval '2 s'", "now() - interval '1 s'", (false, false)),
        ("now() - interval '1 s'", "now() + interval '30 s'", (true, false)),
        ("now() + interval '30 s'", "now() + interval '40 s'", (true, true)),
    ] {
        database.run(&format!("update eaf.checkpoint set rebuild_at = {first}, rebuild_again_at = {again}")).await;
        core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
        assert_eq!(names(&core, tenant).await.len(), 2, "{first}, {again}");
        let left: (bool, bool) = sqlx::query_as(waits).fetch_one(&mut database.superuser().await).await.unwrap();
        assert_eq!(left, expected, "{first}, {again}");
        assert_eq!(core.consumers.project_batch(&toy, tenant, "things").await.unwrap(), Step::CaughtUp);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_becomes_due_during_a_rebuild_runs_after_it() {
    let (database, core, toy, tenant, _) = with_name_in_view().await;
    record(&core, tenant, vec![upsert("slow", json!({})), upsert("b", json!({}))]).await;
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    let slow = Arc::new(Slow { toy, blocked: watch::Sender::new(&["slow"]) });
    database
        .run("update eaf.checkpoint set rebuild_at = now(), rebuild_again_at = clock_timestamp() + interval '300 ms'")
        .await;
    let projecting = tokio::spawn({
        let (core, slow) = (core.clone(), slow.clone());
        async move { core.consumers.project_batch(&*slow, tenant, "things").await }
    });
    slow.until_blocked().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    slow.blocked.send_replace(&[]);
    assert!(matches!(projecting.await.unwrap().unwrap(), Step::Advanced { changes: 3, .. }));
    assert_eq!(names(&core, tenant).await.len(), 3);
    assert!(matches!(
        core.consumers.project_batch(&*slow, tenant, "things").await,
        Ok(Step::Advanced { changes: 3, .. })
    ));
}

#[tokio::test]
async fn an_unreadable_event_ends_a_rebuild_without_erased_rows() {
    let (database, core, toy, tenant, anna) = with_name_in_view().await;
    let ben = core.directory.put_member(&core.by, tenant, member("Canary-Ben")).await.unwrap();
    record_named(&core, tenant, "b", ben, "Canary-Ben").await;
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    let altered = r#"regexp_replace(convert_from(data, 'UTF8'), '(sealed":\s*".{60}).{8}', '\1AAAAAAAA')"#;
    database.run(&format!("update eaf.event set data = convert_to({altered}, 'UTF8') where pos = 2")).await;
    core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    assert!(core.consumers.project_batch(&toy, tenant, "things").await.is_err());
    assert_eq!(names(&core, tenant).await, [""]);
    let parked = &consumers::parked(&core.db, tenant).await.unwrap()[0];
    assert_eq!((parked.position, parked.error.as_str()), (1, "log"));
}

#[tokio::test]
async fn a_view_inactive_at_an_erasure_is_rebuilt_when_active_again() {
    let (database, core, toy, tenant, anna) = with_name_in_view().await;
    prepare(&core.db, &Toy::without_views()).await.unwrap();
    let views = core.erasure.erase(&core.by, tenant, anna, key_cache_grace()).await.unwrap();
    prepare(&core.db, &toy).await.unwrap();
    assert_eq!(names(&core, tenant).await, [""; 0]);
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    // The host that projected the rows may have cached the key.
    assert!(core.erasure.finish(tenant, anna, views).await.unwrap().is_none());
    make_rebuilds_due(&database).await;
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    assert!(core.erasure.finish(tenant, anna, views).await.unwrap().is_some());
}

#[tokio::test]
async fn a_value_postgresql_rejects_ends_a_rebuild_without_erased_rows() {
    let (database, core, toy, tenant, anna) = with_name_in_view().await;
    record(&core, tenant, vec![upsert("b", json!({ "size": 7 }))]).await;
    let table: String = sqlx::query_scalar(
        "select k.table_name from eaf.view_copy k join eaf.view v using (digest) where v.view = 'things'",
    )
    .fetch_one(&mut database.superuser().await)
    .await
    .unwrap();
    // Any value that PostgreSQL rejects.
    database
        .run(&format!(
            "create function eaf_view.refuse() returns trigger language plpgsql as
             $$begin if new.size = 7 then raise sqlstate '22008'; end if; return new; end$$;
             create trigger refuse before insert on eaf_view.{table} for each row execute function eaf_view.refuse()"
        ))
        .await;
    core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    assert!(core.consumers.project_batch(&toy, tenant, "things").await.is_err());
    assert_eq!(names(&core, tenant).await, [""]);
    let parked = &consumers::parked(&core.db, tenant).await.unwrap()[0];
    assert_eq!((parked.position, parked.error.as_str()), (1, "project: a value that PostgreSQL refuses"));
}

/// Toy plugin whose component blocks when it gets an event with a key in `blocked`.
struct Slow {
    toy: Toy,
    blocked: watch::Sender<&'static [&'static str]>,
}

impl Slow {
    /// Waits until a call of the plugin blocks.
    async fn until_blocked(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.blocked.receiver_count() == 0 {
            assert!(Instant::now() < deadline, "no call is blocked");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[async_trait]
impl Domain for Slow {
    fn plugin(&self) -> &str {
        self.toy.plugin()
    }
    fn digest(&self) -> &str {
        self.toy.digest()
    }
    fn generation(&self) -> i64 {
        self.toy.generation()
    }
    fn description(&self) -> &Description {
        self.toy.description()
    }
    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        self.toy.boundary(input).await
    }
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        self.toy.decide(input).await
    }
    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        self.toy.fold(input).await
    }
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError> {
        self.toy.keys(input).await
    }
    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError> {
        let is_free =
            |blocked: &&[&str]| !input.events.iter().any(|event| blocked.iter().any(|key| event.data["key"] == *key));
        if !is_free(&self.blocked.borrow()) {
            self.blocked.subscribe().wait_for(is_free).await.expect("the sender is here");
        }
        self.toy.project(input).await
    }
    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError> {
        self.toy.actions(input).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rebuilds_delay_no_other_tenant() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let slow = Arc::new(Slow { toy: Toy::new(), blocked: watch::Sender::new(&[]) });
    prepare(&core.db, &*slow).await.unwrap();
    let quick = add_tenant(&core.db, &core.by, "quick", "Quick").await.unwrap();
    for n in 0..4 {
        let tenant = add_tenant(&core.db, &core.by, &format!("slow-{n}"), "Slow").await.unwrap();
        record(&core, tenant, vec![upsert("slow", json!({}))]).await;
        for view in ["things", "others"] {
            core.consumers.project_batch(&*slow, tenant, view).await.unwrap();
        }
    }
    // There are eight rebuilds, more than there are parallel batches.
    database.run("update eaf.checkpoint set rebuild_at = now()").await;
    slow.blocked.send_replace(&["slow"]);
    let running = tokio::spawn(Runner::new(Arc::new(core.clone()), vec![slow.clone()]).run(std::future::pending()));
    for n in 0..3 {
        let recorded = record(&core, quick, vec![upsert(&n.to_string(), json!({}))]).await;
        let seen =
            consumers::wait_for(&core.db, &core.feed, quick, "toy", slow.toy.view(), recorded, Duration::from_secs(10))
                .await;
        assert!(seen.is_ok(), "{seen:?}");
    }
    slow.blocked.send_replace(&[]);
    let left = "select count(*) from eaf.checkpoint where rebuild_at is not null";
    let deadline = Instant::now() + PATIENCE;
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database.superuser().await).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "not rebuilt");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_delays_no_other_consumer_of_its_tenant_nor_the_stop() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let slow = Arc::new(Slow { toy: Toy::new(), blocked: watch::Sender::new(&[]) });
    prepare(&core.db, &*slow).await.unwrap();
    let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    record(&core, tenant, vec![upsert("slow", json!({}))]).await;
    for view in ["things", "others"] {
        core.consumers.project_batch(&*slow, tenant, view).await.unwrap();
    }
    let void = "update eaf.checkpoint p set rebuild_at = now() from eaf.view_copy k, eaf.view v
                where k.table_name = p.consumer and v.digest = k.digest and v.view = 'things'";
    database.run(void).await;
    slow.blocked.send_replace(&["slow"]);
    let (stop, stopped) = watch::channel(false);
    let run = |mut stopped: watch::Receiver<bool>| {
        let runner = Runner::new(Arc::new(core.clone()), vec![slow.clone()]);
        tokio::spawn(async move { runner.run(async move { drop(stopped.wait_for(|stop| *stop).await) }).await })
    };
    let running = run(stopped.clone());
    let others = &slow.toy.description().views[1];
    for n in 0..3 {
        let recorded = record(&core, tenant, vec![upsert(&n.to_string(), json!({})), ordered(&n.to_string())]).await;
        let seen =
            consumers::wait_for(&core.db, &core.feed, tenant, "toy", others, recorded, Duration::from_secs(10)).await;
        assert!(seen.is_ok(), "{seen:?}");
        let deadline = Instant::now() + Duration::from_secs(10);
        while workflow::list(&core.db, tenant, None, None, 100).await.unwrap().len() < 2 * (n + 1) {
            assert!(Instant::now() < deadline, "no run was started");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    // The rebuild still runs, and the stop does not wait for it.
    slow.until_blocked().await;
    stop.send_replace(true);
    tokio::time::timeout(Duration::from_secs(10), running).await.expect("it ends").unwrap();
    slow.blocked.send_replace(&[]);
    let (_stop, stopped) = watch::channel(false);
    let running = run(stopped);
    let things = slow.toy.view();
    let last = record(&core, tenant, vec![upsert("last", json!({}))]).await;
    consumers::wait_for(&core.db, &core.feed, tenant, "toy", things, last, PATIENCE).await.unwrap();
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_built_delays_no_other_consumer_of_its_tenant() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let slow = Arc::new(Slow { toy: Toy::new(), blocked: watch::Sender::new(&[]) });
    prepare(&core.db, &*slow).await.unwrap();
    let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    record(&core, tenant, vec![upsert("first", json!({}))]).await;
    for _ in 0..10 {
        record(&core, tenant, (0..500).map(|n| upsert(&format!("{n}"), json!({}))).collect()).await;
    }
    record(&core, tenant, vec![upsert("last", json!({}))]).await;
    for view in ["things", "others"] {
        while core.consumers.project_batch(&*slow, tenant, view).await.unwrap() != Step::CaughtUp {}
    }
    rebuild::begin(&core.db, &core.by, "toy", "things").await.unwrap();

    slow.blocked.send_replace(&["first", "last"]);
    let running = tokio::spawn(Runner::new(Arc::new(core.clone()), vec![slow.clone()]).run(std::future::pending()));
    slow.until_blocked().await;
    let meanwhile = record(&core, tenant, vec![upsert("meanwhile", json!({}))]).await;
    // The copy's last batch, the sixth, blocks until the end.
    slow.blocked.send_replace(&["last"]);
    consumers::wait_for(&core.db, &core.feed, tenant, "toy", slow.toy.view(), meanwhile, PATIENCE).await.unwrap();
    slow.until_blocked().await;
    running.abort();
}

//! A tenant's rows are folded anew: what nobody may read goes in any case, and nobody else waits.

use crate::erasure::{PATIENCE, act, member, names, record_named};
use crate::toy::{Toy, home, record, upsert};
use async_trait::async_trait;
use eaf_core::contract::*;
use eaf_core::directory::{add_tenant, put_member};
use eaf_core::erasure::erase;
use eaf_core::projection::{self, Runner, prepare};
use eaf_core::testing::Database;
use eaf_core::view;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

#[tokio::test]
async fn an_erased_person_is_gone_from_a_view_that_is_stuck_behind_a_poisoned_event() {
    let (_database, core, toy, tenant) = home().await;
    let anna = put_member(&core, tenant, member("Canary-Anna")).await.unwrap();
    record_named(&core, tenant, "a", anna, "Canary-Anna").await;
    projection::run_once(&core, &toy, tenant, "things").await.unwrap();
    record(&core, tenant, vec![("broken", json!({})), upsert("b", json!({ "name": "Ben" }))]).await;
    assert!(projection::run_once(&core, &toy, tenant, "things").await.is_err());
    erase(&core, tenant, anna, Duration::ZERO, &act()).await.unwrap();
    assert_eq!(names(&core, tenant).await, ["Canary-Anna"]);

    projection::retry(&core, tenant, "toy", "things").await.unwrap();
    assert!(projection::run_once(&core, &toy, tenant, "things").await.is_err(), "the event is as poisoned as before");
    assert_eq!(names(&core, tenant).await, [""]);
    let parked = &projection::parked(&core, tenant).await.unwrap()[0];
    assert_eq!((parked.position, parked.error.as_str()), (1, "project: trap"));
}

#[tokio::test]
async fn an_erasure_waits_for_a_view_that_is_being_folded_and_tells_the_others_at_once() {
    let (database, core, toy, tenant) = home().await;
    let anna = put_member(&core, tenant, member("Anna")).await.unwrap();
    record(&core, tenant, vec![upsert("a", json!({}))]).await;
    for view in ["things", "others"] {
        projection::run_once(&core, &toy, tenant, view).await.unwrap();
    }
    let told = async || -> i64 {
        let query = "select count(*) from eaf.checkpoint where refold_at is not null";
        sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap()
    };
    let mut other = database.superuser().await;
    let mut folding = sqlx::Connection::begin(&mut other).await.unwrap();
    let held = "select from eaf.checkpoint c join eaf.view_copy k on k.table_name = c.consumer
                join eaf.view v using (digest) where v.view = 'things' for update of c";
    sqlx::query(held).execute(&mut *folding).await.unwrap();
    let erasing = tokio::spawn({
        let core = core.clone();
        async move { erase(&core, tenant, anna, Duration::ZERO, &act()).await }
    });
    let deadline = Instant::now() + PATIENCE;
    while told().await < 1 {
        assert!(Instant::now() < deadline, "nobody was told");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!erasing.is_finished());
    folding.rollback().await.unwrap();
    assert_eq!(erasing.await.unwrap().unwrap(), 2);
    assert_eq!(told().await, 2);
}

/// The toy, whose component takes its time with events of the key `slow` until it is let go on.
struct Slow {
    toy: Toy,
    held: watch::Sender<bool>,
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
        if input.events.iter().any(|event| event.data["key"] == "slow") {
            self.held.subscribe().wait_for(|held| !held).await.expect("the sender is here");
        }
        self.toy.project(input).await
    }
    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError> {
        self.toy.actions(input).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_views_that_are_folded_anew_keep_no_tenant_waiting() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let slow = Arc::new(Slow { toy: Toy::new(), held: watch::Sender::new(false) });
    prepare(&core, &*slow).await.unwrap();
    let quick = add_tenant(&core, "quick", "Quick").await.unwrap();
    for n in 0..4 {
        let tenant = add_tenant(&core, &format!("slow-{n}"), "Slow").await.unwrap();
        record(&core, tenant, vec![upsert("slow", json!({}))]).await;
        for view in ["things", "others"] {
            projection::run_once(&core, &*slow, tenant, view).await.unwrap();
        }
    }
    // Eight of them, more than there are batches at the same time.
    database.run("update eaf.checkpoint set refold_at = now()").await;
    slow.held.send_replace(true);
    let running = tokio::spawn(Runner::new(Arc::new(core.clone()), vec![slow.clone()]).run(std::future::pending()));
    for n in 0..3 {
        let recorded = record(&core, quick, vec![upsert(&n.to_string(), json!({}))]).await;
        let seen = view::wait_for(&core, quick, "toy", slow.toy.view(), recorded, Duration::from_secs(10)).await;
        assert!(seen.is_ok(), "{seen:?}");
    }
    slow.held.send_replace(false);
    let left = "select count(*) from eaf.checkpoint where refold_at is not null";
    let deadline = Instant::now() + PATIENCE;
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database.superuser().await).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "not folded anew");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.abort();
}

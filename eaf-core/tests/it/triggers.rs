//! Tests of triggers: an event starts exactly one run, with any number of hosts and repetitions.

use crate::toy::{Toy, home, ordered, record, upsert};
use eaf_core::Core;
use eaf_core::consumers::{Step, parked, prepare, trigger};
use eaf_core::directory::add_tenant;
use eaf_core::id::{HostId, TenantId};
use eaf_core::testing::Database;
use eaf_core::workflow;
use serde_json::json;
use std::collections::BTreeSet;

async fn start(core: &Core, toy: &Toy, tenant: TenantId, workflow: &str) -> usize {
    let mut started = 0;
    loop {
        match core.consumers.run_trigger_batch(toy, tenant, workflow).await.unwrap() {
            Step::Advanced { changes, .. } => started += changes,
            Step::CaughtUp => return started,
            Step::Busy => tokio::task::yield_now().await,
            step => panic!("it does not move: {step:?}"),
        }
    }
}

async fn keys(core: &Core, tenant: TenantId) -> Vec<String> {
    let runs = workflow::list(&core.db, tenant, None, None, 1_000).await.unwrap();
    let mut keys: Vec<String> = runs.into_iter().map(|run| run.key).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn two_hosts_start_each_run_exactly_once() {
    let database = Database::fresh().await;
    let (one, two, toy) = (database.core().await, database.core().await, Toy::new());
    prepare(&one.db, &toy).await.unwrap();
    let acme = add_tenant(&one.db, &one.by, "acme", "Acme").await.unwrap();
    let orders: Vec<String> = (0..450).map(|n| format!("k{n:03}")).collect();
    record(&one, acme, orders.iter().map(|key| ordered(key)).collect()).await;
    let (first, second) = tokio::join!(start(&one, &toy, acme, "act"), start(&two, &toy, acme, "act"));
    assert_eq!(first + second, 450);
    assert_eq!(keys(&one, acme).await, orders);

    // Two hosts claim concurrently, and each run is claimed by one.
    let plugins = ["toy".to_owned()];
    let hosts = [HostId(one.ambient.uuid()), HostId(one.ambient.uuid())];
    let (a, b) = tokio::join!(
        workflow::claim(&one.db, &one.keyring, hosts[0], workflow::LEASE, &plugins, 40),
        workflow::claim(&two.db, &two.keyring, hosts[1], workflow::LEASE, &plugins, 40)
    );
    let claimed: Vec<_> = a.unwrap().into_iter().chain(b.unwrap()).map(|(run, _)| run).collect();
    assert_eq!(claimed.iter().map(|run| run.id).collect::<BTreeSet<_>>().len(), claimed.len());
    assert!(claimed.len() >= 40);
    assert!(claimed.iter().all(|run| run.event.data["key"] == run.key.as_str() && run.event.kind == "ordered"));
}

#[tokio::test]
async fn rebuilds_and_new_workflows_start_no_runs_of_earlier_events() {
    let database = Database::fresh().await;
    let (core, toy) = (database.core().await, Toy::new());
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    record(&core, acme, vec![ordered("history"), upsert("a", json!({}))]).await;
    prepare(&core.db, &toy).await.unwrap();
    record(&core, acme, vec![ordered("fresh")]).await;
    assert_eq!(start(&core, &toy, acme, "act").await, 1);
    assert_eq!(keys(&core, acme).await, ["fresh"]);

    let rebuilt = Toy::of_version(2);
    prepare(&core.db, &rebuilt).await.unwrap();
    assert!(matches!(
        core.consumers.project_batch(&rebuilt, acme, "things").await.unwrap(),
        Step::Advanced { changes: 1, .. }
    ));
    assert_eq!(start(&core, &rebuilt, acme, "act").await, 0);
    assert_eq!(keys(&core, acme).await, ["fresh"]);
}

#[tokio::test]
async fn an_event_without_key_or_subject_parks_its_trigger() {
    let (_database, core, toy, acme) = home().await;
    record(&core, acme, vec![ordered("good"), ("ordered", json!({"key": "k", "subject": "nobody"}))]).await;
    assert!(matches!(core.consumers.run_trigger_batch(&toy, acme, "act").await, Ok(Step::Advanced { changes: 1, .. })));
    assert!(matches!(core.consumers.run_trigger_batch(&toy, acme, "act").await, Err(trigger::Error::NoSubject { .. })));
    let parked = parked(&core.db, acme).await.unwrap();
    assert_eq!(parked[0].consumer, "workflow/act");
    assert_eq!(parked[0].error, "trigger: no subject");
    assert_eq!(keys(&core, acme).await, ["good"], "what came before it does not wait");
}

#[tokio::test]
async fn a_retired_workflow_has_no_lag_and_continues_when_registered_again() {
    let (database, core, both, acme) = home().await;
    record(&core, acme, vec![ordered("seen")]).await;
    for workflow in ["act", "later"] {
        assert_eq!(start(&core, &both, acme, workflow).await, 1);
    }
    let fewer = Toy::without_workflow("later");
    prepare(&core.db, &fewer).await.unwrap();
    record(&core, acme, vec![ordered("meanwhile")]).await;
    let lagging = async || -> Vec<String> {
        let workflows = "select consumer from eaf.lagging_consumers() where view is null order by consumer";
        sqlx::query_scalar(workflows).fetch_all(&mut database.as_role("eaf_platform").await).await.unwrap()
    };
    assert_eq!(lagging().await, ["workflow/act"]);
    assert_eq!(start(&core, &fewer, acme, "act").await, 1);
    assert_eq!(lagging().await, Vec::<String>::new());

    prepare(&core.db, &both).await.unwrap();
    assert_eq!(lagging().await, ["workflow/later"]);
    assert_eq!(start(&core, &both, acme, "later").await, 1, "the events of the meantime");
    assert_eq!(keys(&core, acme).await, ["meanwhile", "meanwhile", "seen", "seen"]);
}

#[tokio::test]
async fn an_inactive_view_has_no_lag_and_continues_when_active_again() {
    let (database, core, with, acme) = home().await;
    record(&core, acme, vec![ordered("seen")]).await;
    let lagging = async || -> i64 {
        let views = "select count(*) from eaf.lagging_consumers() where view is not null";
        sqlx::query_scalar(views).fetch_one(&mut database.as_role("eaf_platform").await).await.unwrap()
    };
    assert!(lagging().await > 0);
    prepare(&core.db, &Toy::without_views()).await.unwrap();
    assert_eq!(lagging().await, 0);
    prepare(&core.db, &with).await.unwrap();
    assert!(lagging().await > 0, "the events of the meantime");
}

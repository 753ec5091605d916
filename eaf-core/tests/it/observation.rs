//! Tests of observation: leases of connections, and the age of observed states.

use eaf_core::Core;
use eaf_core::connection::{ConnectionUse, NewConnection};
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::managed_resource::{self, Key};
use eaf_core::observation::{self, ManagedResource, Observation, ObservationLease, Reported};
use eaf_core::testing::Database;
use serde_json::{Map, json};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(240);

async fn connect(core: &Core, tenant: TenantId, name: &str, url: &str) {
    let new = NewConnection {
        capability: "vsphere".into(),
        name: name.into(),
        config: json!({ "url": url }),
        secret: Some(Map::new()),
        non_routing_fields: &[],
    };
    let mut tx = core.db.tenant(tenant).await.unwrap();
    core.connections.put(&mut tx, &new, ActorId::SYSTEM).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(core: &Core) -> Option<ObservationLease> {
    observation::claim(&core.db, &["vsphere".to_owned()], LEASE).await.unwrap()
}

/// Claims the next connection whose observation is due.
async fn claimed(core: &Core) -> Option<(TenantId, String)> {
    claim(core).await.map(|turn| (turn.tenant, turn.connection))
}

#[tokio::test]
async fn a_server_is_observed_by_one_host_at_a_time_across_tenants() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    connect(&core, globex, "main", "https://VC.example:443").await;
    connect(&core, globex, "other", "https://vc2.example/sdk").await;
    let (one, two) = tokio::join!(claim(&core), claim(&core));
    let (one, two) = (one.unwrap(), two.unwrap());
    let names = |turn: &ObservationLease| turn.connection.clone();
    assert_eq!(std::collections::BTreeSet::from([names(&one), names(&two)]).len(), 2, "two servers: {one:?} {two:?}");
    assert_eq!(claim(&core).await, None, "the third leads to a server that is read now");

    let first = if one.connection == "main" { &one } else { &two };
    observation::finish(&core.db, first, 0, PAUSE).await.unwrap();
    let third = claim(&core).await.expect("the server is free again");
    assert!(third.connection == "main" && third.tenant != first.tenant);
    observation::finish(&core.db, &third, 0, PAUSE).await.unwrap();
    assert_eq!(claim(&core).await, None, "all had their turn");
}

async fn check(core: &Core, tenant: TenantId, error: Option<&str>) {
    let set_at = core.connections.list(tenant).await.unwrap()[0].updated_at;
    core.connections.record_check(tenant, "vsphere", "main", set_at, error).await.unwrap();
}

#[tokio::test]
async fn a_connection_with_new_settings_is_observed_at_once() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    let turn = claim(&core).await.unwrap();
    observation::finish(&core.db, &turn, 3, Duration::from_secs(86_400)).await.unwrap();
    assert_eq!((claim(&core).await, observation::failures(&core.db, &turn).await.unwrap()), (None, 3));
    check(&core, acme, None).await;
    let turn = claim(&core).await.expect("a test that went through says that it is worth it");
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    observation::finish(&core.db, &turn, 4, Duration::from_secs(86_400)).await.unwrap();
    let due = claimed(&core).await;
    assert_eq!(due, Some((acme, "main".into())), "the turn that began with the old settings settles nothing");
    assert_eq!(observation::failures(&core.db, &turn).await.unwrap(), 0);
}

#[tokio::test]
async fn an_observation_with_old_settings_does_not_affect_newer_ones() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let set_at = async || core.connections.get(acme, "vsphere", "main").await.unwrap().unwrap().set_at;
    let used = async |set_at, error| {
        let used = ConnectionUse { capability: "vsphere", name: "main", set_at };
        core.connections.record_use(acme, used, error, None).await.unwrap();
        core.connections.list(acme).await.unwrap().remove(0).use_error
    };
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    let (old, before) = (claim(&core).await.unwrap(), set_at().await);
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    let new = claim(&core).await.expect("what was set is due at once");
    assert_eq!(used(before, Some("vcenter-login")).await, None);
    observation::finish(&core.db, &old, 1, Duration::from_secs(3_600)).await.unwrap();
    assert_eq!(observation::failures(&core.db, &new).await.unwrap(), 0);
    assert_eq!(claim(&core).await, None, "the newer turn has its lease still");
    assert_eq!(used(set_at().await, Some("vcenter-unreachable")).await.as_deref(), Some("vcenter-unreachable"));
    observation::finish(&core.db, &new, 0, Duration::ZERO).await.unwrap();
    assert_eq!(claimed(&core).await, Some((acme, "main".into())));
}

#[tokio::test]
async fn a_removed_resource_is_not_observed() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    for (identity, stage) in [("vm-1", "removed"), ("vm-2", "present"), ("vm-3", "creating")] {
        let key = Key { tenant: acme, plugin: "dcm".into(), capability: "vsphere".into(), identity: identity.into() };
        managed_resource::put(&core.db, &key, &json!({ "stage": stage, "name": identity })).await.unwrap();
    }
    let present = json!({ "stage": "present" });
    let things = observation::resources(&core.db, acme, "dcm", "vsphere", &present).await.unwrap();
    assert_eq!(things.iter().map(|thing| thing.identity.as_str()).collect::<Vec<_>>(), ["vm-2"]);
}

#[tokio::test]
async fn an_unchanged_resource_stays_fresh_and_is_reported_once() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    for (tenant, identity) in [(acme, "vm-1"), (acme, "vm-2"), (globex, "vm-1")] {
        let key = Key { tenant, plugin: "dcm".into(), capability: "vsphere".into(), identity: identity.into() };
        managed_resource::put(&core.db, &key, &json!({ "stage": "present" })).await.unwrap();
    }
    let at =
        async |tenant| observation::observed_at(&core.db, tenant, "dcm", "vsphere", &["vm-1", "vm-2"]).await.unwrap();
    assert!(at(acme).await.is_empty());
    let news = json!({ "power": "on" });
    let observe = async |reported| {
        let observation = Observation { identity: "vm-1".into(), reported };
        observation::record(&core.db, acme, "dcm", "vsphere", &[observation]).await.unwrap();
    };
    observe(Some(Reported { state: news.clone(), position: Some("1-7".into()) })).await;
    let first = at(acme).await["vm-1"];
    observe(None).await;
    assert!(at(acme).await["vm-1"] > first && at(acme).await.len() == 1 && at(globex).await.is_empty());
    let things = observation::resources(&core.db, acme, "dcm", "vsphere", &json!({})).await.unwrap();
    let reported = |thing: &ManagedResource| (thing.identity.clone(), thing.seen.clone(), thing.seen_position.clone());
    let order: Vec<_> = things.iter().map(reported).collect();
    let expected = [("vm-2".into(), None, None), ("vm-1".into(), Some(news), Some("1-7".into()))];
    assert_eq!(order, expected, "what was never looked at comes first");
}

#[tokio::test]
async fn a_call_updates_the_state_of_its_connection() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    connect(&core, acme, "main", "https://vc.example/sdk").await;
    let state = async || {
        let one = core.connections.list(acme).await.unwrap().remove(0);
        (one.last_error, one.used_at.is_some(), one.use_error)
    };
    let used = async |error| {
        let used = ConnectionUse { capability: "vsphere", name: "main", set_at: None };
        core.connections.record_use(acme, used, error, Some(&["vcenter-unreachable"])).await.unwrap();
    };
    assert_eq!(state().await, (None, false, None), "nothing is known");
    let turn = claim(&core).await.unwrap();
    used(Some("vcenter-login")).await;
    observation::finish(&core.db, &turn, 1, Duration::from_secs(86_400)).await.unwrap();
    assert_eq!((state().await, claim(&core).await), ((None, true, Some("vcenter-login".into())), None));
    used(None).await;
    assert_eq!(state().await, (None, true, None));
    assert_eq!(claimed(&core).await, Some((acme, "main".into())), "what works again is read again");
    check(&core, acme, Some("vcenter-permission")).await;
    used(None).await;
    assert_eq!(state().await.0.as_deref(), Some("vcenter-permission"), "a read does not need the missing privilege");
    check(&core, acme, Some("vcenter-unreachable")).await;
    used(Some("vcenter-login")).await;
    used(None).await;
    assert_eq!(state().await.0, None, "it was reached since");
}

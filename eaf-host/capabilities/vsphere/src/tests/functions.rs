//! Tests of each function: it does what its WIT contract says, and repeating the call changes
//! nothing.

use super::admin::{Admin, WEB_01};
use super::*;
use crate::client::reconfigure;
use eaf_test_support::document_members;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_cloned_changed_and_removed() {
    let bench = Bench::start(&["--clone-duration", "1s", "--address-delay", "300ms"]).await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap(), Value::Null);

    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(document_members("vsphere", "clone-spec"), members(&clone_of("web-01").args["spec"]));

    for _ in 0..2 {
        assert_eq!(bench.complete(&ensure_folder()).await.unwrap(), json!({ "path": "requests/web" }));
        let machine = bench.complete(&clone_of("web-01")).await.unwrap();
        assert_eq!(
            (&machine["name"], &machine["power"], &machine["cpus"], &machine["memory_mb"]),
            (&json!("web-01"), &json!("off"), &json!(4), &json!(8192))
        );
    }

    let resize = call("reconfigure", json!({ "identity": "vm-1", "cpus": 2, "memory_mb": 4096 }));
    for _ in 0..2 {
        let machine = bench.complete(&resize).await.unwrap();
        assert_eq!((&machine["cpus"], &machine["memory_mb"]), (&json!(2), &json!(4096)));
    }

    for _ in 0..2 {
        assert_eq!(bench.complete(&about("power-on")).await.unwrap()["power"], "on");
    }
    let wait = call("await-address", json!({ "identity": "vm-1", "timeout_ms": 30_000 }));
    let address = bench.complete(&wait).await.unwrap()["ip"].clone();
    assert!(address.as_str().unwrap().starts_with("10."), "{address}");
    let machine = bench.complete(&about("read-vm")).await.unwrap();
    assert_eq!(machine["ip"], address);
    assert_eq!(document_members("vsphere", "machine"), members(&machine));
    assert!(document_members("vsphere", "address").is_subset(&members(&bench.complete(&wait).await.unwrap())));

    let refused = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_str()), (Class::Conflict, "vm-running"));
    assert_eq!(bench.vcsim.machines().len(), 1);

    for _ in 0..2 {
        assert_eq!(bench.complete(&about("power-off")).await.unwrap()["power"], "off");
    }
    for _ in 0..2 {
        let answer = bench.complete(&about("destroy")).await.unwrap();
        assert_eq!(answer, absent());
        assert!(document_members("vsphere", "removed").is_subset(&members(&answer)));
    }
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap(), Value::Null);
    assert!(bench.vcsim.machines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_reports_rising_progress() {
    let bench = Bench::start(&["--clone-duration", "2s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clone = clone_of("web-01");
    let Started::Pending { handle, .. } = bench.provider.start(&clone).await.unwrap() else { panic!("over at once") };
    let mut seen = Vec::new();
    while let Polled::Running { progress, .. } = bench.provider.poll(&clone, &handle).await.unwrap() {
        seen.extend(progress);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen.dedup();
    assert!(seen.len() >= 3 && seen.is_sorted() && seen.iter().all(|p| *p < 100), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_of_one_template_are_cloned_concurrently() {
    let bench = Bench::start(&["--clone-duration", "2s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let mut other = clone_of("web-02");
    other.args["identity"] = json!("vm-2");
    other.idempotency_key = "run/other".into();
    assert!(matches!(bench.provider.start(&clone_of("web-01")).await.unwrap(), Started::Pending { .. }));
    // The clone of the second machine starts although the clone of the first is still running.
    assert!(matches!(bench.provider.start(&other).await.unwrap(), Started::Pending { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_state_changed_by_another_client_is_read() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let admin = Admin::of(&bench);
    admin.power(&admin.object(&WEB_01).await, "PowerOffVM_Task").await;
    let until = Instant::now() + DEADLINE;
    while bench.complete(&about("read-vm")).await.unwrap()["power"] != "off" {
        assert!(Instant::now() < until, "the power state is not read anew");
    }
    // The administrator has already powered the machine off, so `power-off` has nothing to do.
    assert_eq!(bench.complete(&about("power-off")).await.unwrap()["power"], "off");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_an_address_ends_with_the_time_out() {
    let bench = Bench::start(&["--address-delay", "1h"]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let wait = call("await-address", json!({ "identity": "vm-1", "timeout_ms": 100 }));
    let failure = bench.complete(&wait).await.unwrap_err();
    assert_eq!(failure.code, "no-address");
    assert!(failure.message.contains("VMware Tools do not run"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_and_plugins_do_not_see_each_others_machines() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let foreign_tenant = Call { tenant: TenantId::derive("globex"), ..about("read-vm") };
    let foreign_plugin = Call { plugin: "counter".into(), ..about("read-vm") };
    assert_eq!(bench.complete(&foreign_tenant).await.unwrap(), Value::Null);
    assert_eq!(bench.complete(&foreign_plugin).await.unwrap(), Value::Null);
    let failure = bench.complete(&Call { tenant: TenantId::derive("globex"), ..about("power-on") }).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::NotFound, "vm-missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_changed_uuid_is_removed() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    change_uuid(&bench).await;
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    assert!(bench.vcsim.machines().is_empty(), "{:?}", bench.vcsim.machines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_in_an_invisible_folder_does_not_count_as_absent() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    change_uuid(&bench).await;
    bench.records.clear();
    for (key, right, wrong) in [("datacenter", "DC1", "DC9"), ("folder", "EAF/acme", "EAF/nobody")] {
        bench.settings.set(key, wrong);
        let failure = bench.complete(&about("destroy")).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "folder-missing"), "{key}");
        bench.settings.set(key, right);
    }
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_machine_prevents_nothing_and_stays() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let stranger = call("forget", json!({ "identity": "vm-2" }));
    assert_eq!(bench.complete(&stranger).await.unwrap()["forgotten"], true);
    assert_eq!(bench.vcsim.machines().len(), 1);
}

/// Changes the machine's instance UUID in vCenter, and waits until vCenter reports the new UUID.
async fn change_uuid(bench: &Bench) {
    let admin = Admin::of(bench);
    reconfigure::instance_uuid(&admin.0, &admin.object(&WEB_01).await, Uuid::max()).await.unwrap();
    let until = Instant::now() + DEADLINE;
    while bench.complete(&about("read-vm")).await.unwrap()["instance_uuid"] != json!(Uuid::max()) {
        assert!(Instant::now() < until, "the UUID was not changed");
    }
}

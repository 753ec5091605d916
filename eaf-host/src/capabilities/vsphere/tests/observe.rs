//! Reading all machines again: in few calls, and saying nothing of what cannot be known.

use super::admin::{Admin, WEB_01};
use super::*;
use crate::capabilities::{Seen, Watch};
use eaf_core::observation::Thing;
use std::collections::BTreeMap;

/// Three machines, `web-01` to `web-03`, whose identities are `vm-1` to `vm-3`.
async fn three(bench: &Bench) {
    bench.complete(&ensure_folder()).await.unwrap();
    for number in 1..=3 {
        let mut clone = clone_of(&format!("web-0{number}"));
        clone.args["identity"] = json!(format!("vm-{number}"));
        clone.idempotency_key = format!("run/clone-{number}");
        bench.complete(&clone).await.unwrap();
    }
}

/// By identity.
async fn observed(bench: &Bench) -> Result<BTreeMap<String, Value>, Failure> {
    let records = bench.records.0.lock().unwrap().clone();
    let thing = |(key, record): (Key, Record)| {
        let data = serde_json::to_value(record).unwrap();
        Thing { identity: key.identity, data, seen: None, seen_position: None }
    };
    let watch = Watch {
        tenant: TenantId::derive("acme"),
        plugin: "dcm".into(),
        grant: "vcenter".into(),
        things: records.into_iter().map(thing).collect(),
        trace: TraceId("0".repeat(32)),
    };
    let seen = bench.provider.observe(&watch).await?;
    Ok(seen.into_iter().map(|Seen { identity, found }| (identity, found)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_machines_are_read_in_one_call_and_as_one_by_one() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    let before = bench.vcsim.calls("RetrievePropertiesEx").await;
    let seen = observed(&bench).await.unwrap();
    assert_eq!(bench.vcsim.calls("RetrievePropertiesEx").await, before + 1);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["vm-1", "vm-2", "vm-3"]);
    assert_eq!(seen["vm-1"], bench.complete(&about("read-vm")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_did_in_vcenter_is_seen_and_one_that_is_gone_hides_no_other() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    bench.complete(&about("power-on")).await.unwrap();
    let admin = Admin::of(&bench);
    let path = |name| [&WEB_01[..6], &[name]].concat();
    admin.power(&admin.object(&WEB_01).await, "PowerOffVM_Task").await;
    admin.run("Rename_Task", &admin.object(&path("web-02")).await, "<newName>renamed</newName>").await;
    admin.run("Destroy_Task", &admin.object(&path("web-03")).await, "").await;
    let seen = observed(&bench).await.unwrap();
    assert_eq!(seen["vm-1"]["power"], "off");
    assert_eq!(seen["vm-2"]["name"], "renamed");
    assert_eq!(seen["vm-3"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_machines_that_are_removed_or_of_another_vcenter() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    bench.records.change(|record| match record.name.as_str() {
        "web-01" => record.stage = Stage::Removing,
        "web-02" => record.vcenter = "another".into(),
        _ => {}
    });
    assert_eq!(observed(&bench).await.unwrap().keys().collect::<Vec<_>>(), ["vm-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_trouble_of_the_connection() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    bench.settings.set_password("wrong");
    let failure = observed(&bench).await.unwrap_err();
    assert_eq!(failure.code, "vcenter-login");
    assert_eq!(bench.provider.trouble(&failure), crate::capabilities::Trouble::Login);
}

//! Tests of observations: they use few vCenter calls, and report a state only if it is certain.

use super::admin::{Admin, WEB_01};
use super::*;
use eaf_capability::{ObservationRequest, Observations, ResourceState};
use eaf_core::observation::ManagedResource;
use eaf_test_support::fault_proxy::Rule;
use std::collections::BTreeMap;

/// Creates three machines, `web-01` to `web-03`, with the identities `vm-1` to `vm-3`.
async fn three(bench: &Bench) {
    bench.complete(&ensure_folder()).await.unwrap();
    for number in 1..=3 {
        let mut clone = clone_of(&format!("web-0{number}"));
        clone.args["identity"] = json!(format!("vm-{number}"));
        clone.idempotency_key = format!("run/clone-{number}");
        bench.complete(&clone).await.unwrap();
    }
}

/// Creates a request to observe all machines, with their records as they are now.
fn request(bench: &Bench) -> ObservationRequest {
    let records = bench.records.0.lock().unwrap().clone();
    let thing = |(key, record): (Key, Record)| {
        let data = serde_json::to_value(record).unwrap();
        ManagedResource { identity: key.identity, data, seen: None, seen_position: None }
    };
    ObservationRequest {
        tenant: TenantId::derive("acme"),
        plugin: "shop".into(),
        granted: bench.settings.resolved(&about("read-vm")).granted,
        resources: records.into_iter().map(thing).collect(),
        trace: TraceId("0".repeat(32)),
        deadline: Instant::now() + DEADLINE,
    }
}

/// Observed states of machines, by the machine's identity.
type Found = BTreeMap<String, Value>;

async fn observe(bench: &Bench, request: &ObservationRequest) -> (Found, Option<Failure>) {
    let Observations { states, failure } = bench.provider.observe(request).await;
    (states.into_iter().map(|ResourceState { identity, state }| (identity, state)).collect(), failure)
}

async fn observed(bench: &Bench) -> Result<Found, Failure> {
    let (seen, failure) = observe(bench, &request(bench)).await;
    failure.map_or(Ok(seen), Err)
}

fn identities(seen: &Found) -> Vec<&str> {
    seen.keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_reads_all_machines_as_single_reads_do() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    let before = bench.vcsim.calls("RetrievePropertiesEx").await;
    let seen = observed(&bench).await.unwrap();
    assert_eq!(bench.vcsim.calls("RetrievePropertiesEx").await, before + 1);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["vm-1", "vm-2", "vm-3"]);
    assert_eq!(seen["vm-1"], bench.complete(&about("read-vm")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn external_changes_are_seen_and_a_missing_machine_hides_no_other() {
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
async fn removed_machines_and_those_of_another_vcenter_are_not_reported() {
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
async fn a_refused_login_is_a_problem_of_the_connection() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    bench.settings.set_password("wrong");
    let failure = observed(&bench).await.unwrap_err();
    assert_eq!(failure.code, "vcenter-login");
    assert_eq!(bench.provider.connection_problem(&failure), eaf_capability::ConnectionProblem::LoginRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invisible_machine_is_not_reported() {
    let denied = json!({ "type": "NoPermission", "privilegeId": "System.View" });
    let folder = |fault| json!({ "kind": "missing", "type": "Folder", "paths": ["childEntity"], "fault": fault });
    // Three cases: the folder lists the machine, vCenter denies the folder's content with a fault,
    // or vCenter omits the content without a fault.
    for (listed, folder) in [(true, None), (false, Some(folder(denied))), (false, Some(folder(Value::Null)))] {
        let bench = Bench::start(&[]).await;
        three(&bench).await;
        bench.vcsim.behave(json!({ "kind": "hidden", "vm": "web-01", "folder": !listed })).await;
        bench.vcsim.behave(json!({ "kind": "not-found", "vm": "web-01" })).await;
        if let Some(mut folder) = folder {
            folder.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            bench.vcsim.behave(folder).await;
        }
        assert_eq!(identities(&observed(&bench).await.unwrap()), ["vm-2", "vm-3"], "listed: {listed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_search_covers_all_unlisted_machines() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    let admin = Admin::of(&bench);
    for name in ["web-01", "web-02"] {
        admin.run("UnregisterVM", &admin.object(&[&WEB_01[..6], &[name]].concat()).await, "").await;
    }
    // One machine was registered again, so vCenter gave it another object id, and vCenter's index
    // does not list it.
    let hidden = async |vm: &str| bench.vcsim.behave(json!({ "kind": "hidden", "vm": vm, "folder": false })).await;
    bench.records.change(|record| {
        if record.name == "web-03" {
            record.object.as_mut().unwrap().value = "vm-of-before".into();
        }
    });
    hidden("web-03").await;
    let folders = async || bench.vcsim.calls("FindByInventoryPath").await;
    let before = folders().await;
    let seen = observed(&bench).await.unwrap();
    assert_eq!((&seen["vm-1"], &seen["vm-2"]), (&Value::Null, &Value::Null));
    assert_eq!(seen["vm-3"]["name"], "web-03");
    assert!(folders().await <= before + 1, "one search");
    assert_eq!(identities(&observed(&bench).await.unwrap()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_machine_hides_no_other_and_is_no_connection_problem() {
    for path in ["runtime.powerState", "runtime.connectionState"] {
        let bench = Bench::start(&[]).await;
        three(&bench).await;
        bench.vcsim.behave(json!({ "kind": "missing", "vm": "web-01", "paths": [path] })).await;
        assert_eq!(identities(&observed(&bench).await.unwrap()), ["vm-2", "vm-3"], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_before_a_failure_or_the_deadline_are_reported() {
    let bench = Bench::start(&[]).await;
    three(&bench).await;
    // The recorded object id is wrong, so the observation reads this machine singly.
    bench.records.change(|record| {
        if record.name == "web-01" {
            record.object.as_mut().unwrap().value = "vm-of-before".into();
        }
    });
    let lost = bench.proxy.rule(Rule::on("FindAllByUuid").lose_request());
    let (seen, failure) = observe(&bench, &request(&bench)).await;
    assert_eq!((identities(&seen), failure.unwrap().code.as_str()), (vec!["vm-2", "vm-3"], "vcenter-unreachable"));
    drop(lost);

    let bench = Bench::start(&[]).await;
    three(&bench).await;
    // vCenter does not answer before the deadline.
    let held = bench.proxy.rule(Rule::on("POST").hold_request());
    let request = ObservationRequest { deadline: Instant::now(), ..request(&bench) };
    let (_, failure) = observe(&bench, &request).await;
    held.release();
    let failure = failure.unwrap();
    assert_eq!(failure.code, "observation-too-long");
    assert_eq!(bench.provider.connection_problem(&failure), eaf_capability::ConnectionProblem::None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observation_does_not_overwrite_a_concurrent_run() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let machine = admin.object(&WEB_01).await;
    admin.run("Rename_Task", &machine, "<newName>renamed</newName>").await;
    let begun = request(&bench);
    bench.records.change(|record| record.stage = Stage::Removing);
    observe(&bench, &begun).await;
    assert_eq!(bench.records.stage(), Stage::Removing);
    // The observation does not report a machine as missing if a workflow run has removed it
    // meanwhile.
    admin.run("Destroy_Task", &machine, "").await;
    assert_eq!(observe(&bench, &begun).await, (Found::new(), None));
}

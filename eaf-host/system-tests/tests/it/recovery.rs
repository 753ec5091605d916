//! Tests of recovery by people: failed requests are cancelled, repaired or handed over, and changes
//! in vCenter are shown.

use eaf_system_tests::person::Person;
use eaf_system_tests::system::{People, System, approved, offering, until};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_failed_request_removes_its_machine_and_frees_the_name() {
    let system = System::start().await;
    let people = system.people().await;
    let broken = system.vcsim.behave(power_on_fails()).await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["status"] == "failed").await;
    assert_eq!(names(&system), ["web-01"], "it was built half");

    let cancel = json!({ "request": request, "reason": "Not needed." });
    people.approver.command("cancel-request", cancel.clone()).await.refused(403, "not-your-request");
    people.requester.command("cancel-request", cancel).await.ok();
    let item = until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;
    assert_eq!((&item["status"], &item["reason"]), (&json!("cancelled"), &json!("Not needed.")), "{item:#}");
    assert!(names(&system).is_empty());

    system.vcsim.unbehave(broken).await;
    let again = approved(&people, "web-01").await;
    until(&people.requester, "requests", &again, |item| item["status"] == "fulfilled").await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_request_removes_only_its_own_machine() {
    let system = System::start().await;
    let people = system.people().await;
    let first = approved(&people, "web-00").await;
    until(&people.requester, "requests", &first, |item| item["status"] == "fulfilled").await;
    system.vcsim.clone_by_hand("debian-12", "web-01").await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["error_code"] == "foreign-vm").await;
    people.admin.command("cancel-request", json!({ "request": request })).await.ok();
    until(&people.requester, "requests", &request, |item| item["status"] == "cancelled").await;
    assert_eq!(names(&system), ["web-00", "web-01"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_builds_from_the_corrected_offering_at_the_approved_price() {
    let system = System::start().await;
    let people = system.people().await;
    let wrong = changed(&[("template", json!("Templates/none"))]);
    people.admin.command("define-offering", wrong).await.ok();
    let request = approved(&people, "web-01").await;
    let failed = until(&people.requester, "requests", &request, |item| item["status"] == "failed").await;
    assert_eq!(failed["error_code"], "template-missing", "{failed:#}");

    people.admin.command("define-offering", changed(&[("base_cents", json!(99_900))])).await.ok();
    people.admin.command("retry-request", json!({ "request": request })).await.ok();
    let item = until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;
    assert_eq!(item["template"], "Templates/debian-12", "{item:#}");
    assert_eq!(item["monthly_cents"], failed["monthly_cents"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_rebuilds_a_machine_that_was_deleted_in_vcenter() {
    let system = System::start().await;
    let people = system.people().await;
    let broken = system.vcsim.behave(power_on_fails()).await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["status"] == "failed").await;
    system.vcsim.destroy_by_hand("web-01").await;
    system.vcsim.unbehave(broken).await;
    people.admin.command("retry-request", json!({ "request": request })).await.ok();
    until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;
    assert_eq!(names(&system), ["web-01"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_needs_no_address_is_handed_over_when_it_runs() {
    let system = System::start().await;
    let people = system.people().await;
    people.admin.command("define-offering", changed(&[("await_address", json!(false))])).await.ok();
    let request = approved(&people, "web-01").await;
    let item = until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;
    assert_eq!((&item["status"], &item["ip"]), (&json!("fulfilled"), &Value::Null), "{item:#}");
    assert!(system.vcsim.machines()[0].powered_on);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_shown_with_its_name_and_memory_in_vcenter() {
    let system = System::start().await;
    let people = system.people().await;
    let vm = built(&people, "web-01").await;
    system.vcsim.power_off("web-01").await;
    system.vcsim.set_memory("web-01", 1536).await;
    system.vcsim.rename("web-01", "new-01").await;
    let row = refreshed(&people.requester, &vm, |vm| vm["vcenter_name"] == "new-01").await;
    assert_eq!((&row["name"], &row["vcenter_name"]), (&json!("web-01"), &json!("new-01")), "{row:#}");
    assert_eq!(row["memory_mb"], 1536, "{row:#}");
    let sum = people.approver.item("requesters", row["requester_id"].as_str().unwrap()).await.ok();
    assert_eq!(sum["memory_mb"], 1536, "{sum:#}");
    people.requester.command("decommission-vm", json!({ "vm": vm, "confirm": "new-01" })).await.ok();
    until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommissioned").await;
    assert!(names(&system).is_empty());
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_became_a_template_is_reported_and_keeps_its_name() {
    let system = System::start().await;
    let people = system.people().await;
    let vm = built(&people, "web-01").await;
    system.vcsim.power_off("web-01").await;
    system.vcsim.make_template("web-01").await;
    let row = refreshed(&people.requester, &vm, |vm| vm["state"] == "template").await;
    assert!(row["waiting_on"].as_str().is_some_and(|sentence| sentence.contains("Vorlage")), "{row:#}");

    people.requester.command("decommission-vm", json!({ "vm": vm, "confirm": "web-01" })).await.ok();
    let row = until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommission-failed").await;
    assert_eq!(row["error_code"], "vm-is-template", "{row:#}");
    assert!(system.vcsim.machines().iter().any(|machine| machine.name == "web-01"));
    let wish = eaf_system_tests::system::wish("web-01");
    people.requester.command("request-vm", wish).await.refused(409, "vm-name-taken");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_missing_in_vcenter_is_removed_only_when_an_admin_confirms() {
    let system = System::start().await;
    let people = system.people().await;
    let vm = built(&people, "web-01").await;
    system.vcsim.destroy_by_hand("web-01").await;
    let typed = json!({ "vm": vm, "confirm": "web-01" });
    people.requester.command("decommission-vm", typed.clone()).await.ok();
    let row = until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommission-failed").await;
    assert_eq!(row["error_code"], "vm-gone", "{row:#}");
    assert_eq!(row["terminal"], false);
    people.requester.command("confirm-gone", typed.clone()).await.refused(403, "permission-missing");
    people.admin.command("confirm-gone", typed).await.ok();
    until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommissioned").await;
    system.finish().await;
}

/// Puts another vCenter with the same inventory at the address of the first one.
async fn take_over(system: &System) {
    system.vcsim.behave(json!({ "kind": "about", "instanceUuid": uuid::Uuid::max().to_string() })).await;
    system.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_another_vcenter_stays_until_an_admin_confirms_its_removal() {
    let system = System::start().await;
    let people = system.people().await;
    let vm = built(&people, "web-01").await;
    take_over(&system).await;
    let typed = json!({ "vm": vm, "confirm": "web-01" });
    people.requester.command("decommission-vm", typed.clone()).await.ok();
    let row = until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommission-failed").await;
    assert_eq!((&row["error_code"], &row["waiting"]["code"]), (&json!("other-vcenter"), &json!("confirm-elsewhere")));
    people.requester.command("confirm-gone", typed.clone()).await.refused(403, "permission-missing");
    people.admin.command("confirm-gone", typed).await.ok();
    let row = until(&people.requester, "vms", &vm, |vm| vm["status"] == "decommissioned").await;
    assert_eq!(row["copies"], "web-01", "{row:#}");
    let replica = system.vcsim.machines().remove(0);
    assert!(replica.name == "web-01" && replica.powered_on, "it was left alone");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_cancels_a_request_of_another_vcenter_without_removal() {
    for stands_here_too in [true, false] {
        let system = System::start().await;
        let people = system.people().await;
        let broken = system.vcsim.behave(power_on_fails()).await;
        let request = approved(&people, "web-01").await;
        until(&people.requester, "requests", &request, |item| item["status"] == "failed").await;
        if !stands_here_too {
            system.vcsim.destroy_by_hand("web-01").await;
        }
        take_over(&system).await;
        people.requester.command("cancel-request", json!({ "request": request })).await.ok();
        let item = until(&people.requester, "requests", &request, |item| item["status"] == "cancel-failed").await;
        assert_eq!(item["waiting"]["code"], "cancel-elsewhere", "{item:#}");
        let typed = json!({ "request": request, "confirm": "web-01" });
        people.requester.command("cancel-without-removal", typed.clone()).await.refused(403, "permission-missing");
        people.admin.command("cancel-without-removal", typed).await.ok();
        until(&people.requester, "requests", &request, |item| item["status"] == "cancelled").await;
        assert_eq!(names(&system).len(), usize::from(stands_here_too), "nothing is removed");
        system.vcsim.unbehave(broken).await;
        if !stands_here_too {
            built(&people, "web-01").await;
        }
        system.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_vcenter_is_shown_until_it_is_answered() {
    let system = System::start().await;
    let people = system.people().await;
    let vm = built(&people, "web-01").await;
    let text = "Was this virtual machine moved or copied?";
    let asked = system.vcsim.behave(json!({ "kind": "question", "vm": "web-01", "text": text })).await;
    people.requester.command("decommission-vm", json!({ "vm": vm, "confirm": "web-01" })).await.ok();
    let row = until(&people.requester, "vms", &vm, |vm| vm["stalled_code"] == "vcenter-question").await;
    assert!(row["stalled_message"].as_str().is_some_and(|message| message.contains(text)), "{row:#}");
    system.vcsim.unbehave(asked).await;
    let row = until(&people.requester, "vms", &vm, |vm| vm["terminal"] == true).await;
    assert_eq!((&row["status"], &row["stalled_message"]), (&json!("decommissioned"), &Value::Null), "{row:#}");
    system.finish().await;
}

fn power_on_fails() -> Value {
    json!({ "kind": "task-fault", "method": "PowerOnVM_Task", "fault": { "type": "FeatureRequirementsNotMet" } })
}

/// Body that defines the default offering, with some members changed.
fn changed(members: &[(&str, Value)]) -> Value {
    let mut body = offering();
    for (member, value) in members {
        body[*member] = value.clone();
    }
    body
}

async fn built(people: &People, name: &str) -> String {
    let request = approved(people, name).await;
    until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;
    request
}

async fn refreshed(person: &Person, vm: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    person.command("refresh-vm", json!({ "vm": vm })).await.ok();
    until(person, "vms", vm, wanted).await
}

/// Names of the machines in vCenter, without the initial templates.
fn names(system: &System) -> Vec<String> {
    let mut names: Vec<String> = system.vcsim.machines().into_iter().map(|machine| machine.name).collect();
    names.sort();
    names
}

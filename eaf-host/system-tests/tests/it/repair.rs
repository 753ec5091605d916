//! Tests of failures that a person must repair: the request shows the failure, an admin repairs the
//! cause, and a retry completes the request.

use eaf_system_tests::canary;
use eaf_system_tests::person::Person;
use eaf_system_tests::system::{People, System, WAIT_MAX, approved, offering, until};
use eaf_test_support::fault_proxy::Rule;
use eaf_test_support::maildev::Received;
use eaf_test_support::vcsim;
use serde_json::{Value, json};
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_vcenter_password_fails_the_request_until_it_is_repaired() {
    let system = System::start().await;
    let people = system.people().await;
    system.connect_vcenter(&people.admin, canary::WRONG_PASSWORD).await;
    let test =
        people.admin.call(reqwest::Method::POST, "/api/host/connections/vsphere/vcenter/test", None, None).await.ok();
    assert_eq!(test["ok"], false, "{test:#}");

    let request = approved(&people, "web-01").await;
    let item = failed(&people.requester, &request).await;
    assert_eq!(item["error_code"], "vcenter-login", "{item:#}");
    notified(&system, &item, &["lena.hoffmann@acme.example", "miriam.vogt@acme.example"]).await;

    system.connect_vcenter(&people.admin, vcsim::PASSWORD).await;
    retried(&system, &people, &request).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_template_fails_the_request_until_it_is_repaired() {
    let system = System::start().await;
    let people = system.people().await;
    let mut wrong = offering();
    wrong["template"] = json!("Templates/none");
    people.admin.command("define-offering", wrong).await.ok();
    let request = approved(&people, "web-01").await;
    let item = failed(&people.requester, &request).await;
    assert_eq!(item["error_code"], "template-missing", "{item:#}");
    system.vcsim.copy_template("debian-12", "none").await;
    retried(&system, &people, &request).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_machine_of_the_same_name_is_not_touched() {
    let system = System::start().await;
    let people = system.people().await;
    let first = approved(&people, "web-00").await;
    until(&people.requester, "requests", &first, |item| item["status"] == "fulfilled").await;
    system.vcsim.clone_by_hand("debian-12", "web-01").await;
    let request = approved(&people, "web-01").await;
    let item = failed(&people.requester, &request).await;
    assert_eq!(item["error_code"], "foreign-vm", "{item:#}");
    assert!(system.vcsim.machines().iter().any(|m| m.name == "web-01"));
    system.vcsim.destroy_by_hand("web-01").await;
    retried(&system, &people, &request).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_recipient_is_shown_to_the_admin_and_blocks_no_request() {
    let system = System::start().await;
    let people = system.people().await;
    system.smtp.rule(Rule::refuse_recipient("lena.hoffmann@acme.example"));
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let failures = people.admin.get("/api/host/mail-failures").await.ok();
        if failures["items"].as_array().is_some_and(|items| !items.is_empty()) {
            assert!(failures.to_string().contains("550"), "{failures:#}");
            break;
        }
        assert!(Instant::now() < deadline, "the admin got no mail");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    people.requester.get("/api/host/mail-failures").await.refused(403, "permission-missing");
    system.finish().await;
}

async fn failed(person: &Person, request: &str) -> Value {
    let item = until(person, "requests", request, |item| item["status"] == "failed").await;
    assert!(item["error_message"].as_str().is_some_and(|sentence| sentence.len() > 20), "a sentence: {item:#}");
    assert!(item["trace_id"].as_str().is_some_and(|id| id.len() == 32), "the trace id: {item:#}");
    assert!(item["waiting_on"].as_str().is_some_and(|sentence| sentence.len() > 20), "who can do what: {item:#}");
    item
}

async fn retried(system: &System, people: &People, request: &str) {
    people.requester.command("retry-request", json!({ "request": request })).await.refused(403, "permission-missing");
    people.admin.command("retry-request", json!({ "request": request })).await.ok();
    until(&people.requester, "requests", request, |item| item["status"] == "fulfilled").await;
    assert_eq!(system.vcsim.machines().iter().filter(|m| m.name == "web-01").count(), 1);
    let timeline = people.requester.get(&format!("/api/dcm/views/timeline?request_id={request}&limit=200")).await.ok();
    let kinds: Vec<&str> = timeline["items"].as_array().unwrap().iter().filter_map(|i| i["kind"].as_str()).collect();
    assert!(kinds.contains(&"step-failed") && kinds.contains(&"request-retried"), "the history is kept: {kinds:?}");
}

/// Verifies that the mails about the failure contain the trace id.
async fn notified(system: &System, item: &Value, recipients: &[&str]) {
    let trace = item["trace_id"].as_str().unwrap();
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let about: Vec<Received> =
            system.mail.inbox().await.into_iter().filter(|mail| mail.text.contains(trace)).collect();
        if recipients.iter().all(|recipient| about.iter().any(|mail| mail.to[0].address == *recipient)) {
            return;
        }
        assert!(Instant::now() < deadline, "not all of {recipients:?} got a mail: {about:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

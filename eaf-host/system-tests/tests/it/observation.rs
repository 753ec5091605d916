//! Tests of the observation of machines and connections by polling.

use eaf_system_tests::person::Person;
use eaf_system_tests::system::{System, approved, until};
use eaf_test_support::fault_proxy::Rule;
use serde_json::{Value, json};

/// Makes the next observation of each connection due at once.
async fn observe_now(system: &System) {
    system.database.run("update eaf.connection set observe_at = now() where observe_until is null").await;
}

/// Waits until the machine's row satisfies `wanted` by observation alone, without a request for a
/// refresh.
async fn observed(system: &System, person: &Person, vm: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + eaf_system_tests::system::WAIT_MAX;
    loop {
        observe_now(system).await;
        let item = person.item("vms", vm).await.ok();
        if wanted(&item) {
            return item;
        }
        assert!(std::time::Instant::now() < deadline, "it is not read again: {item:#}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn external_changes_in_vcenter_are_observed_and_only_changes_are_recorded() {
    let system = System::start().await;
    let people = system.people().await;
    let id = approved(&people, "web-01").await;
    until(&people.requester, "requests", &id, |item| item["status"] == "fulfilled").await;
    let on = observed(&system, &people.requester, &id, |item| !item["observed_at"].is_null()).await;
    assert_eq!(on["power"], "on");

    system.vcsim.power_off("web-01").await;
    system.vcsim.rename("web-01", "web-old").await;
    system.vcsim.set_memory("web-old", 512).await;
    let wanted = |item: &Value| {
        (&item["power"], &item["vcenter_name"], &item["memory_mb"]) == (&json!("off"), &json!("web-old"), &json!(512))
    };
    let off = observed(&system, &people.requester, &id, wanted).await;
    let later = |item: &Value| item["observed_at"].as_str() > off["observed_at"].as_str();
    for _ in 0..3 {
        let before = people.requester.item("vms", &id).await.ok()["observed_at"].clone();
        observed(&system, &people.requester, &id, |item| item["observed_at"].as_str() > before.as_str()).await;
    }
    let now = people.requester.item("vms", &id).await.ok();
    assert!(
        later(&now) && now["refreshed_at"] == off["refreshed_at"],
        "looked at again, and nothing recorded: {now:#}"
    );

    let connections = people.admin.get("/api/host/connections").await.ok();
    let vcenter = connections["items"].as_array().unwrap().iter().find(|one| one["capability"] == "vsphere").unwrap();
    assert!(!vcenter["last_use_at"].is_null() && vcenter["use_error"].is_null(), "{vcenter:#}");
    assert!(vcenter["last_check_at"].is_null(), "nobody has tested it: {vcenter:#}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_read_is_replaced_by_the_next_observation() {
    let system = System::start().await;
    let people = system.people().await;
    let id = approved(&people, "web-01").await;
    until(&people.requester, "requests", &id, |item| item["status"] == "fulfilled").await;
    observed(&system, &people.requester, &id, |item| !item["observed_at"].is_null()).await;
    // Reads the machine until the host has observed it three times more, so that the next
    // observation starts from a recorded one.
    for _ in 0..3 {
        let before = people.requester.item("vms", &id).await.ok()["observed_at"].clone();
        observed(&system, &people.requester, &id, |item| item["observed_at"].as_str() > before.as_str()).await;
    }
    system.vcsim.power_off("web-01").await;
    people.requester.command("refresh-vm", json!({ "vm": id })).await.ok();
    until(&people.requester, "vms", &id, |item| item["power"] == "off").await;
    system.vcsim.power_on("web-01").await;
    observed(&system, &people.requester, &id, |item| item["power"] == "on").await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_connection_is_reported_without_a_manual_test() {
    let system = System::start().await;
    let people = system.people().await;
    let id = approved(&people, "web-01").await;
    until(&people.requester, "requests", &id, |item| item["status"] == "fulfilled").await;
    let read = observed(&system, &people.requester, &id, |item| !item["observed_at"].is_null()).await;
    system.vcenter.rule(Rule::on("POST /sdk").lose_request());
    let deadline = std::time::Instant::now() + eaf_system_tests::system::WAIT_MAX;
    loop {
        observe_now(&system).await;
        let vcenter = people.admin.get("/api/host/connections/vsphere/vcenter").await.ok();
        if !vcenter["use_error"].is_null() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "nothing is said: {vcenter:#}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    let item = people.requester.item("vms", &id).await.ok();
    assert_eq!((&item["power"], &item["observed_at"]), (&read["power"], &read["observed_at"]), "its age is true");
    system.finish().await;
}

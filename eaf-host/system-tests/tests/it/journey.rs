//! Test of the main journey: a machine is requested, approved, provisioned, observed and
//! decommissioned.

use eaf_system_tests::canary;
use eaf_system_tests::system::{System, approved, until, wish};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_a_machine_and_people_are_notified() {
    let system = System::start().await;
    let people = system.people().await;

    // Request: the approver gets a mail, and requesters may not approve their own requests.
    let answer = people.requester.command("request-vm", wish("web-01")).await.ok();
    let request = answer["subject"]["key"].as_str().unwrap().to_owned();
    let position = answer["position"].as_str().unwrap().to_owned();
    let item = people.requester.get(&format!("/api/dcm/views/requests/{request}?after={position}")).await.ok();
    assert_eq!((item["status"].as_str(), item["terminal"].as_bool()), (Some("pending"), Some(false)));
    assert!(item["waiting_on"].as_str().is_some_and(|sentence| sentence.len() > 10), "{item:#}");
    let own = people.requester.command("approve-request", json!({ "request": request })).await;
    assert_eq!(own.status, 403, "{:#}", own.body);

    let asked = system.mail_to("james.carter@acme.example", "web-01").await;
    assert!(asked.subject.starts_with("Approve: web-01, 4 CPU, 66 €/month"), "{}", asked.subject);
    assert!(asked.text.contains(canary::JUSTIFICATION), "{}", asked.text);
    assert!(asked.text.contains(&format!("https://cloud.example/approvals/{request}")), "{}", asked.text);

    system.mail_to("miriam.vogt@acme.example", "web-01").await;

    // Approval: the machine is provisioned, and the other approvers' mails are settled.
    people.approver.command("approve-request", json!({ "request": request })).await.ok();
    let item = until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;
    assert_eq!(item["status"], "fulfilled", "{item:#}");
    assert!(item["waiting_on"].is_null());

    let machines = system.vcsim.machines();
    assert_eq!(machines.len(), 1, "{machines:?}");
    assert_eq!(machines[0].name, "web-01");
    assert!(machines[0].powered_on);
    assert!(machines[0].extra_config["eaf.marker"].ends_with(&format!("/dcm/{request}")), "{machines:?}");

    let machine = until(&people.requester, "vms", &request, |vm| vm["power"] == "on" && vm["ip"].is_string()).await;
    assert_eq!((machine["cpus"].as_i64(), machine["memory_mb"].as_i64()), (Some(4), Some(8192)), "{machine:#}");

    let mail = system.mail_to("lena.hoffmann@acme.example", "web-01").await;
    assert!(mail.text.contains(machine["ip"].as_str().unwrap()), "{}", mail.text);

    system.mail_to("miriam.vogt@acme.example", "Erledigt: web-01").await;
    let inbox = system.mail.inbox().await;
    assert!(!inbox.iter().any(|mail| mail.subject.starts_with("Settled")), "who decided knows: {inbox:?}");

    // The timeline lists each step in vCenter.
    let timeline = people.requester.get(&format!("/api/dcm/views/timeline?request_id={request}&limit=100")).await.ok();
    let steps: Vec<&Value> = timeline["items"].as_array().unwrap().iter().map(|item| &item["step"]).collect();
    for step in ["ensure-folder", "clone", "power-on", "await-address"] {
        assert!(steps.iter().any(|s| *s == step), "{step} in {timeline:#}");
    }

    // Decommission: a mistyped name is rejected, the right one removes the machine.
    let typo = people.requester.command("decommission-vm", json!({ "vm": request, "confirm": "web-02" })).await;
    assert_eq!(typo.status, 422, "{:#}", typo.body);
    assert_eq!(typo.body["errors"][0]["pointer"], "/confirm");
    people.requester.command("decommission-vm", json!({ "vm": request, "confirm": "web-01" })).await.ok();
    until(&people.requester, "vms", &request, |vm| vm["status"] == "decommissioned").await;
    assert!(system.vcsim.machines().is_empty());
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_shows_changes_by_another_client() {
    let system = System::start().await;
    let people = system.people().await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "vms", &request, |vm| vm["power"] == "on").await;
    system.vcsim.power_off("web-01").await;
    people.requester.command("refresh-vm", json!({ "vm": request })).await.ok();
    until(&people.requester, "vms", &request, |vm| vm["power"] == "off").await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_needs_a_reason_and_reaches_the_requester() {
    let system = System::start().await;
    let people = system.people().await;
    let answer = people.requester.command("request-vm", wish("web-01")).await.ok();
    let request = answer["subject"]["key"].as_str().unwrap().to_owned();
    let silent = people.approver.command("reject-request", json!({ "request": request, "reason": "" })).await;
    assert_eq!(
        (silent.status.as_u16(), &silent.body["errors"][0]["pointer"]),
        (422, &json!("/reason")),
        "{:#}",
        silent.body
    );
    people.approver.command("reject-request", json!({ "request": request, "reason": canary::REASON })).await.ok();
    let rejected = |item: &Value| item["status"] == "rejected" && item["reason"] == canary::REASON;
    until(&people.requester, "requests", &request, rejected).await;
    let mail = system.mail_to("lena.hoffmann@acme.example", "web-01").await;
    assert!(mail.text.contains(canary::REASON), "{}", mail.text);
    // The name can be requested again.
    people.requester.command("request-vm", wish("web-01")).await.ok();
    system.finish().await;
}

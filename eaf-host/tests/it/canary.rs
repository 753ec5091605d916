//! Passwords are nowhere, and personal data is in clear only where people may read it: in view rows and in answers.

use crate::support::system::{System, approved, until};
use crate::support::vcsim;
use reqwest::Method;
use serde_json::json;

const JUSTIFICATION: &str = "canary-justification for the audit of Zaphod";
const REASON: &str = "canary-reason that names Trillian";

#[tokio::test(flavor = "multi_thread")]
async fn no_password_anywhere_and_personal_data_only_where_it_may_be() {
    let system = System::start().await;
    let people = system.people().await;

    // Everything that writes: a machine built and given back, a rejection, refused inputs, a wrong password.
    let built = approved(&people, "web-01").await;
    until(&people.requester, "requests", &built, |item| item["status"] == "fulfilled").await;
    let mut wish = crate::support::system::wish("web-02");
    wish["justification"] = json!(JUSTIFICATION);
    let answer = people.requester.command("request-vm", wish.clone()).await.ok();
    let rejected = answer["subject"]["key"].as_str().unwrap().to_owned();
    people.approver.command("reject-request", json!({ "request": rejected, "reason": REASON })).await.ok();
    until(&people.requester, "requests", &rejected, |item| item["status"] == "rejected").await;
    wish["name"] = json!("-bad-");
    people.requester.command("request-vm", wish).await.refused(422, "invalid-request");
    let mut answers = Vec::new();
    for path in ["/api/host/connections", "/api/host/connections/vsphere/vcenter", "/api/host/runs", "/api/host/audit"]
    {
        answers.push(people.admin.get(path).await.body.to_string());
    }
    let body = json!({ "config": { "url": "nonsense" }, "secret": { "password": "canary-password" } });
    let refused = people.admin.call(Method::PUT, "/api/host/connections/vsphere/vcenter", None, Some(&body)).await;
    answers.push(refused.body.to_string());
    system.connect_vcenter(&people.admin, "canary-password").await;
    let test = people.admin.call(Method::POST, "/api/host/connections/vsphere/vcenter/test", None, None).await;
    answers.push(test.body.to_string());
    people.requester.command("decommission-vm", json!({ "vm": built, "confirm": "web-01" })).await.ok();
    until(&people.requester, "vms", &built, |vm| vm["status"] == "decommission-failed").await;

    let tables = system.database.dump().await;
    let logs = system.logs();
    let mut mails = String::new();
    for mail in system.mail.inbox().await {
        mails += &system.mail.source(&mail).await;
    }
    assert!(tables.len() > 10 && logs.len() > 1_000 && mails.len() > 1_000, "there is something to search");

    for password in [vcsim::PASSWORD, "canary-password", &people.requester.token, &people.admin.token] {
        for (table, content) in &tables {
            assert!(!content.contains(password), "a password is in {table}");
        }
        assert!(!logs.contains(password), "a password is in the logs");
        assert!(!mails.contains(password), "a password is in a mail");
        assert!(!answers.iter().any(|answer| answer.contains(password)), "a password is in an answer");
    }
    for personal in [JUSTIFICATION, REASON, "Hoffmann", "lena.hoffmann", "miriam.vogt", "requester@acme"] {
        for (table, content) in &tables {
            let may_hold_it = table.starts_with("eaf_view.");
            assert!(may_hold_it || !content.contains(personal), "{personal} is in clear in {table}");
        }
        assert!(!logs.contains(personal), "{personal} is in the logs");
    }
    // The search finds what is there.
    assert!(tables.iter().any(|(table, content)| table.starts_with("eaf_view.") && content.contains(JUSTIFICATION)));
}

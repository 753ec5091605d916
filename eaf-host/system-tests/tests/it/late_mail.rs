//! Test with a mail server that is unavailable while requests are decided: when it is available
//! again, no mail is sent about settled requests.

use eaf_system_tests::system::{System, WAIT_MAX, approved, until, wish};
use serde_json::json;
use std::time::{Duration, Instant};

const REQUESTER: &str = "lena.hoffmann@acme.example";
const APPROVER: &str = "james.carter@acme.example";

#[tokio::test(flavor = "multi_thread")]
async fn requests_settled_during_a_mail_outage_are_not_mailed() {
    let system = System::start().await;
    let people = system.people().await;
    system.smtp.cut();
    let withdrawn = people.requester.command("request-vm", wish("web-01")).await.ok();
    let withdrawn = withdrawn["subject"]["key"].as_str().expect("a subject").to_owned();
    wait(|| async { system.database.journal("mail.send-while").await.0.as_deref() == Some("pending") }).await;
    people.requester.command("withdraw-request", json!({ "request": withdrawn })).await.ok();
    let built = approved(&people, "web-02").await;
    until(&people.requester, "requests", &built, |item| item["status"] == "fulfilled").await;

    system.smtp.restore();
    system.mail_to(REQUESTER, "web-02").await;
    wait(|| async { system.database.open_runs().await == 0 }).await;
    let subjects: Vec<String> = system.mail.inbox().await.into_iter().map(|mail| mail.subject).collect();
    assert!(!subjects.iter().any(|subject| subject.contains("web-01")), "{subjects:?}");
    assert_eq!(subjects.iter().filter(|subject| subject.contains("web-02")).count(), 1, "it is ready: {subjects:?}");
    let failures = people.admin.get("/api/host/mail-failures").await.ok();
    assert_eq!(failures["items"], json!([]), "a mail that was left out is no failure");

    people.requester.command("request-vm", wish("web-03")).await.ok();
    system.mail_to(APPROVER, "web-03").await;
    system.finish().await;
}

async fn wait<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let deadline = Instant::now() + WAIT_MAX;
    while !holds().await {
        assert!(Instant::now() < deadline, "it does not come to that");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

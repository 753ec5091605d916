//! Test of the mail queue of a connection that fails for a while: no mail is lost, and an admin
//! sees the waiting mails, repairs the connection and sends them.

use eaf_system_tests::person::Person;
use eaf_system_tests::system::{System, WAIT_MAX, wish};
use eaf_test_support::fault_proxy::Rule;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const APPROVER: &str = "james.carter@acme.example";

#[tokio::test(flavor = "multi_thread")]
async fn mails_wait_for_a_relay_that_refuses_the_host_until_an_admin_resumes_it() {
    let system = System::start().await;
    let people = system.people().await;
    system.smtp.rule(Rule::on("MAIL FROM").answer("550 5.7.1 Not you\r\n"));
    people.requester.command("request-vm", wish("web-01")).await.ok();
    let waiting = first(&people.admin, "/api/host/mail-queue").await;
    assert_eq!(waiting["error"], "sender-refused", "{waiting:#}");
    assert!(waiting["next_at"].is_string(), "{waiting:#}");
    people.requester.get("/api/host/mail-queue").await.refused(403, "permission-missing");

    system.smtp.clear();
    let sent = people.admin.call(Method::POST, "/api/host/mail-queue/send", None, None).await;
    assert_eq!(sent.status, 204);
    system.mail_to(APPROVER, "web-01").await;

    // Saving the connection again also resumes its queue.
    system.smtp.rule(Rule::on("MAIL FROM").answer("550 5.7.1 Not you\r\n"));
    people.requester.command("request-vm", wish("web-02")).await.ok();
    first(&people.admin, "/api/host/mail-queue").await;
    system.smtp.clear();
    system.connect_mail(&people.admin).await;
    system.mail_to(APPROVER, "web-02").await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_mail_is_sent_again_on_an_admins_command() {
    let system = System::start().await;
    let people = system.people().await;
    system.smtp.rule(Rule::refuse_recipient(APPROVER));
    people.requester.command("request-vm", wish("web-01")).await.ok();
    let failed = first(&people.admin, "/api/host/mail-failures").await;
    assert_eq!(failed["state"], "failed", "{failed:#}");
    let deadline = Instant::now() + WAIT_MAX;
    while system.database.open_runs().await > 0 {
        assert!(Instant::now() < deadline, "the run does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = async || {
        let body = json!({ "message_id": failed["message_id"] });
        people.admin.call(Method::POST, "/api/host/mail-failures/send-again", None, Some(&body)).await.ok()
    };
    assert_eq!(again().await["state"], "failed", "the server still refuses");
    system.smtp.clear();
    assert_eq!(again().await["state"], "sent");
    system.mail_to(APPROVER, "web-01").await;
    assert_eq!(again().await["state"], "sent", "and not twice");
    assert_eq!(people.admin.get("/api/host/mail-failures").await.ok()["items"], json!([]));
    let mails = system.mail.inbox().await;
    assert_eq!(mails.iter().filter(|mail| mail.to[0].address == APPROVER).count(), 1);
    system.finish().await;
}

/// Waits until a list of the API has an item, and returns the first item.
async fn first(admin: &Person, path: &str) -> Value {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let list = admin.get(path).await.ok();
        let known = list["items"].as_array().and_then(|items| items.first().cloned());
        if let Some(item) = known.filter(|item| item["error"] != "waiting") {
            return item;
        }
        assert!(Instant::now() < deadline, "{path} stays empty");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

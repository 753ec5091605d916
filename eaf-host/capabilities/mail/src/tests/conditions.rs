//! Tests of mails with a condition.

use super::*;
use eaf_capability::{Capability, Class};
use eaf_test_support::document_members;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::{self, Maildev};
use std::collections::BTreeSet;

const REQUEST: &str = "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11";

/// Creates a call that sends a mail to all approvers, on condition that the request's row has the
/// status `pending`.
fn while_pending() -> Call {
    while_it_is(json!({"view": "approvals", "key": REQUEST, "member": "status", "equals": "pending"}))
}

fn while_it_is(condition: Value) -> Call {
    let mut call = approval();
    call.function = "send-while".into();
    call.args["condition"] = condition;
    call
}

#[tokio::test]
async fn a_mail_whose_condition_no_longer_holds_is_not_sent() {
    let address = maildev::free_address();
    let store = FakeStore::at(address);
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.request(REQUEST, "pending");
    assert_eq!(send(&store, &while_pending()).await.unwrap_err().code, "mail-unreachable");
    store.request(REQUEST, "withdrawn");

    let server = Maildev::launch(address, Vec::new()).await;
    let skipped = Ok(json!({"sent": 0, "failed": 0, "skipped": true}));
    assert_eq!(send(&store, &while_pending()).await, skipped);
    assert_eq!(store.log(), [(actor(2), Status::Skipped)], "nothing stays open, and nothing is shown as a failure");

    store.request(REQUEST, "pending");
    assert_eq!(send(&store, &while_pending()).await, skipped, "a repetition answers what was answered before");
    assert!(server.inbox().await.is_empty());
}

#[tokio::test]
async fn a_mail_whose_condition_holds_is_sent_once() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.request(REQUEST, "pending");
    for _ in 0..2 {
        assert_eq!(send(&store, &while_pending()).await, Ok(json!({"sent": 1, "failed": 0, "skipped": false})));
    }
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn only_recipients_of_the_first_mail_get_the_second_one() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.request(REQUEST, "pending");
    send(&store, &while_pending()).await.unwrap();
    store.hire(4, "Cora Clemens", "cora@acme.example", Locale::De, "approver");
    store.request(REQUEST, "approved");
    let condition = json!({"view": "approvals", "key": REQUEST, "member": "status", "equals": "approved",
        "after": "approval-requested"});
    let mut settled = while_it_is(condition);
    settled.args["template"] = json!("request-settled");
    settled.args["to"] = json!({"people": {"permissions": ["approve"], "except": [actor(3)]}});
    assert_eq!(send(&store, &settled).await, Ok(json!({"sent": 1, "failed": 0, "skipped": false})));
    let mut recipients = addressees(&server).await;
    recipients.dedup();
    assert_eq!(recipients, ["anna@acme.example", "bert@acme.example"], "Bert was asked and decided, and gets no mail");
    assert_eq!(server.inbox().await.len(), 3);
}

#[tokio::test]
async fn recipients_after_the_change_get_no_mail() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.request(REQUEST, "pending");
    let first = proxy.rule(Rule::on("RCPT TO").hold_answer().times(1));

    let change = async {
        first.wait_for_hit().await;
        store.request(REQUEST, "approved");
        first.release();
    };
    let call = while_pending();
    let (answer, ()) = tokio::join!(send(&store, &call), change);
    let answer = answer.expect("the mail server answers");
    assert_eq!(answer, json!({"sent": 1, "failed": 0, "skipped": true}));
    let members: BTreeSet<String> = answer.as_object().expect("it is an object").keys().cloned().collect();
    assert_eq!(members, document_members("mail", "sent"));
    assert_eq!(store.log(), [(actor(2), Status::Sent), (actor(3), Status::Skipped)]);
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_deleted_row_fails_every_condition() {
    let store = FakeStore::at(maildev::free_address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    assert_eq!(send(&store, &while_pending()).await, Ok(json!({"sent": 0, "failed": 0, "skipped": true})));
}

#[tokio::test]
async fn a_condition_that_cannot_hold_is_refused() {
    let store = FakeStore::at(maildev::free_address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    for (condition, code) in [
        (json!({"view": "approval", "key": REQUEST, "member": "status", "equals": "pending"}), "condition-invalid"),
        (json!({"view": "approvals", "key": REQUEST, "member": "state", "equals": "pending"}), "condition-invalid"),
        (json!({"view": "approvals", "key": REQUEST, "member": "submitted_at", "equals": 7}), "condition-invalid"),
        (json!({"view": "approvals", "member": "status", "equals": "pending"}), "arguments-invalid"),
        (json!("always"), "arguments-invalid"),
    ] {
        let failure = send(&store, &while_it_is(condition)).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Permanent, code));
    }
}

#[tokio::test]
async fn an_abandoned_mail_is_settled_even_with_an_unreadable_condition() {
    let store = FakeStore::at(maildev::free_address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.request(REQUEST, "pending");
    let failure = send(&store, &while_pending()).await.unwrap_err();
    store.0.lock().unwrap().is_view_halted = true;
    store.provider().abandon(&while_pending(), &failure).await.unwrap();
    assert_eq!(store.log(), [(actor(2), Status::Failed("mail-unreachable".into()))]);
}

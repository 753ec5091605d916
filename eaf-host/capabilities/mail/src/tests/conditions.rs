//! Mails that fit only while a row reads so.

use super::*;
use eaf_capability::Class;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::{self, Maildev};

const REQUEST: &str = "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11";

/// To all approvers, while the request is pending.
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
async fn a_mail_whose_row_reads_otherwise_when_the_server_is_back_is_not_sent() {
    let address = maildev::free_address();
    let desk = Desk::at(address);
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "pending");
    assert_eq!(send(&desk, &while_pending()).await.unwrap_err().code, "unreachable");
    desk.request(REQUEST, "withdrawn");

    let server = Maildev::launch(address, Vec::new()).await;
    let skipped = Ok(json!({"sent": 0, "failed": 0, "skipped": true}));
    assert_eq!(send(&desk, &while_pending()).await, skipped);
    assert_eq!(desk.log(), [(actor(2), Status::Skipped)], "nothing stays open, and nothing is shown as a failure");

    desk.request(REQUEST, "pending");
    assert_eq!(send(&desk, &while_pending()).await, skipped, "a repetition answers what was answered before");
    assert!(server.inbox().await.is_empty());
}

#[tokio::test]
async fn a_mail_whose_row_still_reads_so_is_sent_once() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "pending");
    for _ in 0..2 {
        assert_eq!(send(&desk, &while_pending()).await, Ok(json!({"sent": 1, "failed": 0, "skipped": false})));
    }
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn only_those_who_were_asked_are_told_that_it_is_settled() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "pending");
    send(&desk, &while_pending()).await.unwrap();
    desk.hire(4, "Cora Clemens", "cora@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "approved");
    let condition = json!({"view": "approvals", "key": REQUEST, "member": "status", "equals": "approved",
        "after": "approval-requested"});
    let mut settled = while_it_is(condition);
    settled.args["template"] = json!("request-settled");
    settled.args["to"] = json!({"holders": {"permission": "approve", "except": actor(3)}});
    assert_eq!(send(&desk, &settled).await, Ok(json!({"sent": 1, "failed": 0, "skipped": false})));
    let mut told = addressees(&server).await;
    told.dedup();
    assert_eq!(told, ["anna@acme.example", "bert@acme.example"], "Bert was asked, decided, and was not told");
    assert_eq!(server.inbox().await.len(), 3);
}

#[tokio::test]
async fn recipients_whose_turn_comes_after_the_change_get_no_mail() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "pending");
    let first = proxy.rule(Rule::on("RCPT TO").hold_answer().times(1));

    let change = async {
        first.wait_for_hit().await;
        desk.request(REQUEST, "approved");
        first.release();
    };
    let call = while_pending();
    let (answer, ()) = tokio::join!(send(&desk, &call), change);
    assert_eq!(answer, Ok(json!({"sent": 1, "failed": 0, "skipped": true})));
    assert_eq!(desk.log(), [(actor(2), Status::Sent), (actor(3), Status::Skipped)]);
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_row_that_is_gone_holds_no_condition() {
    let desk = Desk::at(maildev::free_address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    assert_eq!(send(&desk, &while_pending()).await, Ok(json!({"sent": 0, "failed": 0, "skipped": true})));
}

#[tokio::test]
async fn a_condition_that_could_never_hold_is_refused_instead_of_skipping_every_mail() {
    let desk = Desk::at(maildev::free_address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    for (condition, code) in [
        (json!({"view": "approval", "key": REQUEST, "member": "status", "equals": "pending"}), "condition-invalid"),
        (json!({"view": "approvals", "key": REQUEST, "member": "state", "equals": "pending"}), "condition-invalid"),
        (json!({"view": "approvals", "key": REQUEST, "member": "submitted_at", "equals": 7}), "condition-invalid"),
        (json!({"view": "approvals", "member": "status", "equals": "pending"}), "arguments-invalid"),
        (json!("always"), "arguments-invalid"),
    ] {
        let failure = send(&desk, &while_it_is(condition)).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Permanent, code));
    }
}

#[tokio::test]
async fn a_mail_that_was_given_up_ends_also_while_its_condition_cannot_be_read() {
    let desk = Desk::at(maildev::free_address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.request(REQUEST, "pending");
    let failure = send(&desk, &while_pending()).await.unwrap_err();
    desk.0.lock().unwrap().is_view_halted = true;
    desk.provider().gave_up(&while_pending(), &failure).await.unwrap();
    assert_eq!(desk.log(), [(actor(2), Status::Failed("unreachable".into()))]);
}

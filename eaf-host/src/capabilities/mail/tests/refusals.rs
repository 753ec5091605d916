//! One recipient's trouble is nobody else's.

use super::*;
use crate::capabilities::Class;
use crate::capabilities::fault_proxy::{FaultProxy, Rule};
use crate::capabilities::maildev::Maildev;

async fn three_approvers() -> (Maildev, FaultProxy, Desk) {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");
    (server, proxy, desk)
}

async fn addressees(server: &Maildev) -> Vec<String> {
    let mut addressees: Vec<_> = server.inbox().await.into_iter().map(|mail| mail.to[0].address.clone()).collect();
    addressees.sort();
    addressees
}

#[tokio::test]
async fn a_refused_recipient_fails_alone_and_visibly() {
    let (server, proxy, desk) = three_approvers().await;
    let refused = proxy.rule(Rule::refuse_recipient("bert@acme.example"));

    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 2, "failed": 1})));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "cora@acme.example"]);
    assert_eq!(
        desk.log(),
        [
            (actor(2), Status::Sent),
            (actor(3), Status::Failed("recipient-refused (550 5.1.1)".into())),
            (actor(4), Status::Sent),
        ]
    );

    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 2, "failed": 1})), "the same answer again");
    assert_eq!(refused.hits(), 1, "a refusal is not asked for again");
}

#[tokio::test]
async fn a_deferred_recipient_is_tried_again_alone() {
    let (server, proxy, desk) = three_approvers().await;
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("450 4.2.1 Come back later\r\n").times(1));

    let failure = send(&desk, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "recipient-deferred"));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "cora@acme.example"]);

    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 3, "failed": 0})));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "bert@acme.example", "cora@acme.example"]);
}

#[tokio::test]
async fn a_member_without_a_usable_address_blocks_nothing() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "  ", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert at acme", Locale::De, "approver");
    desk.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");

    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 2})));
    assert_eq!(addressees(&server).await, ["cora@acme.example"]);
    assert_eq!(
        desk.log(),
        [
            (actor(2), Status::Failed("recipient-address-missing".into())),
            (actor(3), Status::Failed("recipient-address-invalid".into())),
            (actor(4), Status::Sent),
        ]
    );
}

#[tokio::test]
async fn an_address_that_the_server_cannot_write_is_refused_alone() {
    let server = Maildev::start(&["--hide-extensions", "SMTPUTF8"]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "änna@acme.example", Locale::De, "approver");
    desk.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");

    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 1})));
    assert_eq!(desk.log()[0], (actor(2), Status::Failed("recipient-refused (no SMTPUTF8)".into())));
}

//! Tests that a refusal of one recipient does not affect other recipients, and that a refusal of
//! the connection defers all mails.

use super::*;
use eaf_capability::Class;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::Maildev;

async fn three_approvers() -> (Maildev, FaultProxy, FakeStore) {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");
    (server, proxy, store)
}

#[tokio::test]
async fn a_refused_recipient_fails_alone() {
    let (server, proxy, store) = three_approvers().await;
    let refused = proxy.rule(Rule::refuse_recipient("bert@acme.example"));

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 1})));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "cora@acme.example"]);
    assert_eq!(
        store.log(),
        [
            (actor(2), Status::Sent),
            (actor(3), Status::Failed("recipient-refused (550 5.1.1)".into())),
            (actor(4), Status::Sent),
        ]
    );

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 1})), "the same answer again");
    assert_eq!(refused.hits(), 1, "a refusal is not repeated");
}

#[tokio::test]
async fn a_deferred_recipient_is_retried_alone() {
    let (server, proxy, store) = three_approvers().await;
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("450 4.2.1 Come back later\r\n").times(1));

    let failure = send(&store, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "recipient-deferred"));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "cora@acme.example"]);
    assert!(
        failure.retry_after_ms.is_some_and(|pause| pause >= 60_000),
        "a greylisting server counts what comes early"
    );
    let at_once = send(&store, &approval()).await.unwrap_err();
    assert_eq!((at_once.code.as_str(), server.inbox().await.len()), ("recipient-deferred", 2), "not before its time");

    store.advance(Duration::from_secs(120));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 3, "failed": 0})));
    assert_eq!(addressees(&server).await, ["anna@acme.example", "bert@acme.example", "cora@acme.example"]);
}

#[tokio::test]
async fn a_member_without_a_usable_address_affects_no_others() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "  ", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert at acme", Locale::De, "approver");
    store.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 2})));
    assert_eq!(addressees(&server).await, ["cora@acme.example"]);
    assert_eq!(
        store.log(),
        [
            (actor(2), Status::Failed("recipient-address-missing".into())),
            (actor(3), Status::Failed("recipient-address-invalid".into())),
            (actor(4), Status::Sent),
        ]
    );
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_is_refused_alone() {
    let server = Maildev::start(&["--hide-extensions", "SMTPUTF8"]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "änna@acme.example", Locale::De, "approver");
    store.hire(4, "Cora Czerny", "cora@acme.example", Locale::En, "approver");

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 1})));
    assert_eq!(store.log()[0], (actor(2), Status::Failed("recipient-refused (no SMTPUTF8)".into())));
}

#[tokio::test]
async fn a_domain_with_umlauts_needs_no_smtputf8() {
    let server = Maildev::start(&["--hide-extensions", "SMTPUTF8"]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.set("from", "cloud@müller.example");
    let sent = [
        "EHLO xn--mller-kva.example",
        "MAIL FROM:<cloud@xn--mller-kva.example>",
        "RCPT TO:<max@xn--mller-kva.example>",
    ];
    let sent = sent.map(|words| (words, proxy.rule(Rule::on(words))));
    store.hire(2, "Max Müller", "max@müller.example", Locale::De, "approver");

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    let inbox = server.inbox().await;
    for (words, received) in sent {
        assert_eq!(received.hits(), 1, "{words}");
    }
    let source = server.source(&inbox[0]).await;
    assert!(source.contains("cloud@xn--mller-kva.example"), "{source}");
}

#[tokio::test]
async fn a_relay_that_refuses_every_recipient_loses_no_mail() {
    let (server, proxy, store) = three_approvers().await;
    for (number, refusal) in ["504 5.5.2 Need fully-qualified hostname", "554 5.7.1 Relay access denied", "550 Blocked"]
        .into_iter()
        .enumerate()
    {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(200 + number as u128));
        proxy.rule(Rule::on("RCPT TO").answer(format!("{refusal}\r\n")));
        let failure = send(&store, &call).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "relay-refused"), "{refusal}");
        proxy.clear();
        store.advance(Duration::from_secs(3_600));
        assert_eq!(send(&store, &call).await, Ok(json!({"sent": 3, "failed": 0})), "{refusal}");
        store.advance(Duration::from_secs(3_600));
    }
    assert_eq!(server.inbox().await.len(), 9);
}

#[tokio::test]
async fn a_refusal_of_the_connection_after_the_content_loses_no_mail() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    proxy.rule(
        Rule::on("\r\n.\r\n").answer("550 5.7.60 SMTP; Client does not have permissions to send as this sender\r\n"),
    );
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "relay-refused");
    assert_eq!(store.log(), [(actor(2), waits_for("relay-refused (550 5.7.60)"))]);
    proxy.clear();
    store.advance(Duration::from_secs(3_600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_protected_recipient_is_distinguished_from_a_refusing_relay() {
    // The server refuses the first, the second or the last recipient. It accepts a recipient after
    // the refusal, or accepts an earlier one when it is offered again.
    for (number, name) in ["anna", "bert", "cora"].into_iter().enumerate() {
        let (server, proxy, store) = three_approvers().await;
        proxy.rule(Rule::on(format!("RCPT TO:<{name}@acme.example>")).answer("550 5.7.1 Not for you\r\n"));
        assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 1})), "{name}");
        assert_eq!(store.log()[number].1, Status::Failed("recipient-refused (550 5.7.1)".into()));
        assert_eq!(server.inbox().await.len(), 2, "a recipient that is offered again gets no second mail");
    }
    let (server, proxy, store) = three_approvers().await;
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("550 5.7.1 Not for you\r\n"));
    let mut alone = approval();
    alone.args["to"] = json!({"actor": actor(3)});
    assert_eq!(send(&store, &alone).await.unwrap_err().code, "relay-refused", "nothing else has passed");
    assert!(server.inbox().await.is_empty());
}

#[tokio::test]
async fn a_relay_that_starts_to_refuse_loses_no_mail() {
    for (step, refusal, people) in [
        ("RCPT TO:<", "554 5.7.1 Daily limit", 5),
        ("\r\n.\r\n", "554 5.2.0 Daily limit", 3),
        ("\r\n.\r\n", "554 5.7.1 Daily limit", 3),
    ] {
        let (server, proxy, store) = three_approvers().await;
        for number in 5..people + 2 {
            store.hire(number, "P", &format!("p{number}@acme.example"), Locale::De, "approver");
        }
        // The server accepts two mails and refuses all later ones.
        proxy.rule(Rule::on(step).after(2).answer(format!("{refusal}\r\n")));
        let failure = send(&store, &approval()).await.unwrap_err();
        assert_eq!(failure.code, "relay-refused", "{refusal}");
        let waits = store.log().into_iter().filter(|(_, status)| matches!(status, Status::Pending(_))).count();
        assert_eq!((server.inbox().await.len(), waits), (2, people as usize - 2), "{refusal}: {:?}", store.log());
        proxy.clear();
        store.advance(Duration::from_secs(3_600));
        assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": people as u64, "failed": 0})), "{refusal}");
    }
}

#[tokio::test]
async fn a_server_that_disconnects_at_one_recipient_gets_the_other_mails() {
    let (server, proxy, store) = three_approvers().await;
    for (number, fault) in [
        Rule::on("RCPT TO:<anna@acme.example>").lose_request(),
        Rule::on("RCPT TO:<anna@acme.example>").answer("421 4.3.2 Too many errors\r\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(300 + number as u128));
        proxy.rule(fault);
        assert_eq!(send(&store, &call).await.unwrap_err().class, Class::Transient);
        assert_eq!(server.inbox().await.len(), 2 + 3 * number, "bert and cora do not wait");
        proxy.clear();
        store.advance(Duration::from_secs(600));
        assert_eq!(send(&store, &call).await, Ok(json!({"sent": 3, "failed": 0})));
    }
    assert_eq!(server.inbox().await.len(), 6);
}

#[tokio::test]
async fn a_permanently_full_mailbox_is_retried_for_a_day() {
    let (_server, proxy, store) = three_approvers().await;
    let full = proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("452 4.2.2 Mailbox full\r\n"));
    let mut hours = 0;
    while let Err(failure) = send(&store, &approval()).await {
        assert_eq!(failure.code, "recipient-deferred");
        store.advance(Duration::from_secs(3_600));
        hours += 1;
        assert!(hours < 30, "it does not end");
    }
    assert!(full.hits() < 30, "{} attempts", full.hits());
    assert_eq!(store.log()[1], (actor(3), Status::Failed("recipient-deferred (452 4.2.2)".into())));
}

#[tokio::test]
async fn the_day_of_deferrals_starts_with_the_first_one() {
    let (_server, proxy, store) = three_approvers().await;
    store.pause(true);
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "mail-paused");
    store.advance(Duration::from_secs(25 * 3_600));
    store.pause(false);
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("450 4.2.0 Greylisted\r\n").times(1));
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "recipient-deferred");
    let waits = store.waits(3).unwrap();
    assert!(waits < Duration::from_secs(120), "the first deferral is followed by a short pause: {waits:?}");
    store.advance(Duration::from_secs(120));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 3, "failed": 0})));
}

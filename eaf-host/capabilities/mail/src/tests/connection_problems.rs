//! Tests of outages of the mail server, before and during a session.

use super::*;
use eaf_capability::{Capability, Class};
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::{self, Maildev};
use std::collections::BTreeSet;
use std::io::Write;

#[tokio::test]
async fn a_mail_waits_while_the_server_is_down() {
    let address = maildev::free_address();
    let store = FakeStore::at(address);
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    let failure = send(&store, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "mail-unreachable"));
    assert_eq!(store.log(), [(actor(2), waits_for("mail-unreachable"))], "written down before it is sent");

    let server = Maildev::launch(address, Vec::new()).await;
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn after_a_lost_last_reply_the_mail_is_sent_under_the_same_id() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    let lost = proxy.rule(Rule::lose_reply_to_mail().after(1).times(1));

    let failure = send(&store, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::UnknownOutcome, "answer-lost"));
    assert_eq!(lost.hits(), 1);
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 0})));

    let inbox = server.inbox().await;
    let to = |address: &str| inbox.iter().filter(|mail| mail.to[0].address == address).count();
    assert_eq!((to("anna@acme.example"), to("bert@acme.example")), (1, 2), "only the unanswered one came twice");
    let ids: BTreeSet<_> = inbox.iter().map(|mail| mail.message_id()).collect();
    assert_eq!(ids.len(), 2, "one id per recipient");
}

#[tokio::test]
async fn a_session_lost_at_any_point_leaves_one_mail_per_recipient() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    for (turn, word) in ["EHLO", "MAIL FROM", "RCPT TO:<bert", "DATA", "\r\n.\r\n"].into_iter().enumerate() {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(100 + turn as u128));
        let lost = proxy.rule(Rule::on(word).lose_request().times(1));
        let failure = send(&store, &call).await.unwrap_err();
        assert!(failure.class.is_retryable() && lost.hits() == 1, "{word}: {failure}");
        assert_eq!(send(&store, &call).await, Ok(json!({"sent": 2, "failed": 0})), "{word}");
        assert_eq!(server.inbox().await.len(), 2 * (turn + 1), "{word}");
        proxy.clear();
    }
}

#[tokio::test]
async fn a_busy_server_is_retried() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    for refusal in ["421 4.3.2 Closing\r\n", "451 4.3.0 Local error\r\n"] {
        proxy.clear();
        proxy.rule(Rule::on("MAIL FROM").answer(refusal).times(1));
        let failure = send(&store, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "mail-busy"), "{refusal}");
    }
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
}

#[tokio::test]
async fn open_mails_fail_when_the_engine_abandons_the_call() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("450 4.2.1 Come back later\r\n"));
    let failure = send(&store, &approval()).await.unwrap_err();
    assert_eq!(store.log(), [(actor(2), Status::Sent), (actor(3), waits_for("recipient-deferred (450 4.2.1)"))]);

    store.provider().abandon(&approval(), &failure).await.unwrap();
    let settled = [(actor(2), Status::Sent), (actor(3), Status::Failed("recipient-deferred (450 4.2.1)".into()))];
    assert_eq!(store.log(), settled);
    store.provider().abandon(&approval(), &failure).await.unwrap();
    assert_eq!(store.log(), settled, "after a crash the call is repeated");
}

#[tokio::test]
async fn unrecorded_mails_fail_too_when_the_engine_abandons_the_call() {
    let store = FakeStore::at(maildev::free_address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    let failure = send(&store, &approval()).await.unwrap_err();
    store.provider().abandon(&approval(), &failure).await.unwrap();
    let failed = Status::Failed("mail-unreachable".into());
    assert_eq!(store.log(), [(actor(2), failed.clone()), (actor(3), failed)]);
}

#[tokio::test]
async fn a_server_that_never_answers_gets_each_mail_three_times() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    proxy.rule(Rule::lose_reply_to_mail());
    let mut pauses = Vec::new();
    for _ in 0..2 {
        let failure = send(&store, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::UnknownOutcome, "answer-lost"));
        pauses.push(store.waits(2).unwrap().as_secs() / 60);
        store.advance(Duration::from_secs(3_600));
    }
    for _ in 0..3 {
        assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 0, "failed": 1})));
        store.advance(Duration::from_secs(3_600));
    }
    assert_eq!((server.inbox().await.len(), store.log()), (3, vec![(actor(2), Status::Unknown)]));
    assert!(pauses[0] == 0 && pauses[1] >= 5, "{pauses:?}");
}

#[tokio::test]
async fn after_a_crash_during_delivery_a_mail_counts_as_perhaps_sent() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let held = proxy.rule(Rule::on("\r\n.\r\n").hold_answer());
    for _ in 0..3 {
        let (started, call) = (held.hits(), approval());
        let died = tokio::time::timeout(Duration::from_secs(60), async {
            tokio::select! {
                _ = send(&store, &call) => panic!("no answer comes"),
                () = async { while held.hits() == started { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
            }
        });
        died.await.expect("the content is given to the server");
    }
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 0, "failed": 1})));
    assert_eq!(store.log(), [(actor(2), Status::Unknown)]);
}

#[tokio::test]
async fn a_repetition_has_the_date_of_the_first_attempt() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    proxy.rule(Rule::lose_reply_to_mail().times(1));
    send(&store, &approval()).await.unwrap_err();
    store.advance(Duration::from_secs(600));
    send(&store, &approval()).await.unwrap();
    let inbox = server.inbox().await;
    let (first, second) = (server.source(&inbox[0]).await, server.source(&inbox[1]).await);
    assert!(first.contains("Date: Mon, 23 Nov 2026 12:00:00 +0000"), "{first}");
    let sent = |source: &str| {
        source.lines().filter(|line| !line.starts_with("Received")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sent(&first), sent(&second), "Exchange drops a repetition only with equal id and date");
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_failure_names_a_person_a_subject_or_a_password() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // With a single subscriber, tracing decides only once per log line, on the thread that reaches
    // it first, and threads of other tests have no subscriber. A second subscriber makes tracing
    // ask both subscribers.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "canary-secret"]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.login("eaf", "canary-secret");
    store.hire(2, "Canary Amsel", "canary-anna@acme.example", Locale::En, "approver");
    store.hire(3, "Canary Binder", "canary-bert@acme.example", Locale::En, "approver");
    let mut facts = facts();
    facts["vm_name"] = "canary-vm".into();
    let call = call("approval-requested", to_approvers(), facts);

    proxy.rule(
        Rule::on("RCPT TO:<canary-bert@acme.example>")
            .answer("550 5.1.1 <canary-bert@acme.example> unknown\r\n")
            .times(1),
    );
    proxy.rule(Rule::lose_reply_to_mail().times(1));
    let failure = send(&store, &call).await.unwrap_err();
    assert!(!failure.to_string().to_lowercase().contains("canary"), "{failure}");
    assert_eq!(send(&store, &call).await, Ok(json!({"sent": 1, "failed": 1})));
    assert_eq!(store.log()[1], (actor(3), Status::Failed("recipient-refused (550 5.1.1)".into())));

    let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a mail was sent") && log.contains("a mail was not sent"), "{log}");
    assert!(!log.to_lowercase().contains("canary"), "{log}");
}

#[tokio::test]
async fn the_outcome_of_a_mail_is_stored_even_if_the_connections_use_is_not() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.0.lock().unwrap().is_use_lost = true;
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    for (number, rule, reason) in [
        (101, Rule::on("RCPT TO").answer("550 5.7.1 We do not relay\r\n").times(1), "relay-refused (550 5.7.1)"),
        (102, Rule::on("EHLO").lose_request().times(1), "mail-unreachable"),
        (103, Rule::lose_reply_to_mail().times(1), "answer-lost"),
    ] {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(number));
        proxy.rule(rule);
        let failure = send(&store, &call).await.unwrap_err();
        assert_ne!(failure.code, "directory-unreadable", "{reason}");
        assert_eq!(store.log(), [(actor(2), waits_for(reason))]);
        store.0.lock().unwrap().log.clear();
    }
    let before = server.inbox().await.len();
    for _ in 0..2 {
        assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
        assert_eq!(store.log(), [(actor(2), Status::Sent)]);
    }
    assert_eq!(server.inbox().await.len(), before + 1, "a mail that the server took is not sent again");

    store.0.lock().unwrap().log.clear();
    store.set("from", "nobody");
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "sender-invalid");
    assert_eq!(store.log(), [(actor(2), waits_for("sender-invalid"))]);
}

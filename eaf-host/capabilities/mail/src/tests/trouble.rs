//! The server is away, or goes away in the middle.

use super::*;
use eaf_capability::Class;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::{self, Maildev};
use std::collections::BTreeSet;
use std::io::Write;

#[tokio::test]
async fn while_the_server_is_down_the_mail_waits() {
    let address = maildev::free_address();
    let desk = Desk::at(address);
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    let failure = send(&desk, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "unreachable"));
    assert_eq!(desk.log(), [(actor(2), waits_for("unreachable"))], "written down before it is sent");

    let server = Maildev::launch(address, Vec::new()).await;
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test]
async fn a_lost_last_reply_sends_again_under_the_same_id() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    let lost = proxy.rule(Rule::lose_reply_to_mail().after(1).times(1));

    let failure = send(&desk, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::UnknownOutcome, "answer-lost"));
    assert_eq!(lost.hits(), 1);
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 2, "failed": 0})));

    let inbox = server.inbox().await;
    let to = |address: &str| inbox.iter().filter(|mail| mail.to[0].address == address).count();
    assert_eq!((to("anna@acme.example"), to("bert@acme.example")), (1, 2), "only the unanswered one came twice");
    let ids: BTreeSet<_> = inbox.iter().map(|mail| mail.message_id()).collect();
    assert_eq!(ids.len(), 2, "one id per recipient");
}

#[tokio::test]
async fn a_request_lost_at_any_point_leaves_one_mail_each() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    for (turn, word) in ["EHLO", "MAIL FROM", "RCPT TO:<bert", "DATA", "\r\n.\r\n"].into_iter().enumerate() {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(100 + turn as u128));
        let lost = proxy.rule(Rule::on(word).lose_request().times(1));
        let failure = send(&desk, &call).await.unwrap_err();
        assert!(failure.class.may_pass() && lost.hits() == 1, "{word}: {failure}");
        assert_eq!(send(&desk, &call).await, Ok(json!({"sent": 2, "failed": 0})), "{word}");
        assert_eq!(server.inbox().await.len(), 2 * (turn + 1), "{word}");
        proxy.clear();
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    for refusal in ["421 4.3.2 Closing\r\n", "451 4.3.0 Local error\r\n"] {
        proxy.clear();
        proxy.rule(Rule::on("MAIL FROM").answer(refusal).times(1));
        let failure = send(&desk, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "busy"), "{refusal}");
    }
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
}

#[tokio::test]
async fn what_is_still_open_when_the_engine_gives_up_has_failed() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    proxy.rule(Rule::on("RCPT TO:<bert@acme.example>").answer("450 4.2.1 Come back later\r\n"));
    let failure = send(&desk, &approval()).await.unwrap_err();
    assert_eq!(desk.log(), [(actor(2), Status::Sent), (actor(3), waits_for("recipient-deferred (450 4.2.1)"))]);

    desk.provider().gave_up(&approval(), &failure).await.unwrap();
    let settled = [(actor(2), Status::Sent), (actor(3), Status::Failed("recipient-deferred (450 4.2.1)".into()))];
    assert_eq!(desk.log(), settled);
    desk.provider().gave_up(&approval(), &failure).await.unwrap();
    assert_eq!(desk.log(), settled, "after a crash it is told again");
}

#[tokio::test]
async fn who_was_never_come_to_has_failed_too_when_the_engine_gives_up() {
    let desk = Desk::at(maildev::free_address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    let failure = send(&desk, &approval()).await.unwrap_err();
    desk.provider().gave_up(&approval(), &failure).await.unwrap();
    let failed = Status::Failed("unreachable".into());
    assert_eq!(desk.log(), [(actor(2), failed.clone()), (actor(3), failed)]);
}

#[tokio::test]
async fn a_server_that_takes_mails_and_never_answers_gets_each_three_times_and_no_more() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    proxy.rule(Rule::lose_reply_to_mail());
    let mut pauses = Vec::new();
    for _ in 0..2 {
        let failure = send(&desk, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::UnknownOutcome, "answer-lost"));
        pauses.push(desk.waits(2).unwrap().as_secs() / 60);
        desk.later(Duration::from_secs(3_600));
    }
    for _ in 0..3 {
        assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 0, "failed": 1})));
        desk.later(Duration::from_secs(3_600));
    }
    assert_eq!((server.inbox().await.len(), desk.log()), (3, vec![(actor(2), Status::Unknown)]));
    assert!(pauses[0] == 0 && pauses[1] >= 5, "{pauses:?}");
}

#[tokio::test]
async fn a_host_that_dies_while_a_mail_is_handed_over_counts_it_as_perhaps_sent() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let held = proxy.rule(Rule::on("\r\n.\r\n").hold_answer());
    for _ in 0..3 {
        let (started, call) = (held.hits(), approval());
        let died = tokio::time::timeout(Duration::from_secs(60), async {
            tokio::select! {
                _ = send(&desk, &call) => panic!("no answer comes"),
                () = async { while held.hits() == started { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
            }
        });
        died.await.expect("the content is given to the server");
    }
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 0, "failed": 1})));
    assert_eq!(desk.log(), [(actor(2), Status::Unknown)]);
}

#[tokio::test]
async fn a_repetition_has_the_date_of_the_first_attempt() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    proxy.rule(Rule::lose_reply_to_mail().times(1));
    send(&desk, &approval()).await.unwrap_err();
    desk.later(Duration::from_secs(600));
    send(&desk, &approval()).await.unwrap();
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
    // While only one subscriber lives, tracing asks the thread that meets a log line first, and tests beside this one
    // have none: a second one makes it ask both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "canary-secret"]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.login("eaf", "canary-secret");
    desk.hire(2, "Canary Amsel", "canary-anna@acme.example", Locale::En, "approver");
    desk.hire(3, "Canary Binder", "canary-bert@acme.example", Locale::En, "approver");
    let mut facts = facts();
    facts["vm_name"] = "canary-vm".into();
    let call = call("approval-requested", to_approvers(), facts);

    proxy.rule(
        Rule::on("RCPT TO:<canary-bert@acme.example>")
            .answer("550 5.1.1 <canary-bert@acme.example> unknown\r\n")
            .times(1),
    );
    proxy.rule(Rule::lose_reply_to_mail().times(1));
    let failure = send(&desk, &call).await.unwrap_err();
    assert!(!failure.to_string().to_lowercase().contains("canary"), "{failure}");
    assert_eq!(send(&desk, &call).await, Ok(json!({"sent": 1, "failed": 1})));
    assert_eq!(desk.log()[1], (actor(3), Status::Failed("recipient-refused (550 5.1.1)".into())));

    let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a mail was sent") && log.contains("a mail was not sent"), "{log}");
    assert!(!log.to_lowercase().contains("canary"), "{log}");
}

#[tokio::test]
async fn what_became_of_a_mail_is_stored_although_the_connections_use_cannot_be() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.0.lock().unwrap().is_use_lost = true;
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    for (number, rule, reason) in [
        (101, Rule::on("RCPT TO").answer("550 5.7.1 We do not relay\r\n").times(1), "relay-refused (550 5.7.1)"),
        (102, Rule::on("EHLO").lose_request().times(1), "unreachable"),
        (103, Rule::lose_reply_to_mail().times(1), "answer-lost"),
    ] {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(number));
        proxy.rule(rule);
        let failure = send(&desk, &call).await.unwrap_err();
        assert_ne!(failure.code, "office-unavailable", "{reason}");
        assert_eq!(desk.log(), [(actor(2), waits_for(reason))]);
        desk.0.lock().unwrap().log.clear();
    }
    let before = server.inbox().await.len();
    for _ in 0..2 {
        assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
        assert_eq!(desk.log(), [(actor(2), Status::Sent)]);
    }
    assert_eq!(server.inbox().await.len(), before + 1, "a mail that the server took is not sent again");

    desk.0.lock().unwrap().log.clear();
    desk.set("from", "nobody");
    assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "sender-invalid");
    assert_eq!(desk.log(), [(actor(2), waits_for("sender-invalid"))]);
}

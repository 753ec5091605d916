//! Tests of waiting mails: paused connections and rate limits.

use super::*;
use eaf_capability::Capability;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};

#[tokio::test]
async fn a_paused_connection_sends_nothing_until_it_is_resumed() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.pause(true);
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "mail-paused");
    assert_eq!(store.log(), [(actor(2), waits_for("mail-paused"))]);
    assert!(server.inbox().await.is_empty());

    store.pause(false);
    store.advance(Duration::from_secs(3_600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
}

#[tokio::test]
async fn mails_determine_the_state_of_a_connection_but_a_pause_does_not() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    let used = async || {
        store.advance(Duration::from_secs(3_600));
        let answer = send(&store, &approval()).await.map_err(|failure| failure.code);
        (answer.err(), std::mem::take(&mut store.0.lock().unwrap().used))
    };
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.pause(true);
    assert_eq!(used().await, (Some("mail-paused".into()), vec![]));
    store.pause(false);
    store.set("from", "nobody");
    assert_eq!(used().await, (Some("sender-invalid".into()), vec![Some("sender-invalid".into())]));
    store.set("from", "cloud@acme.example");
    store.set("tls", "starttls");
    assert_eq!(used().await.1, [Some("starttls-not-offered".to_owned())]);
    store.set("tls", "none");
    assert_eq!(used().await, (None, vec![None]));
}

#[tokio::test]
async fn a_pause_during_a_call_stops_its_next_mail() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    for number in 2..7 {
        store.hire(number, "P", &format!("p{number}@acme.example"), Locale::De, "approver");
    }
    store.0.lock().unwrap().pauses_after = Some(2);
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "mail-paused");
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_mail_to_a_person_who_lost_the_role_is_settled() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.pause(true);
    send(&store, &approval()).await.unwrap_err();
    store.0.lock().unwrap().people.pop();
    store.pause(false);
    store.advance(Duration::from_secs(3_600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(store.log(), [(actor(2), Status::Sent), (actor(3), Status::Skipped)]);

    // The same holds after a call that failed for good and was abandoned.
    let mut other = approval();
    other.event = EventId(Uuid::from_u128(9));
    store.pause(true);
    let failure = send(&store, &other).await.unwrap_err();
    store.0.lock().unwrap().people.clear();
    store.provider().abandon(&other, &failure).await.unwrap();
    assert!(!store.log().iter().any(|(_, status)| matches!(status, Status::Pending(_))), "{:?}", store.log());
}

#[tokio::test]
async fn a_connection_does_not_exceed_its_mails_per_minute() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.set("mails_per_minute", 2);
    for number in 2..7 {
        store.hire(number, "P", &format!("p{number}@acme.example"), Locale::De, "approver");
    }
    for minute in 1..=2 {
        assert_eq!(send(&store, &approval()).await.unwrap_err().code, "mail-rate");
        assert_eq!(server.inbox().await.len(), 2 * minute);
        store.advance(Duration::from_secs(20));
        assert_eq!(send(&store, &approval()).await.unwrap_err().code, "mail-rate", "the minute is not over");
        assert_eq!(server.inbox().await.len(), 2 * minute);
        store.advance(Duration::from_secs(61));
    }
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 5, "failed": 0})));
}

#[tokio::test]
async fn a_connection_does_not_exceed_its_concurrent_sessions() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.set("max_connections", 1);
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let held = proxy.rule(Rule::on("MAIL FROM").hold_request());
    let provider = store.provider();
    let (first, mut second) = (approval(), approval());
    second.event = EventId(Uuid::from_u128(9));
    let meanwhile = async {
        held.wait_for_hit().await;
        let failure = provider.start(&second).await.expect_err("one session is open");
        assert_eq!(failure.code, "mail-connections-busy");
        assert!(failure.retry_after_ms.is_some_and(|pause| (2_000..3_000).contains(&pause)), "{failure:?}");
        held.release();
    };
    let (sent, ()) = tokio::join!(provider.start(&first), meanwhile);
    assert!(sent.is_ok());
    store.advance(Duration::from_secs(5));
    assert!(provider.start(&second).await.is_ok());
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn an_abandoned_mail_is_sent_again_on_request_of_an_admin() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.pause(true);
    let failure = send(&store, &approval()).await.unwrap_err();
    store.provider().abandon(&approval(), &failure).await.unwrap();
    store.pause(false);
    let message_id = {
        let mut paper = store.0.lock().unwrap();
        let mut failed = paper.log.values_mut().filter(|logged| logged.state.entry.mail.recipient == actor(3));
        let logged = failed.next().unwrap();
        logged.state.status = Status::Pending(None);
        logged.state.entry.mail.message_id.clone()
    };
    store.advance(Duration::from_secs(3_600));
    assert_eq!(store.provider().repeat_item(&approval(), &message_id).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(addressees(&server).await, ["bert@acme.example"]);
    let failed = Status::Failed("mail-paused".into());
    assert_eq!(store.log(), [(actor(2), failed), (actor(3), Status::Sent)]);
}

#[tokio::test]
async fn a_failed_repetition_settles_the_mail_again() {
    let store = FakeStore::at(eaf_test_support::maildev::free_address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    send(&store, &approval()).await.unwrap_err();
    let message_id = store.0.lock().unwrap().log.keys().next().unwrap().clone();
    store.advance(Duration::from_secs(3_600));
    assert_eq!(store.provider().repeat_item(&approval(), &message_id).await.unwrap_err().code, "mail-unreachable");
    assert_eq!(store.log(), [(actor(2), Status::Failed("mail-unreachable".into()))], "no retry follows");

    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.0.lock().unwrap().log.values_mut().for_each(|logged| logged.state.status = Status::Pending(None));
    store.provider().repeat_item(&approval(), &message_id).await.unwrap_err();
    assert_eq!(store.log().len(), 1, "who holds the role only now is not meant");
}

#[tokio::test]
async fn a_rendering_failure_and_an_unknown_person_are_reported() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let mut broken = approval();
    broken.args["facts"].as_object_mut().unwrap().remove("vm_name");
    let failure = send(&store, &broken).await.unwrap_err();
    assert_eq!(failure.code, "template-failed");
    assert!(failure.message.contains("mails/approval-requested/de."), "{failure}");
    let [(_, Status::Failed(reason))] = &store.log()[..] else { panic!("{:?}", store.log()) };
    assert!(reason.starts_with("template-failed (") && reason.contains("de.subject.txt line 1"), "{reason}");

    let failure = send(&store, &call("request-rejected", json!({"actor": actor(77)}), facts())).await.unwrap_err();
    assert_eq!(failure.code, "recipient-unknown");
    assert!(store.log().contains(&(actor(77), Status::Failed("recipient-unknown".into()))), "{:?}", store.log());
}

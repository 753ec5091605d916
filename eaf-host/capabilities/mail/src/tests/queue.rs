//! Mails that wait: an admin pauses a connection, and a connection has its rate.

use super::*;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};

#[tokio::test]
async fn nothing_is_sent_over_a_paused_connection_and_everything_afterwards() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.pause(true);
    assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "mail-paused");
    assert_eq!(desk.log(), [(actor(2), waits_for("mail-paused"))]);
    assert!(server.inbox().await.is_empty());

    desk.pause(false);
    desk.later(Duration::from_secs(3_600));
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
}

#[tokio::test]
async fn what_mails_meet_says_whether_the_connection_works_and_what_an_admin_wants_says_nothing() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    let used = async || {
        desk.later(Duration::from_secs(3_600));
        let answer = send(&desk, &approval()).await.map_err(|failure| failure.code);
        (answer.err(), std::mem::take(&mut desk.0.lock().unwrap().used))
    };
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.pause(true);
    assert_eq!(used().await, (Some("mail-paused".into()), vec![]));
    desk.pause(false);
    desk.set("from", "nobody");
    assert_eq!(used().await, (Some("sender-invalid".into()), vec![Some("sender-invalid".into())]));
    desk.set("from", "cloud@acme.example");
    desk.set("tls", "starttls");
    assert_eq!(used().await.1, [Some("starttls-not-offered".to_owned())]);
    desk.set("tls", "none");
    assert_eq!(used().await, (None, vec![None]));
}

#[tokio::test]
async fn a_pause_in_the_middle_of_a_call_stops_its_next_mail() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    for number in 2..7 {
        desk.hire(number, "P", &format!("p{number}@acme.example"), Locale::De, "approver");
    }
    desk.0.lock().unwrap().pauses_after = Some(2);
    assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "mail-paused");
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_mail_to_a_person_who_lost_the_role_is_settled() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.pause(true);
    send(&desk, &approval()).await.unwrap_err();
    desk.0.lock().unwrap().people.pop();
    desk.pause(false);
    desk.later(Duration::from_secs(3_600));
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(desk.log(), [(actor(2), Status::Sent), (actor(3), Status::Skipped)]);

    // And when the call fails in between.
    let mut other = approval();
    other.event = EventId(Uuid::from_u128(9));
    desk.pause(true);
    let failure = send(&desk, &other).await.unwrap_err();
    desk.0.lock().unwrap().people.clear();
    desk.provider().gave_up(&other, &failure).await.unwrap();
    assert!(!desk.log().iter().any(|(_, status)| matches!(status, Status::Pending(_))), "{:?}", desk.log());
}

#[tokio::test]
async fn no_more_mails_go_out_in_a_minute_than_the_connection_may_send() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.set("mails_per_minute", 2);
    for number in 2..7 {
        desk.hire(number, "P", &format!("p{number}@acme.example"), Locale::De, "approver");
    }
    for minute in 1..=2 {
        assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "mail-rate");
        assert_eq!(server.inbox().await.len(), 2 * minute);
        desk.later(Duration::from_secs(20));
        assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "mail-rate", "the minute is not over");
        assert_eq!(server.inbox().await.len(), 2 * minute);
        desk.later(Duration::from_secs(61));
    }
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 5, "failed": 0})));
}

#[tokio::test]
async fn no_more_conversations_are_open_than_the_connection_may_have() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    desk.set("max_connections", 1);
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let held = proxy.rule(Rule::on("MAIL FROM").hold_request());
    let provider = desk.provider();
    let (first, mut second) = (approval(), approval());
    second.event = EventId(Uuid::from_u128(9));
    let meanwhile = async {
        held.wait_for_hit().await;
        let failure = provider.start(&second).await.expect_err("one conversation is open");
        assert_eq!(failure.code, "mail-connections-busy");
        assert!(failure.retry_after_ms.is_some_and(|pause| (2_000..3_000).contains(&pause)), "{failure:?}");
        held.release();
    };
    let (sent, ()) = tokio::join!(provider.start(&first), meanwhile);
    assert!(sent.is_ok());
    desk.later(Duration::from_secs(5));
    assert!(provider.start(&second).await.is_ok());
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_sent_again_when_an_admin_wants_it() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.pause(true);
    let failure = send(&desk, &approval()).await.unwrap_err();
    desk.provider().gave_up(&approval(), &failure).await.unwrap();
    desk.pause(false);
    let message_id = {
        let mut paper = desk.0.lock().unwrap();
        let mut failed = paper.log.values_mut().filter(|logged| logged.letter.entry.recipient == actor(3));
        let logged = failed.next().unwrap();
        logged.letter.status = Status::Pending(None);
        logged.letter.entry.message_id.clone()
    };
    desk.later(Duration::from_secs(3_600));
    assert_eq!(desk.provider().again(&approval(), &message_id).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(addressees(&server).await, ["bert@acme.example"]);
    let failed = Status::Failed("mail-paused".into());
    assert_eq!(desk.log(), [(actor(2), failed), (actor(3), Status::Sent)]);
}

#[tokio::test]
async fn a_mail_that_is_sent_again_in_vain_has_failed_again() {
    let desk = Desk::at(eaf_test_support::maildev::free_address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    send(&desk, &approval()).await.unwrap_err();
    let message_id = desk.0.lock().unwrap().log.keys().next().unwrap().clone();
    desk.later(Duration::from_secs(3_600));
    assert_eq!(desk.provider().again(&approval(), &message_id).await.unwrap_err().code, "unreachable");
    assert_eq!(desk.log(), [(actor(2), Status::Failed("unreachable".into()))], "nobody would come back for it");

    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.0.lock().unwrap().log.values_mut().for_each(|logged| logged.letter.status = Status::Pending(None));
    desk.provider().again(&approval(), &message_id).await.unwrap_err();
    assert_eq!(desk.log().len(), 1, "who holds the role only now is not meant");
}

#[tokio::test]
async fn a_package_whose_mail_cannot_be_made_says_where_and_a_person_who_is_gone_is_named() {
    let server = Maildev::start(&[]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    let mut broken = approval();
    broken.args["facts"].as_object_mut().unwrap().remove("vm_name");
    let failure = send(&desk, &broken).await.unwrap_err();
    assert_eq!(failure.code, "template-failed");
    assert!(failure.message.contains("mails/approval-requested/de."), "{failure}");
    let [(_, Status::Failed(reason))] = &desk.log()[..] else { panic!("{:?}", desk.log()) };
    assert!(reason.starts_with("template-failed (") && reason.contains("de.subject.txt line 1"), "{reason}");

    let failure = send(&desk, &call("request-rejected", json!({"actor": actor(77)}), facts())).await.unwrap_err();
    assert_eq!(failure.code, "recipient-unknown");
    assert!(desk.log().contains(&(actor(77), Status::Failed("recipient-unknown".into()))), "{:?}", desk.log());
}

//! Tests of the content of delivered mails.

use super::*;
use eaf_test_support::maildev::Maildev;
use std::collections::BTreeSet;

#[tokio::test]
async fn everyone_gets_text_and_html_in_their_language() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(1, "Jana Berger", "jana@acme.example", Locale::De, "approver");
    store.hire(2, "Jörg „Joe“ Müller-Lüdenscheidt, Dr.", "joerg@acme.example", Locale::De, "approver");
    store.hire(3, "Zoë 王小明", "zoe@acme.example", Locale::En, "admin");
    store.hire(4, "Somebody Else", "else@acme.example", Locale::En, "auditor");

    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 0})));

    let inbox = server.inbox().await;
    assert_eq!(inbox.len(), 2, "the requester does not approve, the auditor may not");
    let of = |address: &str| inbox.iter().find(|mail| mail.to[0].address == address).expect("arrived");
    let (german, english) = (of("joerg@acme.example"), of("zoe@acme.example"));

    assert_eq!(german.subject, "Bitte freigeben: web-01, 4 CPU, 62 €/Monat – beantragt von Jana Berger");
    assert_eq!(english.subject, "Approve: web-01, 4 CPU, 62 €/month – requested by Jana Berger");
    assert_eq!(german.to[0].name, "Jörg „Joe“ Müller-Lüdenscheidt, Dr.");
    assert_eq!(english.to[0].name, "Zoë 王小明");
    assert_eq!(german.from[0].name, "Acme Cloud");

    let link = "https://eaf.example.com/approvals/0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11";
    for mail in [german, english] {
        assert_eq!(mail.text.matches(link).count(), 1, "one deep link:\n{}", mail.text);
        assert_eq!(mail.html.matches(link).count(), 1, "one deep link:\n{}", mail.html);
        assert!(mail.text.contains("Neuer Webserver für den Kundenbereich.\nErsetzt <web-00>."), "{}", mail.text);
        assert!(mail.html.contains("Ersetzt &lt;web-00&gt;."), "{}", mail.html);
        assert!(!mail.html.contains("<img") && !mail.html.contains("src="), "no external images");
    }
    assert!(german.text.contains("Größe:          4 CPU, 8 GB Arbeitsspeicher"), "{}", german.text);
    let source = server.source(german).await;
    for line in [
        "Auto-Submitted: auto-generated",
        "Content-Language: de",
        "Date: Mon, 23 Nov 2026 12:00:00 +0000",
        "X-Trace-Id: 00000000000000000000000000000042",
    ] {
        assert!(source.lines().any(|found| found == line), "{line} is missing in:\n{source}");
    }
}

#[tokio::test]
async fn a_repeated_call_sends_no_mail_twice_and_every_mail_has_an_id() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Martin Vogel", "martin@acme.example", Locale::De, "approver");
    store.hire(3, "Sofie Lang", "sofie@acme.example", Locale::En, "approver");

    for _ in 0..3 {
        assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 0})));
    }
    let mut later = approval();
    later.sequence = 9;
    assert_eq!(send(&store, &later).await, Ok(json!({"sent": 2, "failed": 0})), "another place in the run, same mail");
    assert_eq!(server.inbox().await.len(), 2);

    let mut other_event = approval();
    other_event.event = EventId(Uuid::from_u128(99));
    send(&store, &other_event).await.unwrap();
    send(&store, &call("request-failed-admin", to_approvers(), facts())).await.unwrap();

    let inbox = server.inbox().await;
    let ids: BTreeSet<_> = inbox.iter().map(|mail| mail.message_id()).collect();
    assert_eq!((inbox.len(), ids.len()), (6, 6), "two recipients, then another event, then another template");
    assert!(ids.iter().all(|id| id.ends_with("@eaf.example.com>")), "{ids:?}");
}

#[tokio::test]
async fn facts_and_names_cannot_add_headers_or_recipients() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Eve\r\nBcc: thief@evil.example", "eve@acme.example", Locale::En, "approver");
    let mut facts = facts();
    facts["vm_name"] = "web\r\nBcc: thief@evil.example\r\n\r\nX".into();
    facts["requester_name"] = "J\nRCPT TO:<thief@evil.example>\r\n.\r\nQUIT".into();
    facts["request_id"] = "../../\" onmouseover=\"x\r\n".into();

    assert_eq!(
        send(&store, &call("approval-requested", to_approvers(), facts)).await,
        Ok(json!({"sent": 1, "failed": 0}))
    );

    let inbox = server.inbox().await;
    assert_eq!(inbox.len(), 1);
    let recipients: Vec<_> = inbox[0].envelope.to.iter().map(|to| to.address.as_str()).collect();
    assert_eq!(recipients, ["eve@acme.example"]);
    assert!(inbox[0].subject.starts_with("Approve: web Bcc: thief@evil.example X, 4 CPU"), "{}", inbox[0].subject);
    let source = server.source(&inbox[0]).await;
    let (headers, _) = source.split_once("\r\n\r\n").unwrap();
    assert!(!headers.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc:")), "{headers}");
    assert!(!inbox[0].html.contains("onmouseover=\""), "{}", inbox[0].html);
}

#[tokio::test]
async fn a_missing_template_is_reported() {
    let store = FakeStore::at(eaf_test_support::maildev::free_address());
    store.hire(2, "Martin Vogel", "martin@acme.example", Locale::De, "approver");
    let failure = send(&store, &call("farewell", to_approvers(), facts())).await.unwrap_err();
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("mail-missing", "The package has no mail `farewell`.")
    );
}

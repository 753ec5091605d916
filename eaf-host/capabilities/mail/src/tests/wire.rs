//! Servers that do not speak as they should: without end, not at all, or another protocol.

use super::server::{Script, Server};
use super::*;
use eaf_capability::Class;

#[tokio::test]
async fn a_line_that_never_ends_is_cut_off() {
    for tls in ["none", "starttls"] {
        for endless in
            [b"220 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".as_slice(), b"220-more\r\n".as_slice()]
        {
            let server = Server::start(Script { endless: Some(endless), ..Script::default() }).await;
            let desk = Desk::at(server.address());
            desk.set("tls", tls);
            desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
            let failure = send(&desk, &approval()).await.unwrap_err();
            assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "answer-too-long"), "{tls}");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_its_time() {
    let server = Server::start(Script { is_silent: true, ..Script::default() }).await;
    for tls in ["none", "starttls", "tls"] {
        let desk = Desk::at(server.address());
        desk.set("tls", tls);
        desk.hurry(Duration::from_millis(300));
        desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
        let failure = send(&desk, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "timeout"), "{tls}");
    }
}

#[tokio::test]
async fn the_servers_own_id_of_a_mail_is_kept_and_it_is_greeted_by_the_configured_name() {
    let server = Server::start(Script::default()).await;
    let desk = Desk::at(server.address());
    desk.set("ehlo_name", "eaf.acme.example");
    desk.set("reply_to", "desk@acme.example");
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    send(&desk, &approval()).await.unwrap();
    let heard = server.heard();
    assert_eq!(heard[0], "EHLO eaf.acme.example");
    assert!(heard.iter().any(|line| line == "Reply-To: desk@acme.example"), "{heard:?}");
    let relays: Vec<_> = desk.0.lock().unwrap().log.values().map(|logged| logged.relay.clone()).collect();
    assert_eq!(relays, [Some("4F3A2B".to_owned())]);
}

#[tokio::test]
async fn one_tenant_tests_one_connection_at_a_time() {
    let server = Server::start(Script { is_silent: true, ..Script::default() }).await;
    let desk = Desk::at(server.address());
    let provider = desk.provider();
    let tenant = TenantId::derive("acme");
    let mut first = Box::pin(provider.check(tenant, "main"));
    let begun = tokio::time::timeout(Duration::from_millis(200), &mut first).await;
    assert!(begun.is_err(), "the server is silent");
    assert_eq!(provider.check(tenant, "main").await.outcome().unwrap_err().code, "too-many-tests");
    drop(first);
}

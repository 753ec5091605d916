//! Tests of mail servers that violate SMTP: endless lines, silence, another protocol.

use super::server::{Script, Server};
use super::*;
use eaf_capability::Class;

#[tokio::test]
async fn an_endless_line_is_cut_off() {
    for tls in ["none", "starttls"] {
        for endless in
            [b"220 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".as_slice(), b"220-more\r\n".as_slice()]
        {
            let server = Server::start(Script { endless: Some(endless), ..Script::default() }).await;
            let store = FakeStore::at(server.address());
            store.set("tls", tls);
            store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
            let failure = send(&store, &approval()).await.unwrap_err();
            assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "answer-too-long"), "{tls}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = Server::start(Script { is_silent: true, ..Script::default() }).await;
    for tls in ["none", "starttls", "tls"] {
        let store = FakeStore::at(server.address());
        store.set("tls", tls);
        store.limit_time_outs(Duration::from_millis(300));
        store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
        let failure = send(&store, &approval()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "mail-timeout"), "{tls}");
    }
}

#[tokio::test]
async fn the_queue_id_is_stored_and_ehlo_has_the_configured_name() {
    let server = Server::start(Script::default()).await;
    let store = FakeStore::at(server.address());
    store.set("ehlo_name", "eaf.acme.example");
    store.set("reply_to", "desk@acme.example");
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    send(&store, &approval()).await.unwrap();
    let received = server.received();
    assert_eq!(received[0], "EHLO eaf.acme.example");
    assert!(received.iter().any(|line| line == "Reply-To: desk@acme.example"), "{received:?}");
    let relays: Vec<_> = store.0.lock().unwrap().log.values().map(|logged| logged.relay.clone()).collect();
    assert_eq!(relays, [Some("4F3A2B".to_owned())]);
}

#[tokio::test]
async fn one_tenant_tests_one_connection_at_a_time() {
    let server = Server::start(Script { is_silent: true, ..Script::default() }).await;
    let store = FakeStore::at(server.address());
    let provider = store.provider();
    let tenant = TenantId::derive("acme");
    let mut first = Box::pin(provider.check(tenant, "main"));
    let begun = tokio::time::timeout(Duration::from_millis(200), &mut first).await;
    assert!(begun.is_err(), "the server is silent");
    assert_eq!(provider.check(tenant, "main").await.outcome().unwrap_err().code, "mail-too-many-tests");
    drop(first);
}

//! Tests that the cause of an unusable connection is explained in one sentence, both in a
//! connection test and in a workflow run.

use super::server::{Script, Server, acceptor};
use super::*;
use eaf_capability::{Capability, Class, Verdict};
use eaf_core::connection::Connection;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::{self, Maildev};
use eaf_test_support::vcsim::Vcsim;

async fn check(store: &FakeStore) -> Result<(), Failure> {
    store.provider().check(TenantId::derive("acme"), "main").await.outcome()
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_loses_no_mail() {
    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "right"]).await;
    let store = FakeStore::at(server.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    store.login("eaf", "canary-wrong");

    let failure = check(&store).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "mail-wrong-password"));
    assert!(failure.message.starts_with("The mail server refuses the user name or the password"), "{failure}");
    assert!(!failure.message.contains("canary"), "{failure}");
    let failure = send(&store, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "mail-wrong-password"));
    let budget = store.provider().retry_budget();
    assert_eq!(budget, Some(Duration::from_secs(5 * 24 * 3_600)), "a password that expires on Friday is set on Monday");

    let waiting = waits_for("mail-wrong-password");
    assert_eq!(store.log(), [(actor(2), waiting.clone()), (actor(3), waiting)]);

    store.login("eaf", "right");
    assert_eq!(check(&store).await, Ok(()));
    store.advance(Duration::from_secs(600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 2, "failed": 0})), "repaired, they go out");
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_draft_is_tested_with_its_own_settings_and_sends_a_test_mail() {
    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "right"]).await;
    let store = FakeStore::at("127.0.0.1:9".parse().unwrap());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::En, "admin");
    let draft = |password: &str| Connection {
        capability: "mail".into(),
        name: "main".into(),
        config: json!({
            "host": "127.0.0.1", "port": server.address().port(), "tls": "none", "username": "eaf",
            "from": "cloud@acme.example",
        }),
        secret: json!({ "password": password }).as_object().unwrap().clone(),
        set_at: None,
    };
    let test = async |password: &str, recipient| {
        store.provider().check_draft(TenantId::derive("acme"), &draft(password), recipient).await.outcome()
    };
    assert_eq!(test("canary-wrong", None).await.unwrap_err().code, "mail-wrong-password");
    assert_eq!(test("right", None).await, Ok(()));
    assert!(server.inbox().await.is_empty());
    assert_eq!(test("right", Some(actor(2))).await, Ok(()));
    assert_eq!(server.inbox().await.len(), 1);
    assert!(check(&store).await.is_err(), "what is stored is another server");
}

#[tokio::test]
async fn mails_wait_for_a_usable_connection() {
    let server = Maildev::start(&[]).await;
    let store = FakeStore::default();
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store.connect(json!({"host": " ", "port": 25, "from": "cloud@acme.example"}));
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "connection-invalid");
    assert_eq!(store.log(), [(actor(2), waits_for("connection-invalid"))]);

    let port = server.address().port();
    store.connect(json!({"host": "127.0.0.1", "port": port, "tls": "none", "from": "cloud@acme.example"}));
    store.advance(Duration::from_secs(600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
}

#[tokio::test]
async fn a_refused_sender_retains_the_mails() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    for (number, name) in [(2, "anna"), (3, "bert"), (4, "cora")] {
        store.hire(number, name, &format!("{name}@acme.example"), Locale::De, "approver");
    }
    let refusals = proxy.rule(Rule::on("MAIL FROM").after(1).answer("550 5.7.1 Not you\r\n"));
    assert_eq!(send(&store, &approval()).await.unwrap_err().code, "sender-refused");
    assert_eq!(refusals.hits(), 1, "the relay is asked once");
    let refused = waits_for("sender-refused");
    assert_eq!(store.log(), [(actor(2), Status::Sent), (actor(3), refused.clone()), (actor(4), refused)]);

    proxy.clear();
    store.advance(Duration::from_secs(600));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 3, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 3, "no mail is duplicated");
}

#[tokio::test]
async fn a_test_reports_a_refused_sender() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    assert_eq!(check(&store).await, Ok(()));
    proxy.rule(Rule::on("MAIL FROM").answer("550 5.7.1 Not you\r\n"));
    assert_eq!(check(&store).await.unwrap_err().code, "sender-refused");
}

#[tokio::test]
async fn a_test_mail_goes_to_its_requester_and_finds_more_than_a_test() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "admin");
    let provider = store.provider();
    let test =
        async |number| provider.test_with_effect(TenantId::derive("acme"), "main", actor(number)).await.outcome();
    assert_eq!(test(2).await, Ok(()));
    let inbox = server.inbox().await;
    assert_eq!((inbox.len(), inbox[0].subject.as_str()), (1, "Test der Mail-Verbindung main"));
    assert!(store.log().is_empty(), "it is no mail of a product");

    proxy.rule(Rule::on("RCPT TO").answer("554 5.7.1 Relay access denied\r\n"));
    assert_eq!(check(&store).await, Ok(()), "the server says so only to a recipient");
    assert_eq!(test(2).await.unwrap_err().code, "relay-refused");
    assert_eq!(test(9).await.unwrap_err().code, "recipient-address-missing");
}

#[tokio::test]
async fn a_server_without_login_or_encryption_is_reported_as_such() {
    let server = Maildev::start(&["--hide-extensions", "STARTTLS"]).await;
    let store = FakeStore::at(server.address());
    assert_eq!(check(&store).await, Ok(()));

    store.login("eaf", "secret");
    assert_eq!(check(&store).await.unwrap_err().code, "login-not-offered");

    let config = json!({"host": "127.0.0.1", "port": server.address().port(), "from": "cloud@acme.example"});
    for (tls, code) in [("starttls", "starttls-not-offered"), ("tls", "tls-not-spoken")] {
        let mut config = config.clone();
        config["tls"] = tls.into();
        store.connect(config);
        let failure = check(&store).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, code), "{failure}");
    }
}

#[tokio::test]
async fn a_certificate_needs_a_trusted_authority() {
    let dir = std::env::temp_dir().join(format!("eaf-mail-{}", std::process::id()));
    // The vCenter simulator writes two certificates to its folder: the certificate for localhost,
    // and the certificate of the authority that signed it.
    let certificates = Vcsim::start(&dir, &[]).await;
    let file = |name: &str| certificates.cert_dir().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("server.pem"), file("server-key.pem"));
    let server = Maildev::start(&["--incoming-secure", "--incoming-cert", &certificate, "--incoming-key", &key]).await;
    let mut config = json!({
        "host": "localhost", "port": server.address().port(), "tls": "tls", "from": "cloud@acme.example",
    });
    let store = FakeStore::default();
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    store.connect(config.clone());
    let failure = check(&store).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "certificate-unknown"));

    // The setting contains the server's own certificate, not an authority's. Exchange needs this,
    // because it signs its own certificate.
    config["ca_certificate"] = std::fs::read_to_string(&certificate).unwrap().into();
    store.connect(config.clone());
    assert_eq!(check(&store).await, Ok(()));
    // With STARTTLS, TLS begins after a greeting in clear.
    let tls = Some(acceptor(&certificates.cert_dir()));
    let upgraded = Server::start(Script { offers: vec!["STARTTLS".into()], tls, ..Script::default() }).await;
    let mut starttls = config.clone();
    starttls["tls"] = "starttls".into();
    starttls["port"] = upgraded.address().port().into();
    store.connect(starttls);
    assert_eq!(check(&store).await, Ok(()));
    let received = upgraded.received();
    let words: Vec<&str> = received.iter().filter_map(|line| line.split([' ', ':']).next()).collect();
    assert_eq!(words, ["EHLO", "STARTTLS", "EHLO", "MAIL", "RSET", "QUIT"]);

    config["ca_certificate"] = certificates.ca_certificate().into();
    store.connect(config);
    assert_eq!(check(&store).await, Ok(()));
    assert_eq!(send(&store, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 1);
    drop(certificates);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn an_unreachable_server_is_reported() {
    let address = maildev::free_address();
    let failure = check(&FakeStore::at(address)).await.unwrap_err();
    assert_eq!(failure.message, format!("The mail server at {address} cannot be reached."));
}

#[tokio::test]
async fn a_test_has_a_finding_for_address_encryption_and_login() {
    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "right"]).await;
    let plain =
        json!({"host": "127.0.0.1", "port": server.address().port(), "tls": "none", "from": "cloud@acme.example"});
    let with = |change: Value| {
        let mut config = plain.clone();
        config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        config
    };
    let away = maildev::free_address().port();
    for (config, password, expected) in [
        // This mail server accepts a sender only after a login.
        (plain.clone(), None, vec![("host", "good"), ("from", "bad")]),
        (
            with(json!({"username": "eaf"})),
            Some("right"),
            vec![("host", "good"), ("username", "good"), ("from", "good")],
        ),
        (
            with(json!({"username": "eaf"})),
            Some("wrong"),
            vec![("host", "good"), ("username", "bad"), ("from", "untested")],
        ),
        (
            with(json!({"username": "eaf", "tls": "tls"})),
            Some("right"),
            vec![("host", "good"), ("tls", "bad"), ("username", "untested"), ("from", "untested")],
        ),
        (
            with(json!({"username": "eaf", "port": away})),
            Some("right"),
            vec![("host", "bad"), ("username", "untested"), ("from", "untested")],
        ),
    ] {
        let store = FakeStore::default();
        store.connect(config.clone());
        if let Some(password) = password {
            store.login("eaf", password);
        }
        let report = store.provider().check(TenantId::derive("acme"), "main").await;
        let lines = report.findings().iter().map(|finding| {
            let state = match finding.verdict {
                Verdict::Good => "good",
                Verdict::Bad(_) => "bad",
                Verdict::Untested => "untested",
            };
            (finding.name.as_str(), state)
        });
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{config}");
    }
}

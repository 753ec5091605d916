//! Connections that cannot work say so in one sentence, for the admin's test button and for the run.

use super::*;
use crate::capabilities::fault_proxy::{FaultProxy, Rule};
use crate::capabilities::maildev::{self, Maildev};
use crate::capabilities::vcsim::Vcsim;
use crate::capabilities::{Class, Verdict};

async fn check(desk: &Desk) -> Result<(), Failure> {
    desk.provider().check(TenantId::derive("acme"), "main").await.outcome()
}

#[tokio::test]
async fn a_wrong_password_is_a_configuration_failure() {
    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "right"]).await;
    let desk = Desk::at(server.address());
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.hire(3, "Bert Binder", "bert@acme.example", Locale::De, "approver");
    desk.login("eaf", "canary-wrong");

    let failure = check(&desk).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "wrong-password"));
    assert!(failure.message.starts_with("The mail server refuses the user name or the password"), "{failure}");
    assert!(!failure.message.contains("canary"), "{failure}");
    let failure = send(&desk, &approval()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "wrong-password"));

    let lost = Status::Failed("wrong-password".into());
    assert_eq!(desk.log(), [(actor(2), lost.clone()), (actor(3), lost)], "nobody's mail is lost unseen");

    desk.login("eaf", "right");
    assert_eq!(check(&desk).await, Ok(()));
    let mut next = approval();
    next.event = EventId(Uuid::from_u128(9));
    assert_eq!(send(&desk, &next).await, Ok(json!({"sent": 2, "failed": 0})), "repaired, the next ones go out");
    assert_eq!(server.inbox().await.len(), 2);
}

#[tokio::test]
async fn mails_without_a_usable_connection_are_written_down_as_failed() {
    let desk = Desk::default();
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk.connect(json!({"host": " ", "port": 25, "from": "cloud@acme.example"}));
    assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "connection-invalid");
    assert_eq!(desk.log(), [(actor(2), Status::Failed("connection-invalid".into()))]);
}

#[tokio::test]
async fn what_was_sent_before_the_sender_is_refused_stays_sent() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let desk = Desk::at(proxy.address());
    for (number, name) in [(2, "anna"), (3, "bert"), (4, "cora")] {
        desk.hire(number, name, &format!("{name}@acme.example"), Locale::De, "approver");
    }
    proxy.rule(Rule::on("MAIL FROM").after(1).answer("550 5.7.1 Not you\r\n"));
    assert_eq!(send(&desk, &approval()).await.unwrap_err().code, "sender-refused");
    let refused = Status::Failed("sender-refused".into());
    assert_eq!(desk.log(), [(actor(2), Status::Sent), (actor(3), refused.clone()), (actor(4), refused)]);
}

#[tokio::test]
async fn a_server_without_a_login_or_encryption_is_told_apart() {
    let server = Maildev::start(&["--hide-extensions", "STARTTLS"]).await;
    let desk = Desk::at(server.address());
    assert_eq!(check(&desk).await, Ok(()));

    desk.login("eaf", "secret");
    assert_eq!(check(&desk).await.unwrap_err().code, "login-not-offered");

    let config = json!({"host": "127.0.0.1", "port": server.address().port(), "from": "cloud@acme.example"});
    for (tls, code) in [("starttls", "starttls-not-offered"), ("tls", "tls-failed")] {
        let mut config = config.clone();
        config["tls"] = tls.into();
        desk.connect(config);
        let failure = check(&desk).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, code), "{failure}");
    }
}

#[tokio::test]
async fn a_certificate_counts_only_when_its_authority_is_known() {
    let dir = std::env::temp_dir().join(format!("eaf-mail-{}", std::process::id()));
    // The simulator writes a certificate for localhost and its authority.
    let certificates = Vcsim::start(&dir, &[]).await;
    let file = |name: &str| certificates.cert_dir().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("server.pem"), file("server-key.pem"));
    let server = Maildev::start(&["--incoming-secure", "--incoming-cert", &certificate, "--incoming-key", &key]).await;
    let mut config = json!({
        "host": "localhost", "port": server.address().port(), "tls": "tls", "from": "cloud@acme.example",
    });
    let desk = Desk::default();
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");

    desk.connect(config.clone());
    let failure = check(&desk).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "certificate-refused"));

    config["ca_certificate"] = certificates.ca_certificate().into();
    desk.connect(config);
    assert_eq!(check(&desk).await, Ok(()));
    assert_eq!(send(&desk, &approval()).await, Ok(json!({"sent": 1, "failed": 0})));
    assert_eq!(server.inbox().await.len(), 1);
    drop(certificates);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn an_unreachable_server_is_named() {
    let address = maildev::free_address();
    let failure = check(&Desk::at(address)).await.unwrap_err();
    assert_eq!(failure.message, format!("The mail server at {address} cannot be reached."));
}

#[tokio::test]
async fn a_test_has_a_line_for_address_encryption_and_login() {
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
        (plain.clone(), None, vec![("host", "good")]),
        (with(json!({"username": "eaf"})), Some("right"), vec![("host", "good"), ("username", "good")]),
        (with(json!({"username": "eaf"})), Some("wrong"), vec![("host", "good"), ("username", "bad")]),
        (
            with(json!({"username": "eaf", "tls": "tls"})),
            Some("right"),
            vec![("host", "good"), ("tls", "bad"), ("username", "untested")],
        ),
        (
            with(json!({"username": "eaf", "port": away})),
            Some("right"),
            vec![("host", "bad"), ("username", "untested")],
        ),
    ] {
        let desk = Desk::default();
        desk.connect(config.clone());
        if let Some(password) = password {
            desk.login("eaf", password);
        }
        let report = desk.provider().check(TenantId::derive("acme"), "main").await;
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

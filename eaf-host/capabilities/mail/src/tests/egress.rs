//! Tests of servers that the operator did not list by name: the report of a connection test reveals
//! only whether the server is a mail server.

use super::*;
use eaf_capability::Report;
use eaf_capability::egress::SystemLookup;
use eaf_capability::egress::testing;
use eaf_test_support::maildev::Maildev;
use std::time::Instant;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// Address of this machine that belongs to no network interface. A rule for the network
/// 127.0.0.0/24 covers it without naming it.
const ELSEWHERE: &str = "127.0.0.2";
const CONTACT: Duration = Duration::from_millis(1_500);

async fn server(greeting: &'static str) -> u16 {
    let listener = TcpListener::bind((ELSEWHERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut clients = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.write_all(greeting.as_bytes()).await;
            clients.push(client);
        }
    });
    port
}

async fn tested(rules: &[&str], host: &str, port: u16, tls: &str) -> (Report, Duration) {
    let store = FakeStore::default();
    store.connect(json!({ "host": host, "port": port, "tls": tls, "from": "cloud@acme.example" }));
    let mail = Mail { egress: testing::policy(rules, Arc::new(SystemLookup)), contact: CONTACT, ..store.mail() };
    let began = Instant::now();
    let report = mail.check(TenantId::derive("acme"), "main").await;
    (report, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_kind_of_server_has_one_answer_after_the_same_time() {
    let closed = std::net::TcpListener::bind((ELSEWHERE, 0)).unwrap().local_addr().unwrap().port();
    let http = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let servers = [
        ("nothing", ELSEWHERE, closed),
        ("silence", ELSEWHERE, server("").await),
        ("another protocol", ELSEWHERE, server(http).await),
        ("what the policy refuses", "127.0.0.1", 25),
        ("a guarded address", "169.254.169.254", 25),
    ];
    for tls in ["none", "tls"] {
        let wide = ["mail 127.0.0.0/24:1-65535"];
        let tests = servers.iter().map(|(_, host, port)| tested(&wide, host, *port, tls));
        let mut answers = Vec::new();
        for ((what, ..), (report, took)) in servers.iter().zip(futures_util::future::join_all(tests).await) {
            assert!(took >= CONTACT, "{what} answered after {took:?}");
            let verdicts: Vec<_> = report.findings().iter().map(|found| found.verdict.clone()).collect();
            answers.push((*what, verdicts));
        }
        for (what, verdicts) in &answers {
            assert_eq!(verdicts, &answers[0].1, "{what} with {tls}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_reports_its_faults_and_a_listed_one_all_faults() {
    let refusing = server("554 5.7.1 Not you\r\n").await;
    let (report, _) = tested(&["mail 127.0.0.0/24:1-65535"], ELSEWHERE, refusing, "none").await;
    assert_eq!(report.outcome().unwrap_err().code, "mail-refused");
    let (report, took) = tested(&["mail 127.0.0.2:1-65535"], ELSEWHERE, server("?\r\n").await, "tls").await;
    assert_ne!(report.outcome().unwrap_err().code, "mail-unreachable");
    assert!(took < CONTACT);
}

#[tokio::test]
async fn guesses_of_a_mail_accounts_password_are_slowed_down() {
    let server = Maildev::start(&["--incoming-user", "eaf", "--incoming-pass", "secret"]).await;
    let store = FakeStore::at(server.address());
    let mail = store.provider();
    let mut codes = Vec::new();
    for attempt in 0..5 {
        store.login("eaf", &format!("guess {attempt}"));
        codes.push(mail.check(TenantId::derive("globex"), "main").await.outcome().unwrap_err().code);
    }
    assert_eq!(
        codes,
        ["mail-wrong-password", "mail-wrong-password", "mail-wrong-password", "mail-login-pause", "mail-login-pause"]
    );
}

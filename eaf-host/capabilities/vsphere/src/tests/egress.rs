//! Tests of servers that the operator did not list by name: the report of a connection test reveals
//! only whether the server is the tenant's vCenter.

use super::*;
use eaf_capability::egress::Lookup;
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// Address of this machine that belongs to no network interface. A rule for a network covers it
/// without naming it.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const CONTACT: Duration = Duration::from_millis(1_500);

/// Name service of a test, which resolves `localhost`, the name in the simulator's certificate, to
/// [`ELSEWHERE`].
struct Elsewhere;

#[async_trait]
impl Lookup for Elsewhere {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        if host == "localhost" { Ok(vec![ELSEWHERE]) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }
}

/// Starts a server that sends `greeting` to every client and then waits; with an empty `greeting`
/// it sends nothing. Returns the server's port.
async fn plain(greeting: &'static str) -> u16 {
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

/// Starts a server that answers every request over TLS with the HTTP status `status` and the body
/// `document`. Returns the server's port.
pub async fn https(bench: &Bench, status: &'static str, document: impl Into<String>) -> u16 {
    let document = document.into();
    let dir = bench.vcsim.cert_dir();
    let certificate = CertificateDer::from_pem_file(dir.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(dir.join("server-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((ELSEWHERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(mut client) = acceptor.accept(client).await else { continue };
            let _ = client.read(&mut [0; 8192]).await;
            let length = document.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{document}");
            let _ = client.write_all(answer.as_bytes()).await;
            let _ = client.shutdown().await;
        }
    });
    port
}

/// Tests a connection with the address `url` under the egress policy `rules`. Returns the report
/// and how long the test took.
pub async fn tested(bench: &Bench, rules: &[&str], url: &str, trusts: bool) -> (Report, Duration) {
    let settings = Settings(Arc::new(Mutex::new(bench.settings.0.lock().unwrap().clone())));
    settings.set("url", url);
    if !trusts {
        settings.set("ca_certificate", "");
    }
    let provider = provider_in(&settings, &bench.records, testing::policy(rules, Arc::new(Elsewhere)), CONTACT);
    let began = Instant::now();
    let report = provider.check(TenantId::derive("acme"), "main").await;
    (report, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unreachable_server_has_the_same_answer_after_the_same_time() {
    let bench = Bench::start(&[]).await;
    let closed = std::net::TcpListener::bind((ELSEWHERE, 0)).unwrap().local_addr().unwrap().port();
    let local = |port: u16| format!("https://localhost:{port}/sdk");
    let page = https(&bench, "404 Not Found", "<html></html>").await;
    let servers = [
        ("nothing", local(closed), true),
        ("silence", local(plain("").await), true),
        ("another protocol", local(plain("220 mail.example ESMTP\r\n").await), true),
        ("an unknown certificate", local(page), false),
        ("a web page", local(page), true),
        ("another document", local(https(&bench, "200 OK", "<a/>").await), true),
        ("a busy server", local(https(&bench, "503 Busy", "<a/>").await), true),
        ("what the policy refuses", "https://127.0.0.1:443/sdk".into(), true),
        ("a guarded address", "https://169.254.169.254/sdk".into(), true),
        ("no name", "https://nowhere.example/sdk".into(), true),
    ];
    let wide = ["vsphere 127.0.0.0/24:1-65535", "vsphere *.example"];
    let tests = servers.iter().map(|(_, url, trusts)| tested(&bench, &wide, url, *trusts));
    let mut answers = Vec::new();
    for ((what, url, _), (report, took)) in servers.iter().zip(futures_util::future::join_all(tests).await) {
        assert!(took >= CONTACT, "{what} answered after {took:?}");
        let findings: Vec<_> =
            report.findings().iter().map(|found| (found.name.clone(), found.verdict.clone())).collect();
        assert_eq!(report.findings()[0].subject, *url);
        answers.push((what, report.outcome().unwrap_err(), findings));
    }
    let (_, failure, findings) = answers[0].clone();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-unreachable"));
    for (what, other, others) in &answers {
        assert_eq!((other, others), (&failure, &findings), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fault_of_a_listed_server_is_reported() {
    let bench = Bench::start(&[]).await;
    let port = https(&bench, "404 Not Found", "<html></html>").await;
    let url = format!("https://localhost:{port}/sdk");
    for (trusts, code) in [(false, "vcenter-certificate"), (true, "vcenter-address")] {
        let (report, _) = tested(&bench, &["vsphere 127.0.0.2:1-65535"], &url, trusts).await;
        assert_eq!(report.outcome().unwrap_err().code, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vcenter_bound_to_another_tenant_is_not_contacted() {
    let bench = Bench::start(&[]).await;
    let rule = format!("vsphere@acme 127.0.0.1:{}", bench.proxy.address().port());
    let lookup = Arc::new(eaf_capability::egress::SystemLookup);
    let provider = provider_in(&bench.settings, &bench.records, testing::policy(&[rule], lookup), CONTACT);
    provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
    let (calls, sessions) = (bench.vcsim.calls("Login").await, bench.vcsim.sessions().await);
    let failure = provider.check(TenantId::derive("globex"), "spy").await.outcome().unwrap_err();
    assert_eq!(failure.code, "vcenter-unreachable", "also with the right password");
    assert_eq!((bench.vcsim.calls("Login").await, bench.vcsim.sessions().await), (calls, sessions));
}

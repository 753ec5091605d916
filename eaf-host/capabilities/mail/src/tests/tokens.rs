//! Tests of logins by access token: the provider requests the token at a token endpoint and logs in
//! to a mail server that offers only XOAUTH2.

use super::server::{Script, Server};
use super::*;
use eaf_capability::Class;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// OAuth 2 token endpoint of a test. It gives every request the same answer, counts the requests
/// and records the last one.
struct Endpoint {
    url: String,
    requests: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

async fn endpoint(status: &'static str, body: &'static str) -> Endpoint {
    // The TLS provider of this process. In production, the host's main function installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/acme/oauth2/v2.0/token", listener.local_addr().unwrap());
    let (requests, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (count, request) = (requests.clone(), last.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&bytes).contains("grant_type") {
                let read = stream.read(&mut buffer).await.unwrap_or_default();
                if read == 0 {
                    break;
                }
                bytes.extend_from_slice(&buffer[..read]);
            }
            count.fetch_add(1, Ordering::Relaxed);
            *request.lock().unwrap() = String::from_utf8_lossy(&bytes).into_owned();
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Endpoint { url, requests, last }
}

fn store(server: &Server, endpoint: &Endpoint) -> FakeStore {
    let store = FakeStore::at(server.address());
    for (name, value) in [
        ("username", "eaf@acme.example"),
        ("auth", "oauth2"),
        ("token_url", &endpoint.url),
        ("client_id", "11111111-2222"),
        ("scope", "https://outlook.office365.com/.default"),
    ] {
        store.set(name, value);
    }
    store.0.lock().unwrap().secret = json!({"client_secret": "canary-secret"}).as_object().unwrap().clone();
    store.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    store
}

async fn exchange(token: Option<&str>) -> Server {
    let (offers, token) = (vec!["AUTH XOAUTH2".to_owned()], token.map(str::to_owned));
    Server::start(Script { offers, token, ..Script::default() }).await
}

#[tokio::test]
async fn a_server_without_passwords_gets_a_token_that_is_fetched_once() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("200 OK", r#"{"access_token":"t-1","token_type":"Bearer","expires_in":"3599"}"#).await;
    let store = store(&server, &tokens);
    let provider = store.provider();
    for number in 0..2 {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(500 + number));
        assert!(provider.start(&call).await.is_ok());
    }
    assert_eq!(tokens.requests.load(Ordering::Relaxed), 1);
    let last = tokens.last.lock().unwrap().clone();
    for part in ["grant_type=client_credentials", "client_id=11111111-2222", "client_secret=canary-secret", ".default"]
    {
        assert!(last.contains(part), "{part} is missing in {last}");
    }
    assert_eq!(server.received().iter().filter(|line| line.as_str() == "DATA").count(), 2);
}

#[tokio::test]
async fn a_refused_token_retains_the_mails_and_is_fetched_again() {
    let server = exchange(None).await;
    let tokens = endpoint("200 OK", r#"{"access_token":"t-1","expires_in":3599}"#).await;
    let store = store(&server, &tokens);
    let provider = store.provider();
    for _ in 0..2 {
        let failure = provider.start(&approval()).await.expect_err("refused");
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "token-refused"));
        store.advance(Duration::from_secs(3_600));
    }
    assert_eq!(tokens.requests.load(Ordering::Relaxed), 2, "another token is fetched");
    assert_eq!(store.log(), [(actor(2), waits_for("token-refused"))]);
}

#[tokio::test]
async fn failures_of_the_token_endpoint_are_distinct_and_have_no_secret() {
    let server = exchange(Some("t-1")).await;
    for (status, body, class, code) in [
        (
            "401 Unauthorized",
            r#"{"error":"invalid_client","error_description":"canary"}"#,
            Class::Configuration,
            "token-denied",
        ),
        ("400 Bad Request", "<html>canary</html>", Class::Configuration, "token-denied"),
        ("200 OK", "<html>canary</html>", Class::Configuration, "token-denied"),
        ("302 Found", "", Class::Configuration, "token-denied"),
        ("503 Service Unavailable", "", Class::Transient, "token-unreachable"),
        ("429 Too Many Requests", "", Class::Transient, "token-unreachable"),
    ] {
        let tokens = endpoint(status, body).await;
        let store = store(&server, &tokens);
        let failure = store.provider().check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (class, code), "{status}");
        assert!(!failure.message.contains("canary"), "{failure}");
        assert_eq!(send(&store, &approval()).await.unwrap_err().code, code);
        assert_eq!(store.log(), [(actor(2), waits_for(code))], "no mail is lost by it");
    }
}

#[tokio::test]
async fn a_password_at_a_server_with_tokens_only_names_the_setting() {
    let server = exchange(Some("t-1")).await;
    let store = FakeStore::at(server.address());
    store.login("eaf@acme.example", "p");
    let failure = store.provider().check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "login-by-token-only"));
}

#[tokio::test]
async fn guesses_of_a_client_secret_are_slowed_down() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("401 Unauthorized", r#"{"error":"invalid_client"}"#).await;
    let store = store(&server, &tokens);
    let mail = store.provider();
    let mut codes = Vec::new();
    for attempt in 0..5 {
        store.0.lock().unwrap().secret["client_secret"] = format!("guess {attempt}").into();
        codes.push(mail.check(TenantId::derive("globex"), "main").await.outcome().unwrap_err().code);
    }
    assert_eq!(codes[..3], ["token-denied"; 3]);
    assert_eq!(
        (&codes[3..], tokens.requests.load(Ordering::Relaxed)),
        (&["mail-login-pause"; 2].map(String::from)[..], 3)
    );
}

#[tokio::test]
async fn another_kind_of_server_than_a_token_endpoint_takes_constant_time() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("200 OK", "{}").await;
    let store = store(&server, &tokens);
    // The rules cover the network 127.0.0.0/24 and do not name the endpoint's address, so the
    // operator did not list the endpoint by name.
    let rules = ["mail 127.0.0.1:1-65535", "mail-token 127.0.0.0/24:1-65535"];
    let contact = Duration::from_millis(800);
    let egress = eaf_capability::egress::testing::policy(&rules, Arc::new(eaf_capability::egress::SystemLookup));
    let mail = Mail { egress, contact, ..store.mail() };
    let closed = std::net::TcpListener::bind(("127.0.0.2", 0)).unwrap().local_addr().unwrap();
    for url in [format!("https://{closed}/token"), "https://127.0.0.1:1/token".to_owned()] {
        store.set("token_url", url.as_str());
        let began = std::time::Instant::now();
        let failure = mail.check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
        assert_eq!(failure.code, "token-unreachable", "{url}");
        assert!(began.elapsed() >= contact, "{url} after {:?}", began.elapsed());
    }
}

//! A log-in by token: fetched at an endpoint, given to a server that offers XOAUTH2 and nothing else.

use super::server::{Script, Server};
use super::*;
use eaf_capability::Class;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An endpoint that answers every request alike, and keeps the last one.
struct Endpoint {
    url: String,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

async fn endpoint(status: &'static str, body: &'static str) -> Endpoint {
    // The host's main does it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/acme/oauth2/v2.0/token", listener.local_addr().unwrap());
    let (asked, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (count, request) = (asked.clone(), last.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut said = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&said).contains("grant_type") {
                let read = stream.read(&mut buffer).await.unwrap_or_default();
                if read == 0 {
                    break;
                }
                said.extend_from_slice(&buffer[..read]);
            }
            count.fetch_add(1, Ordering::Relaxed);
            *request.lock().unwrap() = String::from_utf8_lossy(&said).into_owned();
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Endpoint { url, asked, last }
}

fn desk(server: &Server, endpoint: &Endpoint) -> Desk {
    let desk = Desk::at(server.address());
    for (name, value) in [
        ("username", "eaf@acme.example"),
        ("auth", "oauth2"),
        ("token_url", &endpoint.url),
        ("client_id", "11111111-2222"),
        ("scope", "https://outlook.office365.com/.default"),
    ] {
        desk.set(name, value);
    }
    desk.0.lock().unwrap().secret = json!({"client_secret": "canary-secret"}).as_object().unwrap().clone();
    desk.hire(2, "Anna Amsel", "anna@acme.example", Locale::De, "approver");
    desk
}

async fn exchange(token: Option<&str>) -> Server {
    let (offers, token) = (vec!["AUTH XOAUTH2".to_owned()], token.map(str::to_owned));
    Server::start(Script { offers, token, ..Script::default() }).await
}

#[tokio::test]
async fn a_server_that_takes_no_passwords_is_given_a_token_that_is_fetched_once() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("200 OK", r#"{"access_token":"t-1","token_type":"Bearer","expires_in":"3599"}"#).await;
    let desk = desk(&server, &tokens);
    let provider = desk.provider();
    for number in 0..2 {
        let mut call = approval();
        call.event = EventId(Uuid::from_u128(500 + number));
        assert!(provider.start(&call).await.is_ok());
    }
    assert_eq!(tokens.asked.load(Ordering::Relaxed), 1);
    let asked = tokens.last.lock().unwrap().clone();
    for part in ["grant_type=client_credentials", "client_id=11111111-2222", "client_secret=canary-secret", ".default"]
    {
        assert!(asked.contains(part), "{part} is missing in {asked}");
    }
    assert_eq!(server.heard().iter().filter(|line| line.as_str() == "DATA").count(), 2);
}

#[tokio::test]
async fn a_token_that_the_server_refuses_keeps_the_mails_and_is_fetched_anew() {
    let server = exchange(None).await;
    let tokens = endpoint("200 OK", r#"{"access_token":"t-1","expires_in":3599}"#).await;
    let desk = desk(&server, &tokens);
    let provider = desk.provider();
    for _ in 0..2 {
        let failure = provider.start(&approval()).await.expect_err("refused");
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "token-refused"));
        desk.later(Duration::from_secs(3_600));
    }
    assert_eq!(tokens.asked.load(Ordering::Relaxed), 2, "perhaps the next one is better");
    assert_eq!(desk.log(), [(actor(2), waits_for("token-refused"))]);
}

#[tokio::test]
async fn what_the_token_endpoint_says_is_told_apart_and_names_no_secret() {
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
        let desk = desk(&server, &tokens);
        let failure = desk.provider().check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (class, code), "{status}");
        assert!(!failure.message.contains("canary"), "{failure}");
        assert_eq!(send(&desk, &approval()).await.unwrap_err().code, code);
        assert_eq!(desk.log(), [(actor(2), waits_for(code))], "no mail is lost by it");
    }
}

#[tokio::test]
async fn a_password_for_a_server_that_wants_tokens_is_told_what_to_set() {
    let server = exchange(Some("t-1")).await;
    let desk = Desk::at(server.address());
    desk.login("eaf@acme.example", "p");
    let failure = desk.provider().check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "login-by-token-only"));
}

#[tokio::test]
async fn guesses_at_the_secret_of_a_token_client_become_slower() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("401 Unauthorized", r#"{"error":"invalid_client"}"#).await;
    let desk = desk(&server, &tokens);
    let mail = desk.provider();
    let mut codes = Vec::new();
    for attempt in 0..5 {
        desk.0.lock().unwrap().secret["client_secret"] = format!("guess {attempt}").into();
        codes.push(mail.check(TenantId::derive("globex"), "main").await.outcome().unwrap_err().code);
    }
    assert_eq!(codes[..3], ["token-denied"; 3]);
    assert_eq!((&codes[3..], tokens.asked.load(Ordering::Relaxed)), (&["login-pause"; 2].map(String::from)[..], 3));
}

#[tokio::test]
async fn what_is_no_token_endpoint_says_so_after_one_time() {
    let server = exchange(Some("t-1")).await;
    let tokens = endpoint("200 OK", "{}").await;
    let desk = desk(&server, &tokens);
    // A wide rule: the operator did not list this very server.
    let rules = ["mail 127.0.0.1:1-65535", "mail-token 127.0.0.0/24:1-65535"];
    let contact = Duration::from_millis(800);
    let egress = eaf_capability::egress::testing::policy(&rules, Arc::new(eaf_capability::egress::SystemLookup));
    let mail = Mail { egress, contact, ..desk.provider() };
    let closed = std::net::TcpListener::bind(("127.0.0.2", 0)).unwrap().local_addr().unwrap();
    for url in [format!("https://{closed}/token"), "https://127.0.0.1:1/token".to_owned()] {
        desk.set("token_url", url.as_str());
        let began = std::time::Instant::now();
        let failure = mail.check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
        assert_eq!(failure.code, "token-unreachable", "{url}");
        assert!(began.elapsed() >= contact, "{url} after {:?}", began.elapsed());
    }
}

//! Serving on a real socket: shutdown, limits of connections, and the web application.

use super::TestHost;
use crate::serve::{self, Limits};
use crate::{Config, router};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_host_stops_with_an_open_live_stream() {
    let host = TestHost::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(crate::serve(listener, host.app.clone()));
    let mut client = TcpStream::connect(address).await.expect("the host listens");
    let request = format!(
        "GET /api/live?view=notes/notes HTTP/1.1\r\nhost: eaf\r\nauthorization: Bearer {}\r\n\r\n",
        host.token("requester@acme")
    );
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut head = [0u8; 15];
    client.read_exact(&mut head).await.expect("the answer begins");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    host.closing.send(true).expect("the host hears it");
    tokio::time::timeout(DEADLINE, serving).await.expect("the host ends").expect("no panic");
}

async fn limited(host: &TestHost, limits: Limits) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut closing = host.app.closing.clone();
    let stop = async move {
        let _closed = closing.wait_for(|closing| *closing).await;
    };
    (address, tokio::spawn(serve::serve(listener, router(host.app.clone()), limits, stop)))
}

async fn ask(client: &mut TcpStream) -> String {
    client.write_all(b"GET /actuator/health HTTP/1.1\r\nhost: eaf\r\n\r\n").await.expect("sent");
    let mut answer = vec![0; 4096];
    let length = tokio::time::timeout(DEADLINE, client.read(&mut answer)).await.expect("answered").expect("readable");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Waits until the host has closed the connection, whatever is read before.
async fn ends(client: &mut TcpStream) {
    let mut rest = Vec::new();
    loop {
        let read = tokio::time::timeout(DEADLINE, client.read_buf(&mut rest)).await;
        match read.unwrap_or_else(|_| panic!("the host does not close it: {}", rest.escape_ascii())) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 431"), "{}", rest.escape_ascii());
}

#[tokio::test]
async fn incomplete_requests_and_idle_connections_are_closed() {
    let host = TestHost::new().await;
    let soon = Duration::from_millis(50);
    let limits =
        Limits { connections: 3, head: soon, idle_when_crowded: soon, check_interval: soon, ..Limits::default() };
    let (address, serving) = limited(&host, limits).await;
    let mut connections = Vec::new();
    // More connections than allowed; the later ones wait until the host has closed earlier ones.
    for half in ["", "GET", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ", "", "POST / HT"] {
        let mut client = TcpStream::connect(address).await.expect("the system queues it");
        client.write_all(half.as_bytes()).await.expect("sent");
        connections.push(client);
    }
    for client in &mut connections {
        ends(client).await;
    }
    let mut client = TcpStream::connect(address).await.expect("there is room");
    assert!(ask(&mut client).await.starts_with("HTTP/1.1 200 OK"));
    host.closing.send(true).expect("the host hears it");
    tokio::time::timeout(DEADLINE, serving).await.expect("the host ends").expect("no panic");
}

#[tokio::test]
async fn a_connection_serves_several_requests_with_limited_headers() {
    let host = TestHost::new().await;
    let (address, _serving) = limited(&host, Limits::default()).await;
    let mut client = TcpStream::connect(address).await.expect("the host listens");
    for _ in 0..3 {
        let answer = ask(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("content-length: 15"), "{answer}");
    }
    let large = format!("GET / HTTP/1.1\r\nhost: eaf\r\ncookie: {}\r\n\r\n", "a=b; ".repeat(20_000));
    // The host may close before it has read everything.
    let _broken_off = client.write_all(large.as_bytes()).await;
    ends(&mut client).await;
    let mut client = TcpStream::connect(address).await.expect("the host listens");
    let usual = format!("GET / HTTP/1.1\r\nhost: eaf\r\ncookie: {}\r\n\r\n", "a=b; ".repeat(6_000));
    client.write_all(usual.as_bytes()).await.expect("sent");
    let mut head = [0u8; 15];
    tokio::time::timeout(DEADLINE, client.read_exact(&mut head)).await.expect("answered").expect("readable");
    assert_eq!(&head, b"HTTP/1.1 200 OK", "cookies of 30 KiB are somebody else's, and no reason to refuse");
}

/// The web application of this test has an index, and an asset with its compressed form.
#[tokio::test]
async fn the_host_serves_the_web_application_and_its_pages() {
    let host = TestHost::new().await;
    let dir = std::env::temp_dir().join(format!("eaf-web-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(dir.join("assets")).unwrap();
    for (file, content) in
        [("index.html", "<!doctype html>app"), ("assets/app-1.js", "plain"), ("assets/app-1.js.br", "small")]
    {
        std::fs::write(dir.join(file), content).unwrap();
    }
    let mut app = host.app.clone();
    app.config = Arc::new(Config { web: Some(dir.clone()), ..Config::for_tests() });
    let ask = async |path: &str| -> (u16, HeaderMap, String) {
        let request = Request::get(path).header("accept-encoding", "gzip, br").body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router(app.clone()), request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1024 * 1024).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
    };
    for page in ["/", "/requests/4711", "/author"] {
        let (status, headers, text) = ask(page).await;
        assert_eq!((status, text.as_str()), (200, "<!doctype html>app"), "{page}");
        assert_eq!(headers["cache-control"], "no-cache");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.split("; ").any(|rule| rule.starts_with("script-src") && rule.contains("unsafe")), "{policy}");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(headers[name], value);
        }
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
    }
    let (_, headers, text) = ask("/assets/app-1.js").await;
    assert_eq!((&headers["content-encoding"], text.as_str()), (&"br".parse().unwrap(), "small"));
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    for missing in ["/assets/app-2.js", "/api/nothing", "/auth/nothing", "/docs/nothing"] {
        assert_eq!(ask(missing).await.0, 404, "{missing}");
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// A page is identified by its content: container images give all files one time, and two releases
/// of a page may have the same size.
#[tokio::test]
async fn a_page_of_another_release_has_another_etag() {
    let host = TestHost::new().await;
    let dir = std::env::temp_dir().join(format!("eaf-web-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&dir).unwrap();
    let release = |content: &str| {
        std::fs::write(dir.join("index.html"), content).unwrap();
        let file = std::fs::File::options().write(true).open(dir.join("index.html")).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    };
    let mut app = host.app.clone();
    app.config = Arc::new(Config { web: Some(dir.clone()), ..Config::for_tests() });
    let ask = async |method: &str, known: &[(&str, &str)]| {
        let start = Request::builder().method(method).uri("/requests");
        let request = known.iter().fold(start, |request, (name, value)| request.header(*name, *value));
        let response = tower::ServiceExt::oneshot(router(app.clone()), request.body(Body::empty()).unwrap());
        let (parts, body) = response.await.unwrap().into_parts();
        let body = to_bytes(body, 1024 * 1024).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
    };
    release("<!doctype html>app-1");
    let (_, headers, _) = ask("GET", &[]).await;
    assert!(!headers.contains_key("last-modified"), "no time of modification without a meaning");
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let (status, headers, text) = ask("GET", &[("if-none-match", &format!("\"x\", W/{tag}"))]).await;
    assert_eq!((status, text.as_str(), headers["etag"].to_str().unwrap()), (304, "", tag.as_str()));
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(ask("HEAD", &[]).await.1["etag"], tag.as_str(), "of the content that a GET would bring");
    release("<!doctype html>app-2");
    let since = ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT");
    for known in [&[("if-none-match", tag.as_str())][..], &[since], &[("if-none-match", tag.as_str()), since]] {
        let (status, _, text) = ask("GET", known).await;
        assert_eq!((status, text.as_str()), (200, "<!doctype html>app-2"), "{known:?}");
    }
    std::fs::remove_dir_all(dir).unwrap();
}

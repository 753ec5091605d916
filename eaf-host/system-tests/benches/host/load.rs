//! Load generator over persistent connections. The generator does little work per request, because
//! it shares the processors with the process that it measures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Measures the number of answered requests per second; `request` builds the request of each
/// connection.
pub async fn per_second(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    request: impl Fn(usize) -> String,
) -> f64 {
    let mut running = JoinSet::new();
    let began = Instant::now();
    for number in 0..connections {
        let request = request(number).into_bytes();
        running.spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("somebody listens");
            stream.set_nodelay(true).expect("a socket");
            let (mut buffer, mut answered) = (Vec::with_capacity(256 * 1024), 0_u64);
            while began.elapsed() < time {
                stream.write_all(&request).await.expect("the request is taken");
                answer(&mut stream, &mut buffer).await;
                answered += 1;
            }
            answered
        });
    }
    let answered: u64 = running.join_all().await.into_iter().sum();
    answered as f64 / began.elapsed().as_secs_f64()
}

/// Formats an HTTP/1.1 request.
pub fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\n{token}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Reads one whole response. Panics if the response is an error, because the benchmark would
/// otherwise measure refusals.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut whole = usize::MAX;
    while buffer.len() < whole {
        let read = stream.read_buf(buffer).await.expect("the connection stays open");
        assert!(read > 0, "the connection was closed: {}", String::from_utf8_lossy(buffer));
        if whole == usize::MAX {
            whole = length(buffer).unwrap_or(usize::MAX);
        }
    }
    assert!(buffer.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(buffer));
}

/// Length of a response in bytes, head and body together; `None` while the head is incomplete.
fn length(buffer: &[u8]) -> Option<usize> {
    let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&buffer[..end]).expect("a head of text").to_ascii_lowercase();
    let (_, rest) = head.split_once("content-length:").expect("answers tell their length");
    let body: usize = rest.split("\r\n").next().unwrap_or_default().trim().parse().expect("a number");
    Some(end + body)
}

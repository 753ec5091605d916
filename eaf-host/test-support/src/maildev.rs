//! A real mail server for tests: maildev as a separate process on free ports, with an inbox that
//! tests read.
//!
//! `EAF_MAILDEV` is the path of maildev's script. Without this variable, tests use the script that
//! `npm ci` installs below `eaf-host/dev`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Maximum time to wait for the mail server, since Node is slow on a busy machine.
const DEADLINE: Duration = Duration::from_secs(90);

pub struct Maildev {
    smtp: SocketAddr,
    web: SocketAddr,
    /// Process of the server, which is killed when this value is dropped.
    _child: Child,
}

/// A mail as the mail server parsed it. Headers and bodies are decoded by the server's code, which
/// is independent of the host's.
#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    id: String,
    pub subject: String,
    pub from: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub text: String,
    #[serde(default)]
    pub html: String,
    pub envelope: Envelope,
    headers: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Mailbox {
    pub address: String,
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    pub to: Vec<Mailbox>,
}

impl Received {
    pub fn message_id(&self) -> &str {
        self.headers["message-id"].as_str().expect("a Message-ID is a text")
    }
}

impl Maildev {
    pub async fn start(options: &[&str]) -> Maildev {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Maildev::launch(free_address(), options).await
    }

    /// Starts a mail server with these options of maildev on `smtp`, an unused address.
    pub async fn launch(smtp: SocketAddr, options: Vec<String>) -> Maildev {
        let web = free_address();
        let mut child = Command::new("node")
            .arg(script())
            .args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1"])
            .args(["--smtp", &smtp.port().to_string(), "--web", &web.port().to_string()])
            .args(&options)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        wait_for(smtp, &mut child).await;
        wait_for(web, &mut child).await;
        Maildev { smtp, web, _child: child }
    }

    pub fn address(&self) -> SocketAddr {
        self.smtp
    }

    /// Lists the received mails, oldest first.
    pub async fn inbox(&self) -> Vec<Received> {
        serde_json::from_slice(&self.get("/api/email").await).expect("the inbox is a list of mails")
    }

    /// Raw text of a mail, as the server received it.
    pub async fn source(&self, mail: &Received) -> String {
        let bytes = self.get(&format!("/api/email/{}/source", mail.id)).await;
        String::from_utf8(bytes).expect("a mail of ours is ASCII")
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.web).await.expect("the inbox answers");
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("the inbox listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the inbox answers whole");
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an HTTP answer");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer[..end]));
        answer.split_off(end + 4)
    }
}

/// Address with a port that no other process gets by chance. This process assigns each port once,
/// and the operating system assigns no port of this range by itself, neither to listeners on port 0
/// nor to clients.
pub fn free_address() -> SocketAddr {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Two processes start at different ports.
    let begin = (std::process::id() % u32::from(COUNT / 100)) as u16 * 100;
    let mut candidates = (0..COUNT).map(|_| FIRST + (begin + TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT);
    candidates
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr()).ok())
        .expect("a port is free")
}

/// Waits until the child process listens on the address. Panics if the child has ended, because
/// then another process listens there.
async fn wait_for(address: SocketAddr, child: &mut Child) {
    let begin = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        assert!(begin.elapsed() < DEADLINE, "maildev does not listen on {address}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ended = child.try_wait().expect("the state of maildev can be asked");
    assert!(ended.is_none(), "maildev ended with {ended:?} instead of listening on {address}");
}

fn script() -> PathBuf {
    if let Some(path) = std::env::var_os("EAF_MAILDEV") {
        return path.into();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dev/node_modules/.bin/maildev");
    assert!(script.exists(), "maildev is not there: run `npm ci` in eaf-host/dev, or set EAF_MAILDEV to its script");
    script
}

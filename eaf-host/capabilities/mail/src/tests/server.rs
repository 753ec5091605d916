//! Mail server that tests script, for behaviour that maildev lacks: STARTTLS, login by token,
//! endless replies and silence. It records the lines that its clients send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

#[derive(Clone, Default)]
pub struct Script {
    /// SMTP extensions that the server lists in its reply to EHLO, one per line after its name,
    /// such as `STARTTLS`.
    pub offers: Vec<String>,
    /// Access token that the server accepts in a login by XOAUTH2; `None`: it refuses every token.
    pub token: Option<String>,
    /// Bytes that the server sends without end instead of a greeting; `None`: it sends a normal
    /// greeting.
    pub endless: Option<&'static [u8]>,
    /// Whether the server accepts connections and sends nothing at all.
    pub is_silent: bool,
    /// TLS acceptor that the server uses after STARTTLS; `None`: the server offers no TLS.
    pub tls: Option<TlsAcceptor>,
}

/// TLS acceptor with the certificate for localhost that the vCenter simulator wrote to `dir`.
pub fn acceptor(dir: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(dir.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(dir.join("server-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config).into()
}

pub struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<String>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    pub async fn start(script: Script) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = received.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, script.clone(), log.clone()));
            }
        });
        Server { address, received, accepting }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lines that the clients of this test server have sent, in order of arrival.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn talk(stream: TcpStream, script: Script, received: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if let Some(bytes) = script.endless {
        loop {
            stream.write_all(bytes).await?;
        }
    }
    if script.is_silent {
        return tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop);
    }
    stream.write_all(b"220 test\r\n").await?;
    match (converse(stream, &script, &received).await?, &script.tls) {
        (Some(clear), Some(tls)) => {
            let encrypted = BufReader::new(tls.accept(clear).await?);
            converse(encrypted, &script, &received).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Serves one client of the test server until it disconnects or starts TLS.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    script: &Script,
    received: &Mutex<Vec<String>>,
) -> std::io::Result<Option<S>> {
    let mut in_content = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        received.lock().unwrap().push(line.clone());
        if line == "STARTTLS" {
            stream.write_all(b"220 go on\r\n").await?;
            return Ok(Some(stream.into_inner()));
        }
        let answer = match line.as_str() {
            "." if in_content => {
                in_content = false;
                "250 2.0.0 Ok: queued as 4F3A2B".to_owned()
            }
            _ if in_content => continue,
            "DATA" => {
                in_content = true;
                "354 go on".into()
            }
            "QUIT" => "221 bye".into(),
            "" => "535 5.7.3 no".into(),
            _ if line.starts_with("EHLO") => {
                let offers: String = script.offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
                format!("250-test\r\n{offers}250 8BITMIME")
            }
            _ if line.starts_with("AUTH XOAUTH2 ") => by_token(&line, script.token.as_deref()),
            _ => "250 2.0.0 ok".into(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        stream.flush().await?;
    }
}

/// Reply to a login by XOAUTH2. A refused token is answered with a challenge (code 334), as
/// Exchange Online does.
fn by_token(line: &str, token: Option<&str>) -> String {
    let sent = line.rsplit(' ').next().and_then(|sent| STANDARD.decode(sent).ok()).unwrap_or_default();
    let sent = String::from_utf8_lossy(&sent).into_owned();
    match token {
        Some(token) if sent == format!("user=eaf@acme.example\x01auth=Bearer {token}\x01\x01") => {
            "235 2.7.0 welcome".into()
        }
        _ => format!("334 {}", STANDARD.encode(r#"{"status":"400"}"#)),
    }
}

//! One connection of the proxy: forwards the bytes in both directions and applies the rules to
//! them.

use super::rule::{Action, Match, Shared};
use super::tls::{Stream, Tls};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Maximum number of bytes of an exchange that are stored for matching.
const MAX_EXCHANGE: usize = 8 * 1024 * 1024;

pub(super) async fn run(client: TcpStream, upstream: SocketAddr, tls: Option<Tls>, rules: Shared) -> io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    let (mut client, mut server): (Box<dyn Stream>, Box<dyn Stream>) = match &tls {
        Some(tls) => (tls.accept(client).await?, tls.connect(server).await?),
        None => (Box::new(client), Box::new(server)),
    };
    let mut exchange = Exchange::default();
    let (mut from_client, mut from_server) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let bytes = &from_client[..read?];
                if bytes.is_empty() {
                    return server.shutdown().await;
                }
                match exchange.client_sent(bytes, &rules).await {
                    Next::Forward => server.write_all(bytes).await?,
                    Next::Close => return Ok(()),
                    Next::Swallow => {}
                    Next::Answer(answer) => {
                        exchange = Exchange::default();
                        client.write_all(&answer).await?;
                        client.flush().await?;
                    }
                }
                server.flush().await?;
            }
            read = server.read(&mut from_server) => {
                let bytes = &from_server[..read?];
                if bytes.is_empty() {
                    return client.shutdown().await;
                }
                if !exchange.server_sent().await {
                    return Ok(());
                }
                client.write_all(bytes).await?;
                client.flush().await?;
            }
        }
    }
}

enum Next {
    Forward,
    Close,
    Swallow,
    Answer(Vec<u8>),
}

#[derive(Default)]
struct Exchange {
    sent: Vec<u8>,
    seen: Vec<u64>,
    /// Rule that acts when the server answers; `None`: no rule acts, and the answer is forwarded.
    later: Option<Match>,
    /// Answer that the proxy sends in place of the server, and a position in the bytes that the
    /// client sent. The proxy answers when the client's line at this position is complete. `None`:
    /// the server answers.
    own: Option<(usize, Vec<u8>)>,
}

impl Exchange {
    async fn client_sent(&mut self, bytes: &[u8], rules: &Shared) -> Next {
        if self.sent.len() + bytes.len() <= MAX_EXCHANGE {
            self.sent.extend_from_slice(bytes);
        }
        if self.own.is_none()
            && self.later.is_none()
            && let Some(mut hit) = rules.find(&self.sent, &mut self.seen)
        {
            match hit.action.clone() {
                Action::LoseRequest => {
                    hit.hit();
                    return Next::Close;
                }
                Action::Delay(by) => {
                    hit.hit();
                    tokio::time::sleep(by).await;
                }
                Action::HoldRequest => {
                    hit.hit();
                    hit.released().await;
                }
                Action::LoseAnswer | Action::HoldAnswer => self.later = Some(hit),
                Action::Answer(answer) => {
                    hit.hit();
                    self.own = Some((hit.at, answer));
                }
            }
        }
        match &self.own {
            Some((at, answer)) if self.sent[*at..].contains(&b'\n') => Next::Answer(answer.clone()),
            Some(_) => Next::Swallow,
            None => Next::Forward,
        }
    }

    /// Handles an answer of the server; false if a rule loses the answer.
    async fn server_sent(&mut self) -> bool {
        let later = std::mem::take(self).later;
        let Some(mut hit) = later else { return true };
        hit.hit();
        match hit.action {
            Action::LoseAnswer => false,
            _ => {
                hit.released().await;
                true
            }
        }
    }
}

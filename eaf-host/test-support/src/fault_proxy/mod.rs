//! A TCP proxy that stands in front of a real service and lets things go wrong on demand: a request that never arrives,
//! an answer that is lost after the effect, a connection that is cut, a recipient that is refused.
//!
//! It knows no protocol but one habit that HTTP/1.1 and SMTP share: the client speaks, then the server. All that the
//! client says until the server speaks is one *exchange*; a [`Rule`] matches bytes in it.
//!
//! With [`Tls`] it ends the client's TLS and opens its own to the upstream, both with the simulator's certificate, so
//! that it can read what is said while the client still verifies.

mod relay;
mod rule;
mod tls;

pub use rule::{Hold, Rule};
pub use tls::Tls;

use rule::Rules;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Ends with its last handle's drop.
pub struct FaultProxy {
    address: SocketAddr,
    rules: Arc<Rules>,
    /// False while the line is cut.
    line: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1. Without rules it changes nothing.
    pub async fn start(upstream: SocketAddr, tls: Option<Tls>) -> io::Result<FaultProxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let rules = Arc::new(Rules::default());
        let (line, line_seen) = watch::channel(true);
        let accepting = tokio::spawn(accept(listener, upstream, tls, rules.clone(), line_seen));
        Ok(FaultProxy { address, rules, line, accepting })
    }

    /// Where the client connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a rule; the answer counts its hits and releases what it holds. The first rule that matches acts.
    pub fn rule(&self, rule: Rule) -> Hold {
        self.rules.add(rule)
    }

    /// Forgets all rules, and lets go what they held.
    pub fn clear(&self) {
        self.rules.clear();
    }

    /// Ends every connection and every new one until [`restore`](Self::restore). The upstream lives on.
    pub fn cut(&self) {
        self.line.send_replace(false);
    }

    pub fn restore(&self) {
        self.line.send_replace(true);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.line.send_replace(false);
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    tls: Option<Tls>,
    rules: Arc<Rules>,
    line: watch::Receiver<bool>,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        if !*line.borrow() {
            continue; // dropped, so the client sees the end of the connection
        }
        let (rules, tls, mut line) = (rules.clone(), tls.clone(), line.clone());
        tokio::spawn(async move {
            tokio::select! {
                // How a connection ended is for the client to notice.
                _ = relay::run(client, upstream, tls, rules) => {}
                _ = line.wait_for(|up| !up) => {}
            }
        });
    }
}

//! TCP proxy before a real service that injects faults: a lost request, an answer lost after the
//! effect, a broken connection, a refused recipient.
//!
//! The proxy knows no protocol, only that in HTTP/1.1 and SMTP the client sends first and then the
//! server. All bytes of the client until the server answers are one *exchange*; a [`Rule`] matches
//! bytes in it.
//!
//! With [`Tls`] the proxy terminates the client's TLS and opens its own to the upstream, both with
//! the simulator's certificate, so that the proxy can read the bytes while the client still
//! verifies the certificate.

mod relay;
mod rule;
mod tls;

pub use rule::{Rule, RuleHandle};
pub use tls::Tls;

use rule::Rules;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A running proxy. It ends when the last handle on it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    rules: Arc<Rules>,
    /// Whether connections are permitted: false while the proxy is cut.
    line: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

impl FaultProxy {
    /// Starts a proxy on a free port of 127.0.0.1; without rules the proxy changes nothing.
    pub async fn start(upstream: SocketAddr, tls: Option<Tls>) -> io::Result<FaultProxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let rules = Arc::new(Rules::default());
        let (line, line_seen) = watch::channel(true);
        let accepting = tokio::spawn(accept(listener, upstream, tls, rules.clone(), line_seen));
        Ok(FaultProxy { address, rules, line, accepting })
    }

    /// Address of the proxy, to which a client connects instead of the upstream.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a rule; the returned handle counts the rule's hits and releases delayed exchanges. The
    /// first matching rule acts.
    pub fn rule(&self, rule: Rule) -> RuleHandle {
        self.rules.add(rule)
    }

    /// Removes all rules and releases the exchanges that they delay.
    pub fn clear(&self) {
        self.rules.clear();
    }

    /// Closes every connection, also new ones, until [`restore`](Self::restore). The upstream stays
    /// running.
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
            // The connection is dropped, so that the client notices the end.
            continue;
        }
        let (rules, tls, mut line) = (rules.clone(), tls.clone(), line.clone());
        tokio::spawn(async move {
            tokio::select! {
                // The line comes first, so that no answer is forwarded after `cut` has returned.
                biased;
                _ = line.wait_for(|up| !up) => {}
                // The client notices how a connection ended, so the result is ignored.
                _ = relay::run(client, upstream, tls, rules) => {}
            }
        });
    }
}

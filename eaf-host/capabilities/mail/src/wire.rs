//! The bytes between this host and a mail server: dialled within a limit, and read within a bound.
//!
//! An SMTP answer is a few lines. A server that never ends one would fill the memory, because a
//! line is kept until it ends.

use super::config::Config;
use super::failure::transient;
use eaf_capability::Failure;
use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// How many bytes a server may send before it is our turn again: a handshake carries a chain of
/// certificates.
pub const HANDSHAKE_MAX: usize = 48 * 1024;
/// Afterwards: its longest answer is that to EHLO. The client looks through all of it at each packet.
pub const ANSWER_MAX: usize = 8 * 1024;

/// What a read of more bytes fails with.
#[derive(Debug, thiserror::Error)]
#[error("the answer does not end")]
pub struct Endless;

/// Connects to the first of the server's addresses that answers, and says which it is. Each has its own limit, so that one
/// that swallows packets does not use up that of the others.
pub async fn dial(config: &Config, servers: &[SocketAddr], limit: Duration) -> Result<(Bounded, SocketAddr), Failure> {
    for address in servers {
        if let Ok(Ok(stream)) = tokio::time::timeout(limit, TcpStream::connect(address)).await {
            return Ok((Bounded { stream, left: HANDSHAKE_MAX, most: HANDSHAKE_MAX }, *address));
        }
    }
    Err(unreachable(config))
}

/// Nobody is there, or nothing is said there.
pub fn unreachable(config: &Config) -> Failure {
    away(&config.host, config.port)
}

fn away(host: &str, port: u16) -> Failure {
    transient("unreachable", format!("The mail server at {host}:{port} cannot be reached."))
}

/// A connection on which the other side may say only so much before it is answered.
#[derive(Debug)]
pub struct Bounded {
    stream: TcpStream,
    left: usize,
    most: usize,
}

impl Bounded {
    /// From now on it is a conversation.
    fn talks(&mut self) {
        (self.left, self.most) = (ANSWER_MAX, ANSWER_MAX);
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, Endless)));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.left = self.left.saturating_sub(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.left = self.most;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What the SMTP client talks over.
#[derive(Debug)]
pub struct Wire {
    line: Line,
    /// Read before anything that the server says. The client wants a greeting, and after STARTTLS
    /// a server has none.
    ahead: &'static [u8],
}

#[derive(Debug)]
enum Line {
    Clear(Bounded),
    Encrypted(Box<TlsStream<Bounded>>),
}

impl Wire {
    pub fn clear(mut line: Bounded) -> Self {
        line.talks();
        Wire { line: Line::Clear(line), ahead: b"" }
    }

    /// Encrypted from the first byte.
    pub fn encrypted(mut line: TlsStream<Bounded>) -> Self {
        line.get_mut().0.talks();
        Wire { line: Line::Encrypted(Box::new(line)), ahead: b"" }
    }

    /// Encrypted after a greeting in clear.
    pub fn upgraded(line: TlsStream<Bounded>) -> Self {
        Wire { ahead: b"220 encrypted\r\n", ..Wire::encrypted(line) }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.line {
            Line::Clear(line) => line.stream.peer_addr(),
            Line::Encrypted(line) => line.get_ref().0.stream.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let (now, later) = self.ahead.split_at(self.ahead.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.ahead = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.line {
            Line::Clear(line) => Pin::new(line).poll_read(cx, buffer),
            Line::Encrypted(line) => Pin::new(line.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.line {
            Line::Clear(line) => Pin::new(line).poll_write(cx, bytes),
            Line::Encrypted(line) => Pin::new(line.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Clear(line) => Pin::new(line).poll_flush(cx),
            Line::Encrypted(line) => Pin::new(line.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Clear(line) => Pin::new(line).poll_shutdown(cx),
            Line::Encrypted(line) => Pin::new(line.as_mut()).poll_shutdown(cx),
        }
    }
}

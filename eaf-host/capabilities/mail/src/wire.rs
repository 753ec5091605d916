//! Byte stream to a mail server, with a time-out for connecting and a limit of the received bytes.
//!
//! The client buffers a line of an SMTP reply until the line ends. Without the limit, a server that
//! sends an endless line would fill the memory.

use super::config::Config;
use super::failure::transient;
use crate::failure_code::Code;
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

/// Maximum number of bytes that the mail server may send between two writes of this client during
/// the TLS handshake. The server's certificate chain must fit.
pub const HANDSHAKE_MAX: usize = 48 * 1024;
/// Maximum number of bytes that the mail server may send between two writes of this client after
/// the TLS handshake. The longest reply is that to EHLO. The limit is low because the client scans
/// the whole reply at each packet.
pub const ANSWER_MAX: usize = 8 * 1024;

/// Error of reading more bytes than the mail server may send between two writes.
#[derive(Debug, thiserror::Error)]
#[error("the answer does not end")]
pub struct ResponseTooLong;

/// Connects to the mail server at the first of its addresses that answers, and returns the stream
/// with that address. Each address has its own time-out, because an address that drops packets
/// would otherwise use up the time for the others.
pub async fn dial(
    config: &Config,
    servers: &[SocketAddr],
    limit: Duration,
) -> Result<(BoundedReader, SocketAddr), Failure> {
    for address in servers {
        if let Ok(Ok(stream)) = tokio::time::timeout(limit, TcpStream::connect(address)).await {
            return Ok((BoundedReader { stream, left: HANDSHAKE_MAX, most: HANDSHAKE_MAX }, *address));
        }
    }
    Err(unreachable(config))
}

/// Failure because no connection to the mail server could be opened.
pub fn unreachable(config: &Config) -> Failure {
    away(&config.host, config.port)
}

fn away(host: &str, port: u16) -> Failure {
    transient(Code::MailUnreachable, format!("The mail server at {host}:{port} cannot be reached."))
}

/// TCP stream that limits how many bytes the mail server may send between two writes of the client.
#[derive(Debug)]
pub struct BoundedReader {
    stream: TcpStream,
    left: usize,
    most: usize,
}

impl BoundedReader {
    /// Lowers the limit of received bytes to [`ANSWER_MAX`], because the TLS handshake is complete.
    fn talks(&mut self) {
        (self.left, self.most) = (ANSWER_MAX, ANSWER_MAX);
    }
}

impl AsyncRead for BoundedReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, ResponseTooLong)));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.left = self.left.saturating_sub(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BoundedReader {
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

/// Byte stream to a mail server that the SMTP client reads and writes, in clear or encrypted.
#[derive(Debug)]
pub struct Wire {
    line: Line,
    /// Bytes that the SMTP client reads before the server's bytes. After STARTTLS they are a
    /// made-up greeting, because the client expects a greeting and the server sends no second one.
    ahead: &'static [u8],
}

#[derive(Debug)]
enum Line {
    Clear(BoundedReader),
    Encrypted(Box<TlsStream<BoundedReader>>),
}

impl Wire {
    pub fn clear(mut line: BoundedReader) -> Self {
        line.talks();
        Wire { line: Line::Clear(line), ahead: b"" }
    }

    /// Creates an SMTP stream for a connection that is encrypted from the first byte.
    pub fn encrypted(mut line: TlsStream<BoundedReader>) -> Self {
        line.get_mut().0.talks();
        Wire { line: Line::Encrypted(Box::new(line)), ahead: b"" }
    }

    /// Creates an SMTP stream for a connection that was encrypted by STARTTLS, after a greeting in
    /// clear.
    pub fn upgraded(line: TlsStream<BoundedReader>) -> Self {
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

//! SMTP session with a mail server: logs in, sends mails, and reports the outcome of each mail.
//!
//! Each mail has a single recipient, so that a refusal concerns no other recipient. Each step has
//! its own time-out, as long as RFC 5321 requires, because mail servers delay unknown clients, and
//! because a mail whose last reply comes after the time-out is delivered twice.

use super::address::needs_utf8;
use super::config::{Config, Login, Proof, Tls};
use super::failure::{configuration, failure, transient};
use super::mail_server_access::MailServerAccess;
use super::reply::{Outcome, Stage, classify, numbers, numbers_of, queue_id};
use super::tls::secure;
use super::wire::{BoundedReader, ResponseTooLong, Wire, dial, unreachable};
use crate::failure_code::Code;
use eaf_capability::{Class, Failure};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use lettre::transport::smtp::{Error, response::Response};
use std::error::Error as _;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tracing::Instrument;

/// Port of SMTP with implicit TLS, where encryption begins with the first byte.
const SMTPS: u16 = 465;
/// Maximum wait for the greeting on port 465 if the settings demand no implicit TLS. A server that
/// expects TLS there sends no greeting, so a long wait is useless.
const SILENCE: Duration = Duration::from_secs(20);

/// Time-outs of the steps of an SMTP session.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Time-out for connecting to one address of the server.
    pub connect: Duration,
    /// Time-out for the TLS handshake with the mail server.
    pub handshake: Duration,
    pub greeting: Duration,
    /// Time-out for the server's reply to one SMTP command.
    pub command: Duration,
    /// Time-out for the reply to a mail's content. It is long because a server scans the content
    /// before it replies.
    pub content: Duration,
}

/// Time-outs of an SMTP session that RFC 5321, section 4.5.3.2, requires.
pub const RFC_5321: Deadlines = Deadlines {
    connect: Duration::from_secs(30),
    handshake: Duration::from_secs(60),
    greeting: Duration::from_secs(300),
    command: Duration::from_secs(300),
    content: Duration::from_secs(600),
};

impl Deadlines {
    /// Shortens the time-outs while other mails wait for a session. The time-out for the reply to
    /// the content stays, because a mail whose reply comes too late would be delivered twice.
    pub fn shortened(self) -> Deadlines {
        let short = |usual: Duration| usual.min(Duration::from_secs(60));
        Deadlines {
            greeting: short(self.greeting),
            command: short(self.command),
            handshake: short(self.handshake),
            ..self
        }
    }
}

/// Time-outs of an SMTP session in a connection test. They are short because a person waits for the
/// result.
pub const TEST: Deadlines = Deadlines {
    connect: Duration::from_secs(10),
    handshake: Duration::from_secs(10),
    greeting: Duration::from_secs(25),
    command: Duration::from_secs(25),
    content: Duration::from_secs(25),
};

pub struct Session {
    connection: AsyncSmtpConnection,
    server: SocketAddr,
    deadlines: Deadlines,
}

impl Session {
    /// Connects to one of the server's addresses, and encrypts as the settings `config` demand.
    pub async fn connect(config: &Config, servers: &[SocketAddr], deadlines: Deadlines) -> Result<Self, Failure> {
        let span = tracing::info_span!("smtp", operation = "connect", server_port = config.port);
        Self::connected(config, servers, deadlines).instrument(span).await
    }

    async fn connected(config: &Config, servers: &[SocketAddr], deadlines: Deadlines) -> Result<Self, Failure> {
        let (line, server) = dial(config, servers, deadlines.connect).await?;
        let waits_for_tls = config.port == SMTPS && config.tls != Tls::Implicit;
        let greeting = if waits_for_tls { deadlines.greeting.min(SILENCE) } else { deadlines.greeting };
        let wire = match config.tls {
            Tls::None => Wire::clear(line),
            Tls::Implicit => Wire::encrypted(within(deadlines.handshake, secure(config, line)).await??),
            Tls::Starttls => {
                let upgraded = tokio::time::timeout(greeting, upgrade(config, line)).await;
                let line = upgraded.map_err(|_| silent(config))??;
                Wire::upgraded(within(deadlines.handshake, secure(config, line)).await??)
            }
        };
        let connect = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &config.ehlo);
        let connected = tokio::time::timeout(greeting, connect).await.map_err(|_| silent(config))?;
        let connection = connected.map_err(|error| not_greeted(config, &error))?;
        Ok(Session { connection, server, deadlines })
    }

    /// Address of the mail server to which this session is connected.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Logs in to the mail server; does nothing if the settings have no user name.
    pub async fn log_in(&mut self, config: &Config, access: &MailServerAccess<'_>) -> Result<(), Failure> {
        let Some(Login { username, proof }) = &config.login else {
            return Ok(());
        };
        let mechanisms: &[Mechanism] = match proof {
            Proof::Password(_) => &[Mechanism::Plain, Mechanism::Login],
            Proof::Token(_) => &[Mechanism::Xoauth2],
        };
        if self.connection.server_info().get_auth_mechanism(mechanisms).is_none() {
            return Err(self.no_mechanism(proof));
        }
        let secret = match proof {
            Proof::Password(password) => password.clone(),
            Proof::Token(request) => access.tokens.fetch(request, access).await?,
        };
        let credentials = Credentials::new(username.clone(), secret);
        let answer = within(self.deadlines.command, self.connection.auth(mechanisms, &credentials)).await?;
        let Err(error) = answer else { return Ok(()) };
        // A server that refuses an access token replies with a challenge that explains the refusal.
        // The challenge is a client error here.
        let is_refused = error.is_permanent() || (matches!(proof, Proof::Token(_)) && error.is_client());
        match proof {
            _ if !is_refused => Err(broken(&error)),
            Proof::Token(request) => {
                access.tokens.forget(request);
                Err(configuration(
                    Code::TokenRefused,
                    format!("The mail server refuses the token for this user name ({}).", numbers(&error)),
                ))
            }
            Proof::Password(_) => Err(wrong_password(&numbers(&error))),
        }
    }

    fn no_mechanism(&self, proof: &Proof) -> Failure {
        let offers_tokens = self.connection.server_info().get_auth_mechanism(&[Mechanism::Xoauth2]).is_some();
        match proof {
            Proof::Password(_) if offers_tokens => configuration(
                Code::LoginByTokenOnly,
                "The mail server offers a log-in by token (XOAUTH2) and none by password: set auth to oauth2.".into(),
            ),
            Proof::Password(_) => configuration(
                Code::LoginNotOffered,
                "The mail server offers no log-in by password: remove the user name, or use another port or tls."
                    .into(),
            ),
            Proof::Token(_) => configuration(
                Code::TokenNotOffered,
                "The mail server offers no log-in by token (XOAUTH2): set auth to password.".into(),
            ),
        }
    }

    /// Checks that the mail server accepts the sender `from`, without sending a mail.
    pub async fn offer_sender(&mut self, from: &Address) -> Result<(), Failure> {
        self.sender(from, Vec::new()).await?;
        self.reset().await;
        Ok(())
    }

    /// Sends a mail's sender and recipient. Returns `None` if the server accepted both and waits
    /// for the content, or else the outcome of the mail. After an error the session has ended.
    pub async fn offer(&mut self, from: &Address, to: &Address) -> Result<Option<Outcome>, Failure> {
        let mut parameters = Vec::new();
        if needs_utf8(from) || needs_utf8(to) {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Ok(Some(no_utf8(from)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        self.sender(from, parameters).await?;
        let recipient = self.connection.command(Rcpt::new(to.clone(), vec![]));
        let answer = within(self.deadlines.command, recipient).await?;
        if let Some(outcome) = outcome(Stage::Recipient, answer)? {
            self.reset().await;
            return Ok(Some(outcome));
        }
        let answer = within(self.deadlines.command, self.connection.command(Data)).await?;
        let outcome = outcome(Stage::Content, answer)?;
        if outcome.is_some() {
            self.reset().await;
        }
        Ok(outcome)
    }

    /// Whether the server still accepts a recipient that it accepted earlier. The transaction ends
    /// before any content is sent.
    pub async fn still_accepts(&mut self, from: &Address, to: &Address) -> bool {
        if self.sender(from, Vec::new()).await.is_err() {
            return false;
        }
        let recipient = self.connection.command(Rcpt::new(to.clone(), vec![]));
        let is_accepted = matches!(within(self.deadlines.command, recipient).await, Ok(Ok(_)));
        self.reset().await;
        is_accepted
    }

    async fn sender(&mut self, from: &Address, parameters: Vec<MailParameter>) -> Result<(), Failure> {
        let mail = Mail::new(Some(from.clone()), parameters);
        match within(self.deadlines.command, self.connection.command(mail)).await? {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(configuration(
                Code::SenderRefused,
                format!("The mail server does not accept this sender ({}).", numbers(&error)),
            )),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Sends the content of the mail that was offered last. After an error it is unknown whether
    /// the mail arrived.
    pub async fn content(&mut self, content: &[u8]) -> Result<Outcome, Failure> {
        let lost = |_| {
            let message = "The mail server took a mail and its answer did not come: it may have arrived.";
            failure(Class::UnknownOutcome, Code::AnswerLost, message.into())
        };
        let span = tracing::info_span!("smtp", operation = "message", server_port = self.server.port());
        let sending = within(self.deadlines.content, self.connection.message(content)).instrument(span);
        let answer = sending.await.map_err(lost)?;
        if let Ok(response) = &answer {
            return Ok(Outcome::Accepted(response.first_line().and_then(queue_id)));
        }
        match outcome(Stage::Content, answer) {
            Ok(outcome) => Ok(outcome.unwrap_or(Outcome::Accepted(None))),
            // A reply 421 is a refusal, so the mail certainly did not arrive.
            Err(failure) if failure.has_code(Code::MailBusy) => Err(failure),
            Err(failure) => Err(lost(failure)),
        }
    }

    /// Resets the SMTP transaction after a refusal, so that the session can send the next mail.
    async fn reset(&mut self) {
        // An error of the reset is ignored, because the mail's refusal is already known and the
        // next mail detects a broken session.
        let _ = within(self.deadlines.command, self.connection.command(Rset)).await;
    }

    pub async fn close(mut self) {
        // A missing reply to QUIT is ignored, because all mails are settled.
        let _ = within(Duration::from_secs(2), self.connection.quit()).await;
    }
}

/// Reads the greeting and sends EHLO and STARTTLS, up to the start of TLS. This code replaces
/// lettre's client, which would open the TCP connection itself, without the limit of received bytes
/// and without support for certificates that are trusted directly.
async fn upgrade(config: &Config, line: BoundedReader) -> Result<BoundedReader, Failure> {
    let mut line = BufReader::new(line);
    reply_lines(&mut line).await.map_err(|failure| match failure.has_code(Code::MailConnectionLost) {
        true => unreachable(config),
        false => failure,
    })?;
    let hello = ask(&mut line, &format!("EHLO {}\r\n", config.ehlo)).await?;
    if !hello.iter().any(|word| word.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(configuration(
            Code::StarttlsNotOffered,
            "The mail server does not offer STARTTLS, and the mail connection demands it. A firewall in between may hide it."
                .into(),
        ));
    }
    ask(&mut line, "STARTTLS\r\n").await?;
    // An attacker may have injected this text before the encryption began. It must not be read as
    // part of the encrypted session.
    if !line.buffer().is_empty() {
        return Err(configuration(Code::MailTlsFailed, "The server sent text in clear after STARTTLS.".into()));
    }
    Ok(line.into_inner())
}

async fn ask(line: &mut BufReader<BoundedReader>, command: &str) -> Result<Vec<String>, Failure> {
    line.write_all(command.as_bytes()).await.map_err(|_| lost())?;
    line.flush().await.map_err(|_| lost())?;
    reply_lines(line).await
}

/// Lines of a positive reply to an SMTP command, without the reply code at their start.
async fn reply_lines(line: &mut BufReader<BoundedReader>) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    loop {
        let mut bytes = Vec::new();
        // [`BoundedReader`] fails if the server sends an endless line.
        line.read_until(b'\n', &mut bytes).await.map_err(|error| cut(&error))?;
        if !bytes.ends_with(b"\n") {
            return Err(lost());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let code = text.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(lost)?;
        let is_last = !text[3..].starts_with('-');
        words.push(text.get(4..).unwrap_or_default().trim_end().to_owned());
        if is_last {
            let numbers = numbers_of(code, words.first().map_or("", String::as_str));
            return match code.as_bytes()[0] {
                b'2' | b'3' => Ok(words),
                b'4' => Err(busy(&numbers)),
                _ => Err(refused(&numbers)),
            };
        }
    }
}

async fn within<T>(limit: Duration, step: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(limit, step)
        .await
        .map_err(|_| transient(Code::MailTimeout, "The mail server did not answer in time.".into()))
}

/// Outcome of the mail after a negative reply; `None` after a positive reply. A broken session is
/// an error.
fn outcome(stage: Stage, answer: Result<Response, Error>) -> Result<Option<Outcome>, Failure> {
    let Err(error) = answer else {
        return Ok(None);
    };
    match error.status().map(|code| (code.severity, u16::from(code))) {
        Some((Severity::PermanentNegativeCompletion, code)) if code != 521 => {
            Ok(Some(classify(stage, &numbers(&error))))
        }
        // With the reply 421 the server closes the session; it says nothing about this recipient,
        // so it counts as a broken session.
        Some((Severity::TransientNegativeCompletion, code)) if code != 421 => {
            Ok(Some(Outcome::Deferred(numbers(&error))))
        }
        _ => Err(broken(&error)),
    }
}

/// Outcome of a mail that needs SMTPUTF8 at a server without it: the connection is refused if the
/// sender's address needs it, otherwise the recipient.
fn no_utf8(from: &Address) -> Outcome {
    match needs_utf8(from) {
        true => Outcome::RefusedUs("no SMTPUTF8".into()),
        false => Outcome::Refused("no SMTPUTF8".into()),
    }
}

/// Failure because the mail server accepts the connection and sends no greeting.
fn silent(config: &Config) -> Failure {
    match config.port {
        SMTPS if config.tls != Tls::Implicit => configuration(
            Code::TlsFromTheStart,
            "The mail server says nothing: on port 465 it waits for TLS. Set tls to tls, or use port 587.".into(),
        ),
        _ => transient(Code::MailTimeout, "The mail server did not answer in time.".into()),
    }
}

/// Failure of a session that ended before the server sent its greeting.
fn not_greeted(config: &Config, error: &Error) -> Failure {
    let failure = broken(error);
    if failure.has_code(Code::MailConnectionLost) { unreachable(config) } else { failure }
}

/// Failure that describes the error by which an SMTP session ended.
fn broken(error: &Error) -> Failure {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref::<io::Error>() {
            return cut(found);
        }
        cause = found.source();
    }
    if error.is_permanent() {
        return refused(&numbers(error));
    }
    if error.is_transient() {
        return busy(&numbers(error));
    }
    lost()
}

fn refused(numbers: &str) -> Failure {
    configuration(Code::MailRefused, format!("The mail server refuses to talk to us ({numbers})."))
}

fn busy(numbers: &str) -> Failure {
    transient(Code::MailBusy, format!("The mail server asks us to come again later ({numbers})."))
}

fn lost() -> Failure {
    transient(Code::MailConnectionLost, "The connection to the mail server broke.".into())
}

fn cut(error: &io::Error) -> Failure {
    if error.get_ref().is_some_and(|cause| cause.is::<ResponseTooLong>()) {
        return transient(Code::AnswerTooLong, "What the mail server says does not end.".into());
    }
    lost()
}

/// Failure because the mail server refused the password. Two reply codes mean that Exchange Online
/// accepts access tokens only.
fn wrong_password(numbers: &str) -> Failure {
    if ["550 5.7.30", "535 5.7.139"].contains(&numbers) {
        return configuration(
            Code::LoginByTokenOnly,
            format!("The mail server takes no password ({numbers}): set auth to oauth2."),
        );
    }
    configuration(
        Code::MailWrongPassword,
        format!("The mail server refuses the user name or the password ({numbers})."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_out_is_as_long_as_rfc_5321_requires() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        assert!(RFC_5321.greeting >= minutes(5) && RFC_5321.command >= minutes(5) && RFC_5321.content >= minutes(10));
    }

    #[test]
    fn a_port_with_implicit_tls_is_distinguished_from_a_slow_server() {
        let silence = |port: u16, tls: &str| {
            let document = serde_json::json!({"host": "m.example", "port": port, "tls": tls, "from": "a@acme.example"});
            silent(&Config::read(&document, &serde_json::Map::new()).unwrap()).code
        };
        assert_eq!(silence(465, "starttls"), "tls-from-the-start");
        assert_eq!(silence(465, "none"), "tls-from-the-start");
        assert_eq!((silence(465, "tls"), silence(587, "starttls")), ("mail-timeout".into(), "mail-timeout".into()));
    }
}

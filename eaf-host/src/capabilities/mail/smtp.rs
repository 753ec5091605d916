//! One conversation with a mail server: log in, hand over mails one by one, and know for each what became of it.
//!
//! Mails go one recipient at a time, so that a refusal concerns nobody else. Each command has a deadline.

use super::config::{Config, Tls};
use super::failure::{configuration, transient};
use crate::capabilities::Failure;
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use lettre::transport::smtp::{Error, response::Response};
use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
const COMMAND: Duration = Duration::from_secs(30);
/// Servers scan a mail before they answer to its last line.
const CONTENT: Duration = Duration::from_secs(120);

/// Codes of failures of a server that is reached and with which no encrypted connection comes
/// about.
pub const ENCRYPTION: [&str; 4] = ["starttls-not-offered", "certificate-invalid", "certificate-refused", "tls-failed"];

/// What the server said to one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// For good: who and why as the server's numbers, such as `550 5.1.1`.
    Refused(String),
    /// Not now.
    Deferred(String),
}

pub struct Session {
    connection: AsyncSmtpConnection,
}

impl Session {
    /// Connected, encrypted and logged in, as the connection says.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let mut session = Session::connect(config).await?;
        session.log_in(config).await?;
        Ok(session)
    }

    /// Connected and encrypted, as the connection says.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let me = ClientId::Domain(config.from.domain().to_owned());
        let implicit = match config.tls {
            Tls::Implicit => Some(parameters(config)?),
            Tls::Starttls | Tls::None => None,
        };
        let address = (config.host.as_str(), config.port);
        let connect = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &me, implicit, None);
        let mut connection = within(CONNECT + COMMAND, connect).await?.map_err(|error| unreachable(config, &error))?;

        if config.tls == Tls::Starttls {
            if !connection.can_starttls() {
                return Err(configuration(
                    "starttls-not-offered",
                    "The mail server does not offer STARTTLS, and the mail connection demands it.".into(),
                ));
            }
            let upgrade = connection.starttls(parameters(config)?, &me);
            within(COMMAND, upgrade).await?.map_err(|error| unreachable(config, &error))?;
        }
        Ok(Session { connection })
    }

    /// Does nothing for a connection without a user name.
    pub async fn log_in(&mut self, config: &Config) -> Result<(), Failure> {
        let Some(login) = &config.login else {
            return Ok(());
        };
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        if self.connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
            return Err(configuration(
                "login-not-offered",
                "The mail server offers no log-in by password: remove the user name, or use another port or tls."
                    .into(),
            ));
        }
        let credentials = Credentials::new(login.username.clone(), login.password.clone());
        match within(COMMAND, self.connection.auth(&mechanisms, &credentials)).await? {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(configuration(
                "wrong-password",
                format!("The mail server refuses the user name or the password ({}).", numbers(&error)),
            )),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Hands over one mail. An error means that the conversation is over; the mail may have arrived if it broke after
    /// the content's last line.
    pub async fn deliver(&mut self, from: &Address, to: &Address, content: &[u8]) -> Result<Verdict, Failure> {
        let mut parameters = Vec::new();
        if !from.to_string().is_ascii() || !to.to_string().is_ascii() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Ok(Verdict::Refused("no SMTPUTF8".into()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let mail = Mail::new(Some(from.clone()), parameters);
        match within(COMMAND, self.connection.command(mail)).await? {
            Ok(_) => {}
            Err(error) if error.is_permanent() => {
                return Err(configuration(
                    "sender-refused",
                    format!("The mail server does not accept this sender ({}).", numbers(&error)),
                ));
            }
            Err(error) => return Err(broken(&error)),
        }
        let recipient = Rcpt::new(to.clone(), vec![]);
        let answer = within(COMMAND, self.connection.command(recipient)).await?;
        if let Some(verdict) = judge(answer)? {
            return self.next(verdict).await;
        }
        let answer = within(COMMAND, self.connection.command(Data)).await?;
        if let Some(verdict) = judge(answer)? {
            return self.next(verdict).await;
        }
        let answer = within(CONTENT, self.connection.message(content)).await?;
        Ok(judge(answer)?.unwrap_or(Verdict::Accepted))
    }

    /// After a no in the middle, the server forgets the mail, and the next one begins afresh.
    async fn next(&mut self, verdict: Verdict) -> Result<Verdict, Failure> {
        match within(COMMAND, self.connection.command(Rset)).await {
            Ok(Ok(_)) => Ok(verdict),
            // The verdict stands; the next mail will find the connection broken.
            Ok(Err(_)) | Err(_) => Ok(verdict),
        }
    }

    pub async fn close(mut self) {
        // Everything was said; a server that does not answer to the farewell changes nothing.
        let _ = within(Duration::from_secs(2), self.connection.quit()).await;
    }
}

async fn within<T>(limit: Duration, step: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(limit, step)
        .await
        .map_err(|_| transient("timeout", "The mail server did not answer in time.".into()))
}

/// None: yes. A broken connection is an error.
fn judge(answer: Result<Response, Error>) -> Result<Option<Verdict>, Failure> {
    let Err(error) = answer else {
        return Ok(None);
    };
    match error.status().map(|code| (code.severity, u16::from(code))) {
        Some((Severity::PermanentNegativeCompletion, _)) => Ok(Some(Verdict::Refused(numbers(&error)))),
        // 421: the server is closing the conversation, and says nothing about this recipient.
        Some((Severity::TransientNegativeCompletion, code)) if code != 421 => {
            Ok(Some(Verdict::Deferred(numbers(&error))))
        }
        _ => Err(broken(&error)),
    }
}

fn parameters(config: &Config) -> Result<TlsParameters, Failure> {
    let invalid =
        || configuration("certificate-invalid", "The mail connection's `ca_certificate` is not a certificate.".into());
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(ca) = &config.ca_certificate {
        builder = builder.add_root_certificate(Certificate::from_pem(ca.as_bytes()).map_err(|_| invalid())?);
    }
    builder.build().map_err(|_| invalid())
}

/// Why no conversation began.
fn unreachable(config: &Config, error: &Error) -> Failure {
    if matches!(tls_cause(error), Some(rustls::Error::InvalidCertificate(_))) {
        return configuration(
            "certificate-refused",
            "The mail server's certificate is not trusted: it is unknown, expired, or for another name.".into(),
        );
    }
    if error.is_tls() || tls_cause(error).is_some() {
        return configuration(
            "tls-failed",
            format!("No encrypted connection to port {} of the mail server: check port and tls.", config.port),
        );
    }
    if error.status().is_some() {
        return broken(error);
    }
    transient("unreachable", format!("The mail server at {}:{} cannot be reached.", config.host, config.port))
}

/// Why a conversation ended.
fn broken(error: &Error) -> Failure {
    if error.is_permanent() {
        return configuration("refused", format!("The mail server refuses to talk to us ({}).", numbers(error)));
    }
    if error.is_transient() {
        return transient("busy", format!("The mail server asks us to come again later ({}).", numbers(error)));
    }
    transient("connection-lost", "The connection to the mail server broke.".into())
}

/// The TLS library's own error, somewhere below: an I/O error hides what it wraps from `source`.
fn tls_cause(error: &Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(found) = cause {
        let hidden = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = hidden.and_then(|inner| inner.downcast_ref()).or_else(|| found.downcast_ref());
        if tls.is_some() {
            return tls;
        }
        cause = found.source();
    }
    None
}

/// `550`, or `550 5.1.1` where the server gives an enhanced code. Its words are left out: they may name people.
fn numbers(error: &Error) -> String {
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    let words = error.source().map(|cause| cause.to_string()).unwrap_or_default();
    match words.split_whitespace().next().filter(|word| is_enhanced(word)) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code,
    }
}

fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

//! Access to the mail server of a connection, within three limits: the egress policy must permit
//! the address, the login limiter allows few attempts to log in, and every server that is not a
//! mail server yields the same failure.

use super::MAIL;
use super::config::{Config, Proof};
use super::failure::transient;
use super::smtp::{Deadlines, Session};
use super::token::Tokens;
use crate::failure_code::Code;
use eaf_capability::egress::Policy;
use eaf_capability::login_limiter::{Login, LoginPause};
use eaf_capability::{Class, Failure, LoginLimiter};
use eaf_core::id::TenantId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Codes of failures that only a mail server or wrong settings can cause. A tenant may see these
/// codes, because they reveal nothing about servers of other kinds.
const OF_MAIL_SERVERS: [Code; 5] =
    [Code::MailRefused, Code::MailBusy, Code::StarttlsNotOffered, Code::CertificateInvalid, Code::ConnectionInvalid];
/// Codes of failures that mean: the mail server or the token endpoint refused the login.
const REFUSALS: [Code; 2] = [Code::MailWrongPassword, Code::TokenRefused];

/// Access of one tenant to mail servers.
#[derive(Clone, Copy)]
pub struct MailServerAccess<'a> {
    pub egress: &'a Arc<Policy>,
    pub login_limiter: &'a LoginLimiter,
    pub tokens: &'a Tokens,
    pub tenant: TenantId,
    /// Time-out of the first contact with an OAuth 2 token endpoint.
    pub contact: Duration,
}

impl MailServerAccess<'_> {
    /// Connects, encrypts and logs in, as the settings `config` demand.
    pub async fn open(&self, config: &Config, deadlines: Deadlines) -> Result<Session, Failure> {
        let mut session = self.connect(config, deadlines).await?;
        self.log_in(config, &mut session).await?;
        Ok(session)
    }

    /// Connects and encrypts, as the settings `config` demand; does not log in.
    pub async fn connect(&self, config: &Config, deadlines: Deadlines) -> Result<Session, Failure> {
        let resolved = self.egress.resolve(&MAIL, self.tenant, &config.host, config.port).await;
        // The failure hides the cause, because the egress policy has logged it for the operator.
        let resolved = resolved.map_err(|_| unreached())?;
        let connected = Session::connect(config, &resolved.addresses, deadlines).await;
        connected.map_err(|failure| match resolved.named || self.is_known(config, &resolved.addresses) {
            true => failure,
            false => self.hide(config, failure),
        })
    }

    /// Logs in to the mail server; does nothing if the settings have no user name.
    pub async fn log_in(&self, config: &Config, session: &mut Session) -> Result<(), Failure> {
        let Some(login) = &config.login else { return Ok(()) };
        let secret = match &login.proof {
            Proof::Password(password) => password,
            Proof::Token(request) => &request.client_secret,
        };
        let claim = Login { user: &login.username, secret };
        let begun =
            self.login_limiter.begin(self.tenant, &[session.server()], claim, Instant::now()).map_err(paused)?;
        let outcome = session.log_in(config, self).await;
        match &outcome {
            Ok(()) => begun.accepted(),
            Err(failure) if failure.has_one_of(&REFUSALS) => begun.refused(),
            Err(_) => begun.unanswered(),
        }
        outcome
    }

    /// Whether the tenant has logged in before, with the account of `config`, at each of the
    /// addresses `servers`. If so, the tenant may see the server's own failures, because the server
    /// is the tenant's.
    fn is_known(&self, config: &Config, servers: &[SocketAddr]) -> bool {
        let login = config.login.as_ref();
        login.is_some_and(|login| self.login_limiter.has_accepted(self.tenant, servers, &login.username))
    }

    fn hide(&self, config: &Config, failure: Failure) -> Failure {
        if failure.has_one_of(&OF_MAIL_SERVERS) {
            return failure;
        }
        let (tenant, host, port) = (self.tenant, &config.host, config.port);
        tracing::warn!(%tenant, ?host, port, code = failure.code, "a mail server was not reached: {}", failure.message);
        unreached().with_class(failure.class)
    }
}

/// Failure of a login that was not attempted, because the login limiter pauses logins: another
/// refusal could lock the account.
pub fn paused(LoginPause(pause): LoginPause) -> Failure {
    let seconds = pause.as_secs() + 1;
    let message = format!("The mail server refused several log-ins. The next one is made in {seconds} seconds.");
    transient(Code::MailLoginPause, message).retry_after(pause)
}

pub fn is_unreached(failure: &Failure) -> bool {
    failure.code == unreached().code && failure.message == unreached().message
}

/// Turns a failure of the connection into the failure that a connection test reports. The failure
/// [`unreached`] always gets the class `Transient`, so that the class reveals nothing about the
/// server.
pub fn of_test(failure: Failure) -> Failure {
    if is_unreached(&failure) { failure.with_class(Class::Transient) } else { failure }
}

/// Creates the failure that is reported when no mail server was reached. It is the same whether no
/// server or a server of another kind answered, so that a tenant cannot find out which servers
/// exist.
pub fn unreached() -> Failure {
    let message = "The mail server cannot be reached. Check its name, port and encryption, the CA certificate and the \
                   firewall. The operator of this installation decides which servers a connection may name, and finds the \
                   cause in the log.";
    transient(Code::MailUnreachable, message.into())
}

//! Mails of the host itself, such as invitations: one mail in a session of its own. The caller
//! records the outcome; the mail log has the mails of products only.

use super::address;
use super::config::Config;
use super::failure::{configuration, no_connection, permanent, transient};
use super::failure_code::Code;
use super::message::{Envelope, compose};
use super::reply::Outcome;
use super::send::message_id;
use super::smtp::Session;
use super::{HostMail, Mail};
use eaf_capability::Failure;
use eaf_capability::text::mails::HostFacts;
use eaf_core::id::TenantId;
use lettre::Address;

/// Sends a mail over the connection with this name, within the limits of the connection: its pause,
/// its rate and its number of sessions.
pub async fn send(mail: &Mail, tenant: TenantId, connection: &str, letter: &HostMail<'_>) -> Result<(), Failure> {
    let found = mail.store.connection(tenant, connection).await?;
    let config = Config::of(&found.ok_or_else(|| no_connection(connection))?)?;
    let invalid = |_| permanent(Code::RecipientAddressInvalid, "The mail address is not valid.".into());
    let to = address::read(letter.recipient).map_err(invalid)?;
    if mail.store.is_paused(tenant, connection).await? {
        return Err(transient(Code::MailPaused, "An admin has paused the mail connection.".into()));
    }
    let busy = || transient(Code::MailConnectionsBusy, "The permitted number of sessions is open.".into());
    let _permit = mail.limits.session(tenant, connection, config.max_connections).ok_or_else(busy)?;
    let content = content(mail, tenant, &config, &to, letter).await?;
    let mut session = mail.access(tenant).open(&config, mail.deadlines).await?;
    let sent = transmit(&mut session, &config.from, &to, &content).await;
    session.close().await;
    sent
}

async fn transmit(session: &mut Session, from: &Address, to: &Address, content: &[u8]) -> Result<(), Failure> {
    let verdict = match session.offer(from, to).await? {
        Some(verdict) => verdict,
        None => session.content(content).await?,
    };
    match verdict {
        Outcome::Accepted(_) => Ok(()),
        Outcome::Refused(numbers) => {
            Err(configuration(Code::RecipientRefused, format!("The mail server refused the recipient ({numbers}).")))
        }
        Outcome::RefusedUs(numbers) | Outcome::Unclassified(_, numbers) => {
            Err(configuration(Code::RelayRefused, format!("The mail server does not pass on our mails ({numbers}).")))
        }
        Outcome::Deferred(numbers) => {
            Err(transient(Code::RecipientDeferred, format!("The mail server does not take the mail yet ({numbers}).")))
        }
    }
}

async fn content(
    mail: &Mail,
    tenant: TenantId,
    config: &Config,
    to: &Address,
    letter: &HostMail<'_>,
) -> Result<Vec<u8>, Failure> {
    let tenant_name = mail.store.tenant_name(tenant).await?;
    let host = HostFacts {
        recipient_name: "",
        tenant_name: &tenant_name,
        trace_id: letter.trace,
        public_url: &mail.public_url,
        reply_to: config.reply_to.as_ref().map(AsRef::<str>::as_ref),
    };
    let broken = || permanent(Code::TemplateFailed, "The mail could not be made.".into());
    let rendered = letter.templates.render(letter.template, letter.locale, &letter.facts, &host);
    let envelope = Envelope {
        from: &config.from,
        from_name: &config.from_name,
        reply_to: config.reply_to.as_ref(),
        to,
        to_name: "",
        id: letter.id,
        message_id: &message_id(letter.id, &mail.public_url),
        date: mail.store.now(),
        locale: letter.locale,
        trace: letter.trace,
    };
    compose(&envelope, &rendered.map_err(|_| broken())?).map_err(|_| broken())
}

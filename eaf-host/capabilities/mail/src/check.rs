//! Test of a mail connection: whether the mail server answers, encrypts as configured, and accepts
//! the login and the sender. These steps do not prove that mails are delivered, so an admin may
//! also request a test mail.

use super::address;
use super::config::{Config, Tls};
use super::failure::{failure, no_connection, permanent, transient};
use super::mail_server_access;
use super::message::{Envelope, compose};
use super::reply::Outcome;
use super::send::message_id;
use super::smtp::{Session, TEST};
use super::tls::ENCRYPTION;
use super::{Mail, mail_store::Person};
use crate::failure_code::Code;
use eaf_capability::contact;
use eaf_capability::text::Locales;
use eaf_capability::text::mails::{HostFacts, Templates};
use eaf_capability::{Class, Failure, Report, Verdict};
use eaf_core::connection::Connection;
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// UUID namespace from which the ids of test mails are computed.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_6d61_696c_5f74_7269_616c_7631);
const TEST_MAIL: &str = "test-mail";

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    let files = [
        ("de.subject.txt", include_str!("test_mail/de.subject.txt")),
        ("de.txt", include_str!("test_mail/de.txt")),
        ("de.html", include_str!("test_mail/de.html")),
        ("en.subject.txt", include_str!("test_mail/en.subject.txt")),
        ("en.txt", include_str!("test_mail/en.txt")),
        ("en.html", include_str!("test_mail/en.html")),
    ];
    let files: BTreeMap<_, _> =
        files.into_iter().map(|(name, text)| (format!("{TEST_MAIL}/{name}"), text.into())).collect();
    let locales = Arc::new(Locales::load("", "").expect("no texts are whole"));
    Templates::load(&files, locales).expect("the test mail is whole; a test sends it")
});

/// Mail connection that a connection test tests: a stored connection, by name, or a draft.
pub enum Tested<'a> {
    Stored(&'a str),
    Draft(&'a Connection),
}

/// Tests a mail connection, and sends a test mail to the person `to`. Without `to`, no mail is
/// sent.
pub async fn check(mail: &Mail, tenant: TenantId, tested: Tested<'_>, to: Option<ActorId>) -> Report {
    let Some(_permit) = mail.limits.test(tenant) else {
        let message = "A mail connection of this tenant is being tested, or as many are in use as may be.";
        return failure(Class::Capacity, Code::MailTooManyTests, message.into()).into();
    };
    let (connection, config) = match tested {
        Tested::Stored(name) => {
            let found = mail.store.connection(tenant, name).await;
            (name, found.and_then(|found| Config::of(&found.ok_or_else(|| no_connection(name))?)))
        }
        Tested::Draft(draft) => (draft.name.as_str(), Config::read(&draft.config, &draft.secret)),
    };
    let config = match config {
        Ok(config) => config,
        Err(failure) => return failure.into(),
    };
    let mut report = Report::default();
    let mut session = opened(mail, tenant, &config, &mut report).await;
    let sender = match &mut session {
        Some(session) => Verdict::from(&session.offer_sender(&config.from).await),
        None => Verdict::Untested,
    };
    let is_accepted = sender == Verdict::Good;
    report.setting("from", config.from.to_string(), sender);
    if let Some(actor) = to {
        let verdict = match &mut session {
            Some(session) if is_accepted => {
                Verdict::from(&send_test_mail(mail, &config, session, (tenant, connection, actor)).await)
            }
            _ => Verdict::Untested,
        };
        report.setting("trial", "", verdict);
    }
    if let Some(session) = session {
        session.close().await;
    }
    report
}

/// Opens an SMTP session and logs in, and adds one finding per step to `report`. Returns `None` if
/// a step failed. A server that is not a mail server, and that the operator did not list by name,
/// is reported after a constant time, so that a tenant cannot learn from the time which server
/// answers.
async fn opened(mail: &Mail, tenant: TenantId, config: &Config, report: &mut Report) -> Option<Session> {
    let access = mail.access(tenant);
    let connect = access.connect(config, TEST);
    let contact =
        contact::first(mail.contact, connect, mail_server_access::unreached, mail_server_access::is_unreached).await;
    let (address, encryption, mut session) = match contact.map_err(mail_server_access::of_test) {
        Ok(session) => (Verdict::Good, Verdict::Good, Some(session)),
        Err(failure) if failure.has_one_of(&ENCRYPTION) => (Verdict::Good, Verdict::Bad(failure), None),
        Err(failure) => (Verdict::Bad(failure), Verdict::Untested, None),
    };
    report.setting("host", format!("{}:{}", config.host, config.port), address);
    if config.tls != Tls::None {
        report.setting("tls", "", encryption);
    }
    let Some(login) = &config.login else { return session };
    let verdict = match &mut session {
        Some(session) => Verdict::from(&access.log_in(config, session).await),
        None => Verdict::Untested,
    };
    let is_in = verdict == Verdict::Good;
    report.setting("username", &login.username, verdict);
    session.filter(|_| is_in)
}

type TestRecipient<'a> = (TenantId, &'a str, ActorId);

async fn send_test_mail(
    mail: &Mail,
    config: &Config,
    session: &mut Session,
    recipient: TestRecipient<'_>,
) -> Result<(), Failure> {
    let (tenant, _, actor) = recipient;
    let missing = || permanent(Code::RecipientAddressMissing, "No mail address of yours is known.".into());
    let person = mail.store.person(tenant, actor).await?.ok_or_else(missing)?;
    let to = address::read(&person.email).map_err(|_| missing())?;
    let content = content(mail, config, &person, recipient).await?;
    let verdict = match session.offer(&config.from, &to).await? {
        Some(verdict) => verdict,
        None => session.content(&content).await?,
    };
    match verdict {
        Outcome::Accepted(_) => Ok(()),
        Outcome::Refused(numbers) => Err(failure(
            Class::Configuration,
            Code::RecipientRefused,
            format!("The mail server does not take a mail for you ({numbers})."),
        )),
        Outcome::RefusedUs(numbers) | Outcome::Unclassified(_, numbers) => Err(failure(
            Class::Configuration,
            Code::RelayRefused,
            format!("The mail server does not pass on our mails ({numbers})."),
        )),
        Outcome::Deferred(numbers) => {
            Err(transient(Code::RecipientDeferred, format!("The mail server does not take the mail yet ({numbers}).")))
        }
    }
}

async fn content(
    mail: &Mail,
    config: &Config,
    person: &Person,
    (tenant, connection, actor): TestRecipient<'_>,
) -> Result<Vec<u8>, Failure> {
    let tenant_name = mail.store.tenant_name(tenant).await?;
    let host = HostFacts {
        recipient_name: &person.name,
        tenant_name: &tenant_name,
        trace_id: "",
        public_url: &mail.public_url,
        reply_to: config.reply_to.as_ref().map(AsRef::<str>::as_ref),
    };
    let facts = Map::from_iter([("connection".to_owned(), Value::from(connection))]);
    let broken = || permanent(Code::TemplateFailed, "The test mail could not be made.".into());
    let rendered = TEMPLATES.render(TEST_MAIL, person.locale, &facts, &host).map_err(|_| broken())?;
    let now = mail.store.now();
    let name = format!("{tenant}/{connection}/{actor}/{}", now.unix_timestamp_nanos());
    let id = Uuid::new_v5(&NAMESPACE, name.as_bytes());
    let to = address::read(&person.email).map_err(|_| broken())?;
    let envelope = Envelope {
        from: &config.from,
        from_name: &config.from_name,
        reply_to: config.reply_to.as_ref(),
        to: &to,
        to_name: &person.name,
        id,
        message_id: &message_id(id, &mail.public_url),
        date: now,
        locale: person.locale,
        trace: "",
    };
    compose(&envelope, &rendered).map_err(|_| broken())
}

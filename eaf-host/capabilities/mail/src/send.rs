//! Functions `send` and `send-while` of the mail capability, which send one mail per recipient.
//!
//! Each mail is recorded before it is sent, and settled when the server has accepted or refused it.
//! A repetition of the call therefore sends only the remaining mails. After a failure of the
//! connection, such as an outage, a wrong password or a relay that refuses the host, the mails wait
//! for up to [`RETRY_TIME`](super::schedule::RETRY_TIME) and are sent after the repair. Only a
//! refusal of the recipient and an error in the mail itself are final.
//!
//! SMTP cannot exclude one case: a server accepts a mail, and its reply is lost. Before the content
//! is sent, the mail log therefore records that the mail may have arrived. Such a mail is sent
//! again with the same Message-ID and date, until its content was sent [`MAX_UNANSWERED`] times.
//!
//! When the call has failed for good, [`abandon`] settles every open mail, because no retry follows
//! and the tenant's admins look for mails that were not sent.

use super::Mail;
use super::collect;
use super::condition::{self, Condition};
use super::config::Config;
use super::delivery::{Delivery, Route};
use super::failure::{configuration, no_connection, permanent, transient};
use super::mail_store::{Entry, MailState, Person, Status};
use super::people_facts;
use super::schedule::MAX_UNANSWERED;
use crate::failure_code::Code;
use eaf_capability::HostCode;
use eaf_capability::text::mails::Templates;
use eaf_capability::{Call, Class, Failure, GrantedConnection};
use eaf_core::contract::PeopleRef;
use eaf_core::id::ActorId;
use eaf_core::mail_log;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// UUID namespace from which Message-IDs are computed. It must never change, because an open mail
/// would then be sent again under a second Message-ID.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_6d65_7373_6167_655f_6964_7631);

#[derive(Deserialize)]
pub struct Arguments {
    pub template: String,
    to: To,
    #[serde(default)]
    pub facts: Map<String, Value>,
    /// Condition of a call of `send-while`; `None` for `send`.
    pub condition: Option<condition::Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum To {
    Actor(ActorId),
    People(PeopleRef),
}

/// Values that all mails of one call share.
pub struct Job<'a> {
    pub mail: &'a Mail,
    pub templates: Arc<Templates>,
    pub call: &'a Call,
    pub arguments: Arguments,
    pub tenant_name: String,
    pub condition: Option<Condition>,
}

pub async fn send(mail: &Mail, call: &Call) -> Result<Value, Failure> {
    let job = Job::read(mail, call).await?;
    let mut states = Vec::new();
    for person in recipients(mail, call, &arguments(call)?).await? {
        let state = mail.store.record(&job.entry(person.actor)).await?;
        states.push((person, collect::apply(&job, state).await?));
    }
    for left in waiting(mail, call).await? {
        // The recipient of this mail is no longer among those to whom the call's mail goes, for
        // example after losing a permission.
        if !states.iter().any(|(_, state)| state.entry.mail.message_id == left.entry.mail.message_id) {
            let status = if left.unanswered > 0 { Status::Unknown } else { Status::Skipped };
            settle(mail, &left, &status, None).await?;
        }
    }
    job.run(states).await
}

async fn waiting(mail: &Mail, call: &Call) -> Result<Vec<MailState>, Failure> {
    let mut states = mail.store.pending_of(call.tenant, call.run, call.sequence).await?;
    states.retain(|state| state.entry.mail.event == call.event);
    Ok(states)
}

/// Sends one mail again after the call has ended, because an admin has reopened that mail.
pub async fn repeat_item(mail: &Mail, call: &Call, message_id: &str) -> Result<Value, Failure> {
    let job = Job::read(mail, call).await?;
    let people = recipients(mail, call, &arguments(call)?).await?;
    let person = people.into_iter().find(|person| job.entry(person.actor).mail.message_id == message_id);
    let Some(person) = person else {
        let gone = permanent(Code::RecipientUnknown, "The mail's recipient is none of this mail any more.".into());
        return Err(gone);
    };
    let (actor, state) = (person.actor, mail.store.record(&job.entry(person.actor)).await?);
    let answer = job.run(vec![(person, state)]).await;
    if let Err(failure) = &answer {
        let state = mail.store.record(&job.entry(actor)).await?;
        let fits = fits(mail, call, arguments(call)?.condition).await;
        give_up(mail, &state, fits, failure).await?;
    }
    answer
}

/// Settles the open mails of a call as failed, or as skipped if the condition no longer holds. It
/// also records and settles mails to recipients that have no record yet, because [`send`] may have
/// stopped before it recorded them.
pub async fn abandon(mail: &Mail, call: &Call, failure: &Failure) -> Result<(), Failure> {
    let mut arguments = arguments(call)?;
    let recipients = recipients(mail, call, &arguments).await;
    let fits = fits(mail, call, arguments.condition.take()).await;
    let people = match recipients {
        Err(gone) if gone.has_code(Code::RecipientUnknown) => Vec::new(),
        people => people?,
    };
    for person in people {
        let state = mail.store.record(&entry(mail, call, &arguments.template, person.actor)).await?;
        give_up(mail, &state, fits, failure).await?;
    }
    for state in waiting(mail, call).await? {
        give_up(mail, &state, fits, failure).await?;
    }
    Ok(())
}

async fn give_up(mail: &Mail, state: &MailState, fits: bool, failure: &Failure) -> Result<(), Failure> {
    let Status::Pending(reason) = &state.status else { return Ok(()) };
    let status = match (fits, state.unanswered > 0) {
        (false, _) => Status::Skipped,
        (true, true) => Status::Unknown,
        (true, false) => Status::Failed(reason.clone().unwrap_or_else(|| failure.code.clone())),
    };
    settle(mail, state, &status, None).await
}

/// Whether the condition of a call's mails still holds. A condition that cannot be read, for
/// example because its view is halted, counts as holding: an error here would keep the open mails
/// pending without end.
async fn fits(mail: &Mail, call: &Call, condition: Option<condition::Document>) -> bool {
    let Some(document) = condition else { return true };
    let known = match Condition::read(document, &*mail.packages, call) {
        Ok(condition) => condition.holds(&*mail.store, call).await,
        Err(failure) => Err(failure),
    };
    known.unwrap_or_else(|error| {
        tracing::warn!(code = error.code, "whether a mail that failed would still fit is not known");
        true
    })
}

pub fn arguments(call: &Call) -> Result<Arguments, Failure> {
    Arguments::deserialize(&call.args)
        .map_err(|cause| permanent(Code::ArgumentsInvalid, format!("The call is not one to send a mail: {cause}.")))
}

pub async fn recipients(mail: &Mail, call: &Call, arguments: &Arguments) -> Result<Vec<Person>, Failure> {
    match &arguments.to {
        To::Actor(actor) => match mail.store.person(call.tenant, *actor).await? {
            Some(person) => Ok(vec![person]),
            None => Err(unknown(mail, call, &arguments.template, *actor).await?),
        },
        To::People(reference) => {
            let query = people_facts::query(mail, &call.plugin, reference);
            let mut people = mail.store.people(call.tenant, &query).await?;
            // Exceptions may leave no person: the one who acted needs no mail about the act.
            if people.is_empty() && reference.except.is_empty() {
                tracing::warn!(tenant = %call.tenant, ?reference, "a mail is for no current member");
            }
            if let Some(template) = arguments.condition.as_ref().and_then(|condition| condition.after.as_ref()) {
                let earlier = mail.store.recipients_of(call.tenant, call.run, template).await?;
                people.retain(|person| earlier.contains(&person.actor));
            }
            Ok(people)
        }
    }
}

/// Records the mail to an actor id that is no member of the tenant, and settles it as failed, so
/// that the tenant's admins see the recipient and the product.
async fn unknown(mail: &Mail, call: &Call, template: &str, actor: ActorId) -> Result<Failure, Failure> {
    let state = mail.store.record(&entry(mail, call, template, actor)).await?;
    if matches!(state.status, Status::Pending(_)) {
        settle(mail, &state, &Status::Failed(Code::RecipientUnknown.as_str().into()), None).await?;
    }
    Ok(permanent(Code::RecipientUnknown, format!("There is no member {actor} in this tenant.")))
}

impl<'a> Job<'a> {
    async fn read(mail: &'a Mail, call: &'a Call) -> Result<Job<'a>, Failure> {
        let mut arguments = arguments(call)?;
        people_facts::insert_names(mail, call, &mut arguments.facts).await?;
        let condition = arguments.condition.take();
        let condition = condition.map(|document| Condition::read(document, &*mail.packages, call)).transpose()?;
        let templates = mail
            .packages
            .mails(&call.plugin)
            .ok_or_else(|| configuration(Code::PluginMissing, format!("The plugin {} is not active.", call.plugin)))?;
        let tenant_name = mail.store.tenant_name(call.tenant).await?;
        Ok(Job { mail, templates, call, arguments, tenant_name, condition })
    }

    fn entry(&self, recipient: ActorId) -> Entry {
        entry(self.mail, self.call, &self.arguments.template, recipient)
    }

    async fn run(&self, states: Vec<(Person, MailState)>) -> Result<Value, Failure> {
        let now = self.mail.store.now();
        let mut tally = Tally::default();
        let mut open = Vec::new();
        for (person, state) in states {
            match (&state.status, state.next_at) {
                (Status::Pending(reason), Some(next)) if next > now => {
                    let code = reason
                        .as_deref()
                        .and_then(|reason| reason.split(' ').next())
                        .unwrap_or(HostCode::Waiting.as_str());
                    let waits = Failure::from_parts(Class::Transient, code, "The mail is not tried again yet.");
                    tally.waits(waits, Duration::try_from(next - now).unwrap_or_default());
                }
                (Status::Pending(_), _) => open.push((person, state)),
                (status, _) => tally.count(status),
            }
        }
        if !open.is_empty() {
            // The mail with the most attempts is sent last, because that mail may have broken the
            // last SMTP session.
            open.sort_by_key(|(_, state)| state.attempts);
            let route = route(self.call);
            Delivery::new(self, route, &mut tally).run(open).await?;
        }
        tally.answer(self.condition.is_some())
    }
}

/// Mail connection over which a call sends its mails. If the connection's settings are unusable,
/// the mails wait until an admin corrects the settings.
pub fn route(call: &Call) -> Route {
    let granted = &call.granted.connection;
    let config = match granted {
        GrantedConnection::Found(connection) => Config::of(connection),
        GrantedConnection::Missing(name) => Err(no_connection(name)),
        GrantedConnection::Unreadable(_) => {
            let message = "The mail connection's password could not be read. A tenant admin can enter it again.";
            Err(transient(HostCode::ConnectionUnreadable, message.into()))
        }
    };
    Route { connection: granted.name().to_owned(), config }
}

/// Counts of a call's mails by outcome.
#[derive(Default)]
pub struct Tally {
    sent: u32,
    failed: u32,
    skipped: bool,
    /// Failure that deferred the first waiting mail, and the time until the earliest next attempt;
    /// `None` if no mail waits.
    waiting: Option<(Failure, Duration)>,
    /// Failure to render a mail from the package's template; `None` if all mails were rendered.
    pub broken: Option<Failure>,
}

impl Tally {
    pub fn count(&mut self, status: &Status) {
        match status {
            // A mail that waits for a digest needs no further act of the call.
            Status::Sent | Status::Collected(_) => self.sent += 1,
            Status::Failed(_) | Status::Unknown => self.failed += 1,
            Status::Skipped => self.skipped = true,
            Status::Pending(_) | Status::TurnedOff => {}
        }
    }

    pub fn waits(&mut self, failure: Failure, pause: Duration) {
        self.waiting = Some(match self.waiting.take() {
            Some((first, shortest)) => (first, shortest.min(pause)),
            None => (failure, pause),
        });
    }

    fn answer(self, has_condition: bool) -> Result<Value, Failure> {
        if let Some((failure, pause)) = self.waiting {
            let class = if failure.class.is_retryable() { failure.class } else { Class::Transient };
            return Err(failure.with_class(class).retry_after(pause));
        }
        if let Some(failure) = self.broken {
            return Err(failure);
        }
        let mut answer = json!({"sent": self.sent, "failed": self.failed});
        if has_condition {
            answer["skipped"] = self.skipped.into();
        }
        Ok(answer)
    }
}

pub async fn settle(mail: &Mail, state: &MailState, status: &Status, relay: Option<&str>) -> Result<(), Failure> {
    let mail_log::Mail { message_id, template, recipient, run, .. } = &state.entry.mail;
    mail.store.settle(&state.entry, status, relay).await?;
    match status {
        Status::Failed(reason) => {
            tracing::warn!(message_id, template, %recipient, %run, reason, "a mail was not sent");
        }
        Status::Unknown => {
            tracing::warn!(
                message_id,
                template,
                times = MAX_UNANSWERED,
                "a mail may have arrived and is not sent again"
            );
        }
        Status::Skipped => tracing::info!(message_id, "a mail no longer fits and was not sent"),
        Status::TurnedOff => tracing::info!(message_id, "a mail was not sent, because its recipient turned it off"),
        _ => tracing::info!(message_id, template, relay, "a mail was sent"),
    }
    let outcome = match status {
        Status::Sent => "sent",
        Status::Skipped | Status::TurnedOff => "skipped",
        Status::Unknown => "unknown",
        Status::Pending(_) | Status::Collected(_) | Status::Failed(_) => "failed",
    };
    metrics::counter!("eaf_mails_total", "outcome" => outcome).increment(1);
    Ok(())
}

/// Entry of the mail log for the mail of this call to `recipient`.
fn entry(mail: &Mail, call: &Call, template: &str, recipient: ActorId) -> Entry {
    let logged = mail_log::Mail {
        message_id: message_id(mail_id(call, recipient, template), &mail.public_url),
        plugin: call.plugin.clone(),
        template: template.to_owned(),
        event: call.event,
        run: call.run,
        sequence: call.sequence,
        recipient,
        trace: call.trace.clone(),
    };
    Entry { tenant: call.tenant, mail: logged }
}

/// UUID of a mail, computed from tenant, event, recipient and template, so that it is the same for
/// every repetition of a call.
pub fn mail_id(call: &Call, recipient: ActorId, template: &str) -> Uuid {
    let mut name = Vec::with_capacity(48 + template.len());
    name.extend_from_slice(call.tenant.0.as_bytes());
    name.extend_from_slice(call.event.0.as_bytes());
    name.extend_from_slice(recipient.0.as_bytes());
    name.extend_from_slice(template.as_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// Message-ID of a mail, with the domain of the deployment's public URL. The sender's domain is not
/// used, because it changes when an admin corrects the sender between two attempts, and the
/// recipient would then get two mails with different ids.
pub fn message_id(id: Uuid, public_url: &str) -> String {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // In a Message-ID, an IPv6 address begins with `IPv6:` (RFC 5321, section 4.1.3).
        Some((address, _)) => format!("[IPv6:{address}]"),
        None => host.split(':').next().filter(|host| !host.is_empty()).unwrap_or("localhost").to_owned(),
    };
    format!("<{id}@{host}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_id_has_the_deployments_domain() {
        let id = Uuid::nil();
        for (url, domain) in [
            ("https://eaf.example.com", "eaf.example.com"),
            ("http://localhost:8080", "localhost"),
            ("http://[2001:db8::7]:8080", "[IPv6:2001:db8::7]"),
            ("", "localhost"),
        ] {
            assert_eq!(message_id(id, url), format!("<{id}@{domain}>"));
        }
    }

    #[test]
    fn recipients_are_read_in_the_form_of_the_contract() {
        let actor: To = serde_json::from_value(json!({"actor": ActorId::SYSTEM})).unwrap();
        assert!(matches!(actor, To::Actor(ActorId::SYSTEM)));
        let people: To = serde_json::from_value(json!({"people": {"permissions": ["approve"]}})).unwrap();
        assert!(matches!(people, To::People(people) if people.permissions == ["approve"]));
    }
}

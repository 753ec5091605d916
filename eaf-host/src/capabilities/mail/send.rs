//! `send` and `send-while`: one mail for each recipient.
//!
//! Each mail is written down before it is sent and settled when the server has taken or refused it, so a repetition
//! of the call sends only what is still open. One window stays, and it is SMTP's: when the server has taken a mail and its
//! last answer is lost, the mail is sent again, with the same Message-ID. At least once, one id.
//!
//! When the call has failed for good, be it at once by a wrong password or after a day without the server, every mail that
//! is still open is settled ([`gave_up`]): nobody would come back for them, and the tenant's admins look for mails that
//! were not sent.

use super::condition::{self, Condition};
use super::config::Config;
use super::failure::{configuration, permanent, transient};
use super::message::{Envelope, compose};
use super::office::{Entry, Office, Person, Status};
use super::smtp::{Session, Verdict};
use super::template::{self, HostFacts, Templates};
use crate::capabilities::{Call, Failure, Packages};
use eaf_core::id::ActorId;
use lettre::Address;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The root of all Message-IDs. Never change it: a mail under way would be sent under a second id.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_6d65_7373_6167_655f_6964_7631);

#[derive(Deserialize)]
struct Arguments {
    template: String,
    to: To,
    #[serde(default)]
    facts: Map<String, Value>,
    /// Of `send-while`.
    condition: Option<condition::Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum To {
    Actor(ActorId),
    Holders {
        permission: String,
        /// Empty: nobody.
        #[serde(default)]
        except: String,
    },
}

/// What stays the same for all recipients of a call.
struct Job<'a> {
    office: &'a dyn Office,
    templates: &'a Templates,
    public_url: &'a str,
    call: &'a Call,
    arguments: Arguments,
    tenant_name: String,
    condition: Option<Condition>,
}

pub async fn send(
    office: &dyn Office,
    packages: &dyn Packages,
    public_url: &str,
    call: &Call,
) -> Result<Value, Failure> {
    let mut arguments = arguments(call)?;
    let condition = arguments.condition.take();
    let condition = condition.map(|document| Condition::read(document, packages, call)).transpose()?;
    let templates = packages
        .mails(&call.plugin)
        .ok_or_else(|| configuration("plugin-missing", format!("The plugin {} is not active.", call.plugin)))?;
    let people = recipients(office, packages, call, &arguments.to).await?;
    let tenant_name = office.tenant_name(call.tenant).await?;
    let job = Job { office, templates: &templates, public_url, call, arguments, tenant_name, condition };
    let config = office.granted(call.tenant, &call.plugin, &call.grant).await?;
    job.run(&config, &people).await
}

/// Settles what [`send`] left open: failed, or skipped where the mail would not fit any more.
pub async fn gave_up(
    office: &dyn Office,
    packages: &dyn Packages,
    public_url: &str,
    call: &Call,
    failure: &Failure,
) -> Result<(), Failure> {
    let mut arguments = arguments(call)?;
    let condition = arguments.condition.take();
    let condition = condition.map(|document| Condition::read(document, packages, call)).transpose()?;
    let fits = match &condition {
        Some(condition) => condition.holds(office, call).await?,
        None => true,
    };
    let status = if fits { Status::Failed(failure.code.clone()) } else { Status::Skipped };
    for person in recipients(office, packages, call, &arguments.to).await? {
        let entry = entry(call, public_url, &arguments.template, person.actor);
        if office.record(&entry).await? == Status::Pending {
            settle(office, &entry, &status).await?;
        }
    }
    Ok(())
}

fn arguments(call: &Call) -> Result<Arguments, Failure> {
    Arguments::deserialize(&call.args)
        .map_err(|cause| permanent("arguments-invalid", format!("The call is not one to send a mail: {cause}.")))
}

async fn recipients(
    office: &dyn Office,
    packages: &dyn Packages,
    call: &Call,
    to: &To,
) -> Result<Vec<Person>, Failure> {
    match to {
        To::Actor(actor) => match office.person(call.tenant, *actor).await? {
            Some(person) => Ok(vec![person]),
            None => Err(permanent("recipient-unknown", format!("There is no member {actor} in this tenant."))),
        },
        To::Holders { permission, except } => {
            let permission = permission.strip_prefix(&format!("{}.", call.plugin)).unwrap_or(permission);
            let roles = packages.roles_holding(&call.plugin, permission);
            let mut people = office.holders(call.tenant, &roles).await?;
            people.retain(|person| person.actor.to_string() != *except);
            if people.is_empty() {
                tracing::warn!(tenant = %call.tenant, permission, "nobody holds the permission that a mail is meant for");
            }
            Ok(people)
        }
    }
}

impl Job<'_> {
    async fn run(&self, config: &Config, people: &[Person]) -> Result<Value, Failure> {
        let (mut sent, mut failed, mut skipped, mut deferred) = (0u32, 0u32, false, false);
        let mut session = None;
        for person in people {
            match self.one(config, person, &mut session).await? {
                Status::Sent => sent += 1,
                Status::Failed(_) => failed += 1,
                Status::Skipped => skipped = true,
                Status::Pending => deferred = true,
            }
        }
        if let Some(session) = session {
            session.close().await;
        }
        if deferred {
            return Err(transient(
                "recipient-deferred",
                "The mail server does not take the mail for every recipient yet.".into(),
            ));
        }
        let mut answer = json!({"sent": sent, "failed": failed});
        if self.condition.is_some() {
            answer["skipped"] = skipped.into();
        }
        Ok(answer)
    }

    /// One mail to one person: written down, made, sent, settled. Whether it still fits is asked
    /// last before it is made.
    async fn one(&self, config: &Config, person: &Person, session: &mut Option<Session>) -> Result<Status, Failure> {
        let entry = entry(self.call, self.public_url, &self.arguments.template, person.actor);
        let known = self.office.record(&entry).await?;
        if known != Status::Pending {
            return Ok(known);
        }
        if !self.still_fits().await? {
            settle(self.office, &entry, &Status::Skipped).await?;
            return Ok(Status::Skipped);
        }
        let status = match address(person) {
            Err(reason) => Status::Failed(reason.into()),
            Ok(to) => {
                let content = self.content(config, person, &to, &entry)?;
                let session = match session {
                    Some(session) => session,
                    None => session.insert(Session::open(config).await?),
                };
                match session.deliver(&config.from, &to, &content).await? {
                    Verdict::Accepted => Status::Sent,
                    Verdict::Refused(numbers) => Status::Failed(format!("recipient-refused ({numbers})")),
                    Verdict::Deferred(numbers) => {
                        tracing::info!(message_id = entry.message_id, numbers, "a mail was deferred");
                        return Ok(Status::Pending);
                    }
                }
            }
        };
        settle(self.office, &entry, &status).await?;
        Ok(status)
    }

    async fn still_fits(&self) -> Result<bool, Failure> {
        match &self.condition {
            Some(condition) => condition.holds(self.office, self.call).await,
            None => Ok(true),
        }
    }

    fn content(&self, config: &Config, person: &Person, to: &Address, entry: &Entry) -> Result<Vec<u8>, Failure> {
        let host = HostFacts {
            recipient_name: &person.name,
            tenant_name: &self.tenant_name,
            trace_id: &self.call.trace.0,
            public_url: self.public_url,
        };
        let mail = self
            .templates
            .render(&self.arguments.template, person.locale, &self.arguments.facts, &host)
            .map_err(|error| match error {
                template::Error::NoSuchMail(name) => {
                    configuration("mail-missing", format!("The package has no mail `{name}`."))
                }
                other => permanent("template-failed", format!("The mail was not sent: {other}.")),
            })?;
        let envelope = Envelope {
            from: &config.from,
            from_name: &config.from_name,
            to,
            to_name: &person.name,
            id: mail_id(self.call, person.actor, &self.arguments.template),
            message_id: &entry.message_id,
            date: self.office.now(),
            locale: person.locale,
            trace: &self.call.trace.0,
        };
        compose(&envelope, &mail)
            .map_err(|_| permanent("message-invalid", "The mail could not be put into an envelope.".into()))
    }
}

async fn settle(office: &dyn Office, entry: &Entry, status: &Status) -> Result<(), Failure> {
    office.settle(entry, status).await?;
    match status {
        Status::Failed(reason) => tracing::warn!(message_id = entry.message_id, reason, "a mail was not sent"),
        Status::Skipped => tracing::info!(message_id = entry.message_id, "a mail no longer fits and was not sent"),
        _ => tracing::info!(message_id = entry.message_id, template = entry.template, "a mail was sent"),
    }
    let outcome = match status {
        Status::Sent => "sent",
        Status::Skipped => "skipped",
        Status::Pending | Status::Failed(_) => "failed",
    };
    metrics::counter!("eaf_mails_total", "outcome" => outcome).increment(1);
    Ok(())
}

/// As it is written down.
fn entry(call: &Call, public_url: &str, template: &str, recipient: ActorId) -> Entry {
    Entry {
        tenant: call.tenant,
        message_id: message_id(mail_id(call, recipient, template), public_url),
        plugin: call.plugin.clone(),
        template: template.to_owned(),
        event: call.event,
        run: call.run,
        recipient,
        trace: call.trace.clone(),
    }
}

fn address(person: &Person) -> Result<Address, &'static str> {
    if person.email.trim().is_empty() {
        return Err("recipient-address-missing");
    }
    person.email.trim().parse().map_err(|_| "recipient-address-invalid")
}

/// The same for every repetition: it stands for (event, recipient, template).
fn mail_id(call: &Call, recipient: ActorId, template: &str) -> Uuid {
    let mut name = Vec::with_capacity(48 + template.len());
    name.extend_from_slice(call.tenant.0.as_bytes());
    name.extend_from_slice(call.event.0.as_bytes());
    name.extend_from_slice(recipient.0.as_bytes());
    name.extend_from_slice(template.as_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The right part is the deployment's name and not the sender's: an admin who corrects the sender between two
/// repetitions must not make second mails of those that were sent.
fn message_id(id: Uuid, public_url: &str) -> String {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = host.split(['/', ':', '?', '#']).next().filter(|host| !host.is_empty()).unwrap_or("localhost");
    format!("<{id}@{host}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_id_carries_the_deployments_name() {
        let id = Uuid::nil();
        for (url, domain) in
            [("https://eaf.example.com", "eaf.example.com"), ("http://localhost:8080", "localhost"), ("", "localhost")]
        {
            assert_eq!(message_id(id, url), format!("<{id}@{domain}>"));
        }
    }

    #[test]
    fn recipients_are_read_as_the_contract_writes_them() {
        let actor: To = serde_json::from_value(json!({"actor": ActorId::SYSTEM})).unwrap();
        assert!(matches!(actor, To::Actor(ActorId::SYSTEM)));
        let holders: To = serde_json::from_value(json!({"holders": {"permission": "approve", "except": ""}})).unwrap();
        assert!(matches!(holders, To::Holders { permission, .. } if permission == "approve"));
    }
}

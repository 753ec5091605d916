//! Delivery of a digest: one mail in a session of its own, within the limits of its connection. A
//! failure has the effect that it has for other mails, on all mails of the digest at once.

use super::Mail;
use super::config::Config;
use super::delivery::{NOT_BY_SERVER, Route, recipient, relay_refused, too_many};
use super::digest_queue::{DigestQueue, lease_over};
use super::failure::{permanent, transient};
use super::failure_code::Code;
use super::mail_store::{Deferral, MailState, Offer, Person, Status};
use super::message::{Envelope, compose};
use super::reply::Outcome;
use super::schedule::{DEFERRAL_TIME, MAX_UNANSWERED, RETRY_TIME, age, pause};
use eaf_capability::text::mails::HostFacts;
use eaf_capability::text::mails::digest::{self, Group};
use eaf_capability::{Class, Failure, HostCode};
use eaf_core::mail_log::digest::DigestLease;
use lettre::Address;
use std::time::Duration;
use uuid::Uuid;

pub struct DigestDelivery<'a> {
    pub mail: &'a Mail,
    pub queue: &'a DigestQueue,
    pub lease: &'a DigestLease,
    pub route: Route,
    pub person: &'a Person,
    pub groups: &'a [Group],
    pub message_id: &'a str,
    pub trace: &'a str,
    /// State of the digest's first mail, whose attempts count for all, with the time at which the
    /// digest began.
    pub state: &'a MailState,
}

/// Outcome of one attempt that did not end with a failure of the connection.
enum Attempt {
    Ended(Status, Option<String>),
    /// The server defers the recipient, with this reply code.
    RecipientDeferred(String),
}

impl DigestDelivery<'_> {
    /// Tries to send the digest once. Returns the pause before the next attempt; `None`: the mails
    /// are settled.
    pub async fn run(&self) -> Result<Option<Duration>, Failure> {
        if self.state.unanswered >= MAX_UNANSWERED {
            return self.settle(&Status::Unknown, None).await;
        }
        let to = match recipient(self.person) {
            Ok(to) => to,
            Err(code) => return self.settle(&Status::Failed(code.as_str().into()), None).await,
        };
        match self.attempt(&to).await {
            Ok(Attempt::Ended(status, relay)) => self.settle(&status, relay.as_deref()).await,
            Ok(Attempt::RecipientDeferred(numbers)) => self.recipient_deferred(&numbers).await,
            Err(failure) if is_of_host(&failure) => Err(failure),
            Err(failure) => self.failed(&failure).await,
        }
    }

    async fn attempt(&self, to: &Address) -> Result<Attempt, Failure> {
        let (mail, tenant, connection) = (self.mail, self.lease.tenant, &self.route.connection);
        let config = self.route.config.clone()?;
        let content = self.content(&config, to).await?;
        if mail.store.is_paused(tenant, connection).await? {
            return Err(transient(Code::MailPaused, "An admin has paused the mail connection.".into()));
        }
        let busy = || transient(Code::MailConnectionsBusy, "The permitted number of sessions is open.".into());
        let _permit = mail.limits.session(tenant, connection, config.max_connections).ok_or_else(busy)?;
        match mail.store.attempt(&self.state.entry, connection, config.mails_per_minute).await? {
            Offer::Made => {}
            Offer::RateReached => return Err(too_many(&config)),
            Offer::NotPending => return Err(lease_over()),
        }
        let mut session = mail.access(tenant).open(&config, mail.deadlines).await?;
        let outcome = match session.offer(&config.from, to).await? {
            Some(outcome) => outcome,
            // The server already waits for the content. Only closing the session withdraws it.
            None if !self.queue.begin_transmission(self.lease, self.message_id).await? => return Err(lease_over()),
            None => session.content(&content).await?,
        };
        session.close().await;
        match outcome {
            Outcome::Accepted(relay) => Ok(Attempt::Ended(Status::Sent, relay)),
            Outcome::Refused(numbers) => {
                let reason = format!("{} ({numbers})", Code::RecipientRefused.as_str());
                Ok(Attempt::Ended(Status::Failed(reason), None))
            }
            Outcome::RefusedUs(numbers) | Outcome::Unclassified(_, numbers) => Err(relay_refused(&numbers)),
            Outcome::Deferred(numbers) => Ok(Attempt::RecipientDeferred(numbers)),
        }
    }

    async fn content(&self, config: &Config, to: &Address) -> Result<Vec<u8>, Failure> {
        let tenant_name = self.mail.store.tenant_name(self.lease.tenant).await?;
        let host = HostFacts {
            recipient_name: &self.person.name,
            tenant_name: &tenant_name,
            trace_id: self.trace,
            public_url: &self.mail.public_url,
            reply_to: config.reply_to.as_ref().map(AsRef::<str>::as_ref),
        };
        let rendered = digest::render(self.groups, self.person.locale, &host)
            .map_err(|error| permanent(Code::TemplateFailed, error.to_string()))?;
        let envelope = Envelope {
            from: &config.from,
            from_name: &config.from_name,
            reply_to: config.reply_to.as_ref(),
            to,
            to_name: &self.person.name,
            id: uuid_of(self.message_id),
            message_id: self.message_id,
            date: self.state.written_at,
            locale: self.person.locale,
            trace: self.trace,
        };
        compose(&envelope, &rendered)
            .map_err(|_| permanent(Code::MessageInvalid, "The digest could not be put into an envelope.".into()))
    }

    /// Settles or defers the mails after a failure of the connection or of the digest itself.
    async fn failed(&self, failure: &Failure) -> Result<Option<Duration>, Failure> {
        if !failure.has_one_of(&NOT_BY_SERVER) {
            self.record_use(Some(&failure.code)).await;
        }
        let is_unanswered = failure.class == Class::UnknownOutcome;
        let unanswered = self.state.unanswered + i32::from(is_unanswered);
        let is_final = unanswered >= MAX_UNANSWERED || age(self.state, self.mail.store.now()) >= RETRY_TIME;
        if failure.class == Class::Permanent || is_final {
            let status = if unanswered > 0 { Status::Unknown } else { Status::Failed(failure.code.clone()) };
            return self.settle(&status, None).await;
        }
        self.defer(failure, &failure.code, unanswered, false).await
    }

    async fn recipient_deferred(&self, numbers: &str) -> Result<Option<Duration>, Failure> {
        let reason = format!("{} ({numbers})", Code::RecipientDeferred.as_str());
        let now = self.mail.store.now();
        if self.state.deferred_since.is_some_and(|since| now - since >= DEFERRAL_TIME) {
            return self.settle(&Status::Failed(reason), None).await;
        }
        let failure = transient(Code::RecipientDeferred, "The mail server does not take the digest yet.".into());
        self.defer(&failure, &reason, self.state.unanswered, true).await
    }

    async fn defer(
        &self,
        failure: &Failure,
        error: &str,
        unanswered: i32,
        of_recipient: bool,
    ) -> Result<Option<Duration>, Failure> {
        let delay = pause(self.state, failure, self.mail.store.now());
        tracing::warn!(message_id = self.message_id, error, seconds = delay.as_secs(), "a digest waits");
        metrics::counter!("eaf_mail_waits_total", "code" => failure.code.clone()).increment(1);
        let deferral = Deferral { error, delay, unanswered, of_recipient };
        self.queue.defer(self.lease.tenant, self.message_id, &deferral).await?;
        Ok(Some(delay))
    }

    async fn settle(&self, status: &Status, relay: Option<&str>) -> Result<Option<Duration>, Failure> {
        self.queue.settle(self.lease.tenant, self.message_id, status, relay).await?;
        let outcome = match status {
            Status::Sent => "sent",
            Status::Unknown => "unknown",
            _ => "failed",
        };
        let (person, message_id) = (self.person.actor, self.message_id);
        tracing::info!(message_id, %person, outcome, relay, "a digest was settled");
        metrics::counter!("eaf_mails_total", "outcome" => outcome).increment(1);
        if *status == Status::Sent {
            self.record_use(None).await;
        }
        Ok(None)
    }

    async fn record_use(&self, error: Option<&str>) {
        let set_at = self.route.config.as_ref().ok().and_then(|config| config.set_at);
        let recorded = self.mail.store.used(self.lease.tenant, &self.route.connection, set_at, error).await;
        if let Err(failure) = recorded {
            tracing::warn!(code = failure.code, "the outcome of a mail session could not be recorded");
        }
    }
}

/// Whether a failure is one of the host's own store or of the lease, which says nothing about the
/// connection.
fn is_of_host(failure: &Failure) -> bool {
    [HostCode::DirectoryUnreadable, HostCode::Waiting].iter().any(|code| failure.code == code.as_str())
}

/// UUID before the `@` of a Message-ID that this host made.
fn uuid_of(message_id: &str) -> Uuid {
    let id = message_id.trim_start_matches('<').split('@').next().unwrap_or_default();
    id.parse().unwrap_or_default()
}

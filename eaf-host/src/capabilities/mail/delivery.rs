//! The mails of one call, handed over one after the other.
//!
//! What one person's mail meets is nobody else's: after a conversation that broke, the next mail
//! gets a new one. What the connection meets, the remaining mails meet as well, and they wait.

use super::address;
use super::config::Config;
use super::failure::{configuration, permanent, transient};
use super::limits::Permit;
use super::message::{Envelope, compose};
use super::office::{Letter, Person, Status, Wait};
use super::reply::Verdict;
use super::schedule::{DEFERRED, UNANSWERED, age, pause};
use super::send::{Job, Tally, mail_id, settle};
use super::smtp::Session;
use super::template::{self, HostFacts};
use crate::capabilities::{Class, Failure};
use lettre::Address;
use std::time::Duration;

/// After so many broken conversations it is the server and not a recipient.
const BROKEN: u32 = 3;
const RATE: Duration = Duration::from_secs(60);

/// Over which connection a call's mails go.
pub struct Route {
    pub connection: String,
    /// An admin wants nothing sent.
    pub is_paused: bool,
    /// What is wrong with its settings, where they are not usable.
    pub config: Result<Config, Failure>,
}

pub struct Delivery<'a> {
    job: &'a Job<'a>,
    route: Route,
    tally: &'a mut Tally,
    session: Option<Session>,
    permit: Option<Permit>,
    broken: u32,
    /// What no further mail is tried against.
    blocked: Option<Failure>,
    /// How many mails the connection's rate leaves.
    left: Option<u32>,
    /// Refusals that may be about us.
    unclear: Vec<(Letter, String)>,
}

impl<'a> Delivery<'a> {
    pub fn new(job: &'a Job<'a>, route: Route, tally: &'a mut Tally) -> Self {
        let blocked = match &route.config {
            Err(failure) => Some(failure.clone()),
            Ok(_) if route.is_paused => {
                Some(transient("mail-paused", "An admin has paused the mail connection.".into()))
            }
            Ok(_) => None,
        };
        let (session, permit, left, unclear) = (None, None, None, Vec::new());
        Delivery { job, route, tally, session, permit, broken: 0, blocked, left, unclear }
    }

    pub async fn run(mut self, letters: Vec<(Person, Letter)>) -> Result<(), Failure> {
        for (person, letter) in letters {
            self.one(&person, &letter).await?;
        }
        if let Some(session) = self.session.take() {
            session.close().await;
        }
        self.permit = None;
        self.clear_up().await
    }

    /// Whether the mail still fits is asked last before it is made.
    async fn one(&mut self, person: &Person, letter: &Letter) -> Result<(), Failure> {
        if letter.unanswered >= UNANSWERED {
            return self.settle(letter, Status::Unknown, None).await;
        }
        if !self.still_fits().await? {
            return self.settle(letter, Status::Skipped, None).await;
        }
        let to = match recipient(person) {
            Ok(to) => to,
            Err(reason) => return self.settle(letter, Status::Failed(reason.into()), None).await,
        };
        if let Some(failure) = self.blocked.clone() {
            return self.hold(letter, &failure, letter.unanswered).await;
        }
        let Ok(config) = self.route.config.clone() else { return Ok(()) };
        let content = match self.content(&config, person, &to, letter) {
            Ok(content) => content,
            Err(failure) => return self.not_made(letter, failure).await,
        };
        if let Err(failure) = self.ready(&config).await? {
            self.blocked = Some(failure.clone());
            return self.hold(letter, &failure, letter.unanswered).await;
        }
        self.hand_over(&config, &to, letter, &content).await
    }

    async fn hand_over(
        &mut self,
        config: &Config,
        to: &Address,
        letter: &Letter,
        content: &[u8],
    ) -> Result<(), Failure> {
        let office = &self.job.mail.office;
        let Some(session) = &mut self.session else { return Ok(()) };
        office.attempt(&letter.entry, &self.route.connection).await?;
        let mut unanswered = letter.unanswered;
        let verdict = match session.offer(&config.from, to).await {
            Ok(Some(verdict)) => Ok(verdict),
            Err(failure) => Err(failure),
            Ok(None) => {
                office.hand_over(&letter.entry).await?;
                let said = session.content(content).await;
                if said.as_ref().is_err_and(|failure| failure.class == Class::UnknownOutcome) {
                    unanswered += 1;
                }
                said
            }
        };
        match verdict {
            Ok(Verdict::Accepted(relay)) => {
                self.left = self.left.map(|left| left.saturating_sub(1));
                self.settle(letter, Status::Sent, relay.as_deref()).await
            }
            Ok(Verdict::Refused(numbers)) => self.refused(letter, &numbers).await,
            Ok(Verdict::RefusedUs(numbers)) => {
                self.unclear.push((letter.clone(), numbers));
                Ok(())
            }
            Ok(Verdict::Deferred(numbers)) => self.deferred(letter, &numbers).await,
            Err(failure) => self.lost(letter, failure, unanswered).await,
        }
    }

    /// The conversation is over. What the server says of us counts for all, a break for this mail.
    async fn lost(&mut self, letter: &Letter, failure: Failure, unanswered: i32) -> Result<(), Failure> {
        self.session = None;
        self.broken += 1;
        if failure.class == Class::Configuration || self.broken >= BROKEN {
            self.blocked = Some(failure.clone());
        }
        if unanswered >= UNANSWERED {
            return self.settle(letter, Status::Unknown, None).await;
        }
        self.hold(letter, &failure, unanswered).await
    }

    async fn refused(&mut self, letter: &Letter, numbers: &str) -> Result<(), Failure> {
        self.settle(letter, Status::Failed(format!("recipient-refused ({numbers})")), None).await
    }

    async fn deferred(&mut self, letter: &Letter, numbers: &str) -> Result<(), Failure> {
        let reason = format!("recipient-deferred ({numbers})");
        if age(letter, self.job.mail.office.now()) >= DEFERRED {
            return self.settle(letter, Status::Failed(reason), None).await;
        }
        let message = format!("The mail server does not take the mail for every recipient yet ({numbers}).");
        let failure = transient("recipient-deferred", message);
        self.hold_as(letter, &failure, &reason, letter.unanswered).await
    }

    /// Relays refuse a client where they are asked for a recipient, and an address that nobody may
    /// write to looks the same. If the server takes other mails of ours, it is the recipient.
    async fn clear_up(&mut self) -> Result<(), Failure> {
        for (letter, numbers) in std::mem::take(&mut self.unclear) {
            let (tenant, since) = (letter.entry.tenant, letter.written_at);
            let office = &self.job.mail.office;
            let takes = self.tally.sent > 0 || office.taken_since(tenant, &self.route.connection, since).await?;
            if takes {
                self.refused(&letter, &numbers).await?;
                continue;
            }
            let message = format!("The mail server does not pass on our mails ({numbers}).");
            let failure = configuration("relay-refused", message);
            self.hold_as(&letter, &failure, &format!("relay-refused ({numbers})"), letter.unanswered).await?;
        }
        Ok(())
    }

    /// A conversation to go on in, within the connection's limits.
    async fn ready(&mut self, config: &Config) -> Result<Result<(), Failure>, Failure> {
        let tenant = self.job.call.tenant;
        let mail = self.job.mail;
        if let Some(rate) = config.mails_per_minute {
            if self.left.is_none() {
                let handed = mail.office.handed_within(tenant, &self.route.connection, RATE).await?;
                self.left = Some(rate.saturating_sub(handed));
            }
            if self.left == Some(0) {
                let message = format!("The mail connection sends at most {rate} mails a minute.");
                return Ok(Err(transient("mail-rate", message)));
            }
        }
        if self.permit.is_none() {
            self.permit = mail.limits.conversation(tenant, &self.route.connection, config.max_connections);
        }
        if self.permit.is_none() {
            let message = "As many conversations with the mail server as there may be are open.";
            return Ok(Err(transient("mail-connections-busy", message.into())));
        }
        if self.session.is_none() {
            match mail.reach(tenant).open(config, mail.deadlines).await {
                Ok(session) => self.session = Some(session),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(()))
    }

    async fn still_fits(&self) -> Result<bool, Failure> {
        match &self.job.condition {
            Some(condition) => condition.holds(&*self.job.mail.office, self.job.call).await,
            None => Ok(true),
        }
    }

    /// The package's mistake concerns this mail; those in another language may be whole.
    async fn not_made(&mut self, letter: &Letter, failure: Failure) -> Result<(), Failure> {
        if failure.code == "mail-missing" {
            return Err(failure);
        }
        let reason = format!("{} ({})", failure.code, failure.message);
        self.tally.broken = Some(failure);
        self.settle(letter, Status::Failed(reason), None).await
    }

    async fn hold(&mut self, letter: &Letter, failure: &Failure, unanswered: i32) -> Result<(), Failure> {
        let code = failure.code.clone();
        self.hold_as(letter, failure, &code, unanswered).await
    }

    async fn hold_as(
        &mut self,
        letter: &Letter,
        failure: &Failure,
        reason: &str,
        unanswered: i32,
    ) -> Result<(), Failure> {
        let office = &self.job.mail.office;
        let at_least = pause(letter, failure, office.now());
        let message_id = &letter.entry.message_id;
        tracing::warn!(message_id, reason, seconds = at_least.as_secs(), "a mail waits");
        metrics::counter!("eaf_mail_waits_total", "code" => failure.code.clone()).increment(1);
        office.wait(&letter.entry, &Wait { reason, at_least, unanswered }).await?;
        self.tally.waits(failure.clone(), at_least);
        Ok(())
    }

    async fn settle(&mut self, letter: &Letter, status: Status, relay: Option<&str>) -> Result<(), Failure> {
        settle(self.job.mail, letter, &status, relay).await?;
        self.tally.count(&status);
        Ok(())
    }

    fn content(&self, config: &Config, person: &Person, to: &Address, letter: &Letter) -> Result<Vec<u8>, Failure> {
        let Job { mail, call, arguments, .. } = self.job;
        let host = HostFacts {
            recipient_name: &person.name,
            tenant_name: &self.job.tenant_name,
            trace_id: &call.trace.0,
            public_url: &mail.public_url,
            reply_to: config.reply_to.as_ref().map(AsRef::<str>::as_ref),
        };
        let rendered = self.job.templates.render(&arguments.template, person.locale, &arguments.facts, &host);
        let rendered = rendered.map_err(|error| match error {
            template::Error::NoSuchMail(name) => {
                configuration("mail-missing", format!("The package has no mail `{name}`."))
            }
            other => permanent("template-failed", other.to_string()),
        })?;
        let envelope = Envelope {
            from: &config.from,
            from_name: &config.from_name,
            reply_to: config.reply_to.as_ref(),
            to,
            to_name: &person.name,
            id: mail_id(call, person.actor, &arguments.template),
            message_id: &letter.entry.message_id,
            // With the same date and id, Exchange knows a repetition for what it is.
            date: letter.written_at,
            locale: person.locale,
            trace: &call.trace.0,
        };
        compose(&envelope, &rendered)
            .map_err(|_| permanent("message-invalid", "The mail could not be put into an envelope.".into()))
    }
}

fn recipient(person: &Person) -> Result<Address, &'static str> {
    if person.email.trim().is_empty() {
        return Err("recipient-address-missing");
    }
    address::read(&person.email).map_err(|_| "recipient-address-invalid")
}

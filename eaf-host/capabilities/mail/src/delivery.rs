//! The mails of one call, handed over one after the other.
//!
//! What one person's mail meets is nobody else's: after a conversation that broke, the next mail
//! gets a new one. What the connection meets, the remaining mails meet as well, and they wait.
//!
//! A refusal whose numbers do not say whom it means is the recipient's only when the server goes on
//! taking others **after** it: a relay may begin to refuse us in the middle, as when a day's number
//! of mails is reached.

use super::address;
use super::config::Config;
use super::failure::{configuration, permanent, transient};
use super::limits::Permit;
use super::message::{Envelope, compose};
use super::office::{Letter, Offer, Person, Status, Wait};
use super::reply::{Stage, Verdict};
use super::schedule::{DEFERRED, UNANSWERED, pause};
use super::send::{Job, Tally, mail_id, settle};
use super::smtp::Session;
use eaf_capability::text::mails::{self, HostFacts};
use eaf_capability::{Class, Failure};
use lettre::Address;
use std::time::Duration;

/// After so many broken conversations it is the server and not a recipient.
const BROKEN: u32 = 3;
/// After so many equal refusals in a row, the others are spared.
const EQUAL: u32 = 5;

/// Reasons to wait that say nothing of the server: the host's own, and those that an earlier refusal left.
const OWN: [&str; 4] = ["mail-rate", "mail-connections-busy", "mail-paused", "login-pause"];

/// Over which connection a call's mails go.
pub struct Route {
    pub connection: String,
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
    /// Mails that the server has taken, and the last one's recipient.
    taken: u32,
    good: Option<Address>,
    /// The last refusal, and how often in a row it was the same.
    equal: (String, u32),
    /// Refusals that may be about us.
    unclear: Vec<Unclear>,
}

struct Unclear {
    letter: Letter,
    stage: Stage,
    numbers: String,
    /// How many mails the server had taken before it.
    taken: u32,
}

impl<'a> Delivery<'a> {
    pub fn new(job: &'a Job<'a>, route: Route, tally: &'a mut Tally) -> Self {
        let blocked = route.config.as_ref().err().cloned();
        let (session, permit, good, equal, unclear) = (None, None, None, (String::new(), 0), Vec::new());
        Delivery { job, route, tally, session, permit, broken: 0, blocked, taken: 0, good, equal, unclear }
    }

    pub async fn run(mut self, letters: Vec<(Person, Letter)>) -> Result<(), Failure> {
        let unusable = self.blocked.as_ref().map(|failure| failure.code.clone());
        let mut outcome = Ok(());
        for (person, letter) in letters {
            outcome = self.one(&person, &letter).await;
            if outcome.is_err() {
                break;
            }
        }
        let cleared = self.clear_up().await;
        if let Some(code) = &unusable {
            self.note_use(Some(code)).await;
        }
        if let Some(session) = self.session.take() {
            session.close().await;
        }
        outcome.and(cleared)
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
            self.hold(letter, &failure, letter.unanswered).await?;
            if !OWN.contains(&failure.code.as_str()) {
                self.note_use(Some(&failure.code)).await;
            }
            return Ok(());
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
        match office.attempt(&letter.entry, &self.route.connection, config.mails_per_minute).await? {
            Offer::Made => {}
            Offer::Over => return self.settled(letter).await,
            Offer::RateReached => {
                let failure = too_many(config);
                self.blocked = Some(failure.clone());
                return self.hold(letter, &failure, letter.unanswered).await;
            }
        }
        let mut unanswered = letter.unanswered;
        let verdict = match session.offer(&config.from, to).await {
            Ok(Some(verdict)) => Ok(verdict),
            Err(failure) => Err(failure),
            Ok(None) => {
                if !office.hand_over(&letter.entry).await? {
                    // The server waits for the content: only the end of the conversation takes the mail back.
                    self.session = None;
                    return self.settled(letter).await;
                }
                let said = session.content(content).await;
                if said.as_ref().is_err_and(|failure| failure.class == Class::UnknownOutcome) {
                    unanswered += 1;
                }
                said
            }
        };
        match verdict {
            Ok(Verdict::Accepted(relay)) => {
                (self.taken, self.good, self.equal.1) = (self.taken + 1, Some(to.clone()), 0);
                self.settle(letter, Status::Sent, relay.as_deref()).await?;
                self.note_use(None).await;
                Ok(())
            }
            Ok(Verdict::Refused(numbers)) => self.refused(letter, &numbers).await,
            Ok(Verdict::RefusedUs(numbers)) => {
                self.count_equal(&numbers);
                self.not_passed_on(letter, &numbers).await
            }
            Ok(Verdict::Unclear(stage, numbers)) => {
                self.count_equal(&numbers);
                let (letter, taken) = (letter.clone(), self.taken);
                self.unclear.push(Unclear { letter, stage, numbers, taken });
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
            self.settle(letter, Status::Unknown, None).await?;
        } else {
            self.hold(letter, &failure, unanswered).await?;
        }
        self.note_use(Some(&failure.code)).await;
        Ok(())
    }

    async fn refused(&mut self, letter: &Letter, numbers: &str) -> Result<(), Failure> {
        self.settle(letter, Status::Failed(format!("recipient-refused ({numbers})")), None).await
    }

    async fn deferred(&mut self, letter: &Letter, numbers: &str) -> Result<(), Failure> {
        let reason = format!("recipient-deferred ({numbers})");
        let now = self.job.mail.office.now();
        if letter.deferred_since.is_some_and(|since| now - since >= DEFERRED) {
            return self.settle(letter, Status::Failed(reason), None).await;
        }
        let message = format!("The mail server does not take the mail for every recipient yet ({numbers}).");
        let failure = transient("recipient-deferred", message);
        let wait = Wait { reason: &reason, at_least: Duration::ZERO, unanswered: letter.unanswered, is_deferral: true };
        self.hold_as(letter, &failure, wait).await
    }

    async fn not_passed_on(&mut self, letter: &Letter, numbers: &str) -> Result<(), Failure> {
        let (failure, reason) = (relay_refused(numbers), format!("relay-refused ({numbers})"));
        let unanswered = letter.unanswered;
        let wait = Wait { reason: &reason, at_least: Duration::ZERO, unanswered, is_deferral: false };
        self.hold_as(letter, &failure, wait).await?;
        self.note_use(Some(&failure.code)).await;
        Ok(())
    }

    fn count_equal(&mut self, numbers: &str) {
        let before = if self.equal.0 == numbers { self.equal.1 } else { 0 };
        self.equal = (numbers.to_owned(), before + 1);
        if self.equal.1 >= EQUAL {
            self.blocked = Some(relay_refused(numbers));
        }
    }

    /// Relays refuse a client where they are asked for a recipient, and an address that nobody may
    /// write to looks the same. If the server takes others of ours afterwards, it is the recipient.
    async fn clear_up(&mut self) -> Result<(), Failure> {
        let unclear = std::mem::take(&mut self.unclear);
        let is_asked = unclear.iter().any(|one| one.stage == Stage::Recipient && one.taken == self.taken);
        let still_takes = is_asked && self.still_takes().await;
        for Unclear { letter, stage, numbers, taken } in unclear {
            if taken < self.taken || (still_takes && stage == Stage::Recipient) {
                self.refused(&letter, &numbers).await?;
            } else {
                self.not_passed_on(&letter, &numbers).await?;
            }
        }
        Ok(())
    }

    /// A recipient that was taken before is offered once more.
    async fn still_takes(&mut self) -> bool {
        match (&mut self.session, &self.route.config, &self.good) {
            (Some(session), Ok(config), Some(good)) => session.still_takes(&config.from, good).await,
            _ => false,
        }
    }

    /// The connection's state is what real mails meet. It is noted after what became of the mail: a
    /// mail that was taken is not sent again because this could not be stored.
    async fn note_use(&self, error: Option<&str>) {
        let set_at = self.route.config.as_ref().ok().and_then(|config| config.set_at);
        let noted = self.job.mail.office.used(self.job.call.tenant, &self.route.connection, set_at, error).await;
        if let Err(failure) = noted {
            tracing::warn!(code = failure.code, "what a mail says of its connection is not stored");
        }
    }

    /// A conversation to go on in, within the connection's limits.
    async fn ready(&mut self, config: &Config) -> Result<Result<(), Failure>, Failure> {
        let tenant = self.job.call.tenant;
        let mail = self.job.mail;
        if mail.office.is_paused(tenant, &self.route.connection).await? {
            return Ok(Err(transient("mail-paused", "An admin has paused the mail connection.".into())));
        }
        // No conversation is begun in vain; each mail takes its place when it is offered.
        if let (Some(rate), None) = (config.mails_per_minute, &self.session)
            && mail.office.offered(tenant, &self.route.connection).await? >= rate
        {
            return Ok(Err(too_many(config)));
        }
        if self.permit.is_none() {
            self.permit = mail.limits.conversation(tenant, &self.route.connection, config.max_connections);
        }
        if self.permit.is_none() {
            let message = "As many conversations with the mail server as there may be are open.";
            return Ok(Err(transient("mail-connections-busy", message.into())));
        }
        if self.session.is_none() {
            let crowded = mail.limits.is_crowded();
            let deadlines = if crowded { mail.deadlines.shortened() } else { mail.deadlines };
            match mail.reach(tenant).open(config, deadlines).await {
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
        let wait = Wait { reason: &code, at_least: Duration::ZERO, unanswered, is_deferral: false };
        self.hold_as(letter, failure, wait).await
    }

    /// How long it waits is determined here.
    async fn hold_as(&mut self, letter: &Letter, failure: &Failure, wait: Wait<'_>) -> Result<(), Failure> {
        let office = &self.job.mail.office;
        let (at_least, reason) = (pause(letter, failure, office.now()), wait.reason);
        let message_id = &letter.entry.message_id;
        tracing::warn!(message_id, reason, seconds = at_least.as_secs(), "a mail waits");
        metrics::counter!("eaf_mail_waits_total", "code" => failure.code.clone()).increment(1);
        office.wait(&letter.entry, &Wait { at_least, ..wait }).await?;
        self.tally.waits(failure.clone(), at_least);
        Ok(())
    }

    async fn settle(&mut self, letter: &Letter, status: Status, relay: Option<&str>) -> Result<(), Failure> {
        settle(self.job.mail, letter, &status, relay).await?;
        self.tally.count(&status);
        Ok(())
    }

    /// By somebody else, while this call was on its way to it.
    async fn settled(&mut self, letter: &Letter) -> Result<(), Failure> {
        let known = self.job.mail.office.record(&letter.entry).await?;
        self.tally.count(&known.status);
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
            mails::Error::NoSuchMail(name) => {
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

fn relay_refused(numbers: &str) -> Failure {
    configuration("relay-refused", format!("The mail server does not pass on our mails ({numbers})."))
}

fn too_many(config: &Config) -> Failure {
    let rate = config.mails_per_minute.unwrap_or_default();
    transient("mail-rate", format!("The mail connection sends at most {rate} mails a minute."))
}

fn recipient(person: &Person) -> Result<Address, &'static str> {
    if person.email.trim().is_empty() {
        return Err("recipient-address-missing");
    }
    address::read(&person.email).map_err(|_| "recipient-address-invalid")
}

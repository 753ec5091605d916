//! Delivery of all mails that one call of a workflow sends, one mail after the other.
//!
//! A failure that concerns one recipient does not affect other recipients: after a broken SMTP
//! session, the next mail gets a new session. A failure of the connection defers all remaining
//! mails.
//!
//! The reply code of some refusals does not tell whether the recipient or the connection is
//! refused. Such a refusal counts against the recipient only if the server accepts another
//! recipient **afterwards**, because a relay may start to refuse the connection after some mails,
//! for example at a daily limit.

use super::address;
use super::config::Config;
use super::failure::{configuration, permanent, transient};
use super::limits::Permit;
use super::mail_store::{Deferral, MailState, Offer, Person, Status};
use super::message::{Envelope, compose};
use super::reply::{Outcome, Stage};
use super::schedule::{DEFERRAL_TIME, MAX_UNANSWERED, pause};
use super::send::{Job, Tally, mail_id, settle};
use super::smtp::Session;
use crate::failure_code::Code;
use eaf_capability::text::mails::{self, HostFacts};
use eaf_capability::{Class, Failure};
use lettre::Address;
use std::time::Duration;

/// Number of broken SMTP sessions in one call after which the cause is taken to be the server, no
/// longer a single recipient.
const MAX_BROKEN: u32 = 3;
/// Number of consecutive refusals with the same reply code after which the remaining mails of the
/// call are not tried.
const MAX_EQUAL: u32 = 5;

/// Codes of failures that this host caused, not the mail server: rate and connection limits, and
/// pauses by an admin or by the login limiter.
pub const NOT_BY_SERVER: [Code; 4] =
    [Code::MailRate, Code::MailConnectionsBusy, Code::MailPaused, Code::MailLoginPause];

/// Mail connection that is used for the mails of a call, by name and settings.
pub struct Route {
    pub connection: String,
    /// Valid settings of the connection, or the failure that explains why the stored settings are
    /// unusable.
    pub config: Result<Config, Failure>,
}

pub struct Delivery<'a> {
    job: &'a Job<'a>,
    route: Route,
    tally: &'a mut Tally,
    session: Option<Session>,
    permit: Option<Permit>,
    broken: u32,
    /// Failure because of which no further mail of the call is tried; `None` while mails are sent.
    blocked: Option<Failure>,
    /// Number of mails that the server accepted in this delivery.
    accepted: u32,
    last_accepted: Option<Address>,
    /// Reply code of the last refusal, and how many refusals in succession had that code.
    equal: (String, u32),
    /// Refusals whose reply code does not tell whether the server refuses the recipient or the
    /// connection.
    unclassified: Vec<OutcomeUnknown>,
}

struct OutcomeUnknown {
    state: MailState,
    stage: Stage,
    numbers: String,
    /// Number of mails that the server had accepted before it sent this refusal.
    accepted: u32,
}

impl<'a> Delivery<'a> {
    pub fn new(job: &'a Job<'a>, route: Route, tally: &'a mut Tally) -> Self {
        let blocked = route.config.as_ref().err().cloned();
        let (session, permit, last_accepted, equal, unclassified) = (None, None, None, (String::new(), 0), Vec::new());
        Delivery {
            job,
            route,
            tally,
            session,
            permit,
            broken: 0,
            blocked,
            accepted: 0,
            last_accepted,
            equal,
            unclassified,
        }
    }

    pub async fn run(mut self, states: Vec<(Person, MailState)>) -> Result<(), Failure> {
        let unusable = self.blocked.as_ref().map(|failure| failure.code.clone());
        let mut outcome = Ok(());
        for (person, state) in states {
            outcome = self.deliver(&person, &state).await;
            if outcome.is_err() {
                break;
            }
        }
        let settled_rest = self.settle_unclassified().await;
        if let Some(code) = &unusable {
            self.record_use(Some(code)).await;
        }
        if let Some(session) = self.session.take() {
            session.close().await;
        }
        outcome.and(settled_rest)
    }

    /// Delivers one mail. The mail's condition is checked last, immediately before the mail is
    /// composed and sent.
    async fn deliver(&mut self, person: &Person, state: &MailState) -> Result<(), Failure> {
        if state.unanswered >= MAX_UNANSWERED {
            return self.settle(state, Status::Unknown, None).await;
        }
        if !self.still_fits().await? {
            return self.settle(state, Status::Skipped, None).await;
        }
        let to = match recipient(person) {
            Ok(to) => to,
            Err(reason) => return self.settle(state, Status::Failed(reason.as_str().into()), None).await,
        };
        if let Some(failure) = self.blocked.clone() {
            return self.defer(state, &failure, state.unanswered).await;
        }
        let Ok(config) = self.route.config.clone() else { return Ok(()) };
        let content = match self.content(&config, person, &to, state) {
            Ok(content) => content,
            Err(failure) => return self.not_rendered(state, failure).await,
        };
        if let Err(failure) = self.open_session(&config).await? {
            self.blocked = Some(failure.clone());
            self.defer(state, &failure, state.unanswered).await?;
            if !failure.has_one_of(&NOT_BY_SERVER) {
                self.record_use(Some(&failure.code)).await;
            }
            return Ok(());
        }
        self.transmit(&config, &to, state, &content).await
    }

    async fn transmit(
        &mut self,
        config: &Config,
        to: &Address,
        state: &MailState,
        content: &[u8],
    ) -> Result<(), Failure> {
        let store = &self.job.mail.store;
        let Some(session) = &mut self.session else { return Ok(()) };
        match store.attempt(&state.entry, &self.route.connection, config.mails_per_minute).await? {
            Offer::Made => {}
            Offer::NotPending => return self.settled(state).await,
            Offer::RateReached => {
                let failure = too_many(config);
                self.blocked = Some(failure.clone());
                return self.defer(state, &failure, state.unanswered).await;
            }
        }
        let mut unanswered = state.unanswered;
        let outcome = match session.offer(&config.from, to).await {
            Ok(Some(outcome)) => Ok(outcome),
            Err(failure) => Err(failure),
            Ok(None) => {
                if !store.begin_transmission(&state.entry).await? {
                    // The server already waits for the content. Only closing the session withdraws
                    // the mail.
                    self.session = None;
                    return self.settled(state).await;
                }
                let reply = session.content(content).await;
                if reply.as_ref().is_err_and(|failure| failure.class == Class::UnknownOutcome) {
                    unanswered += 1;
                }
                reply
            }
        };
        self.settle_outcome(to, state, outcome, unanswered).await
    }

    /// Settles or defers a mail by the server's reply, or by the failure of the session.
    async fn settle_outcome(
        &mut self,
        to: &Address,
        state: &MailState,
        outcome: Result<Outcome, Failure>,
        unanswered: i32,
    ) -> Result<(), Failure> {
        match outcome {
            Ok(Outcome::Accepted(relay)) => {
                (self.accepted, self.last_accepted, self.equal.1) = (self.accepted + 1, Some(to.clone()), 0);
                self.settle(state, Status::Sent, relay.as_deref()).await?;
                self.record_use(None).await;
                Ok(())
            }
            Ok(Outcome::Refused(numbers)) => self.refused(state, &numbers).await,
            Ok(Outcome::RefusedUs(numbers)) => {
                self.count_equal(&numbers);
                self.refused_by_relay(state, &numbers).await
            }
            Ok(Outcome::Unclassified(stage, numbers)) => {
                self.count_equal(&numbers);
                let (state, accepted) = (state.clone(), self.accepted);
                self.unclassified.push(OutcomeUnknown { state, stage, numbers, accepted });
                Ok(())
            }
            Ok(Outcome::Deferred(numbers)) => self.deferred(state, &numbers).await,
            Err(failure) => self.session_lost(state, failure, unanswered).await,
        }
    }

    /// Handles an SMTP session that ended with a failure. A failure of the connection stops all
    /// mails of the call; a broken session concerns only the mail that was being sent.
    async fn session_lost(&mut self, state: &MailState, failure: Failure, unanswered: i32) -> Result<(), Failure> {
        self.session = None;
        self.broken += 1;
        if failure.class == Class::Configuration || self.broken >= MAX_BROKEN {
            self.blocked = Some(failure.clone());
        }
        if unanswered >= MAX_UNANSWERED {
            self.settle(state, Status::Unknown, None).await?;
        } else {
            self.defer(state, &failure, unanswered).await?;
        }
        self.record_use(Some(&failure.code)).await;
        Ok(())
    }

    async fn refused(&mut self, state: &MailState, numbers: &str) -> Result<(), Failure> {
        self.settle(state, Status::Failed(format!("{} ({numbers})", Code::RecipientRefused.as_str())), None).await
    }

    async fn deferred(&mut self, state: &MailState, numbers: &str) -> Result<(), Failure> {
        let reason = format!("{} ({numbers})", Code::RecipientDeferred.as_str());
        let now = self.job.mail.store.now();
        if state.deferred_since.is_some_and(|since| now - since >= DEFERRAL_TIME) {
            return self.settle(state, Status::Failed(reason), None).await;
        }
        let message = format!("The mail server does not take the mail for every recipient yet ({numbers}).");
        let failure = transient(Code::RecipientDeferred, message);
        let deferral =
            Deferral { error: &reason, delay: Duration::ZERO, unanswered: state.unanswered, of_recipient: true };
        self.defer_as(state, &failure, deferral).await
    }

    async fn refused_by_relay(&mut self, state: &MailState, numbers: &str) -> Result<(), Failure> {
        let (failure, reason) = (relay_refused(numbers), format!("{} ({numbers})", Code::RelayRefused.as_str()));
        let unanswered = state.unanswered;
        let deferral = Deferral { error: &reason, delay: Duration::ZERO, unanswered, of_recipient: false };
        self.defer_as(state, &failure, deferral).await?;
        self.record_use(Some(&failure.code)).await;
        Ok(())
    }

    fn count_equal(&mut self, numbers: &str) {
        let before = if self.equal.0 == numbers { self.equal.1 } else { 0 };
        self.equal = (numbers.to_owned(), before + 1);
        if self.equal.1 >= MAX_EQUAL {
            self.blocked = Some(relay_refused(numbers));
        }
    }

    /// Decides for each refusal with an ambiguous reply code whether the recipient or the
    /// connection was refused. Some relays refuse a client at RCPT with the reply code of a
    /// protected recipient. If the server accepted other mails afterwards, or still accepts an
    /// earlier recipient, the recipient was refused.
    async fn settle_unclassified(&mut self) -> Result<(), Failure> {
        let unclassified = std::mem::take(&mut self.unclassified);
        let is_asked = unclassified.iter().any(|one| one.stage == Stage::Recipient && one.accepted == self.accepted);
        let still_accepts = is_asked && self.still_accepts().await;
        for OutcomeUnknown { state, stage, numbers, accepted } in unclassified {
            if accepted < self.accepted || (still_accepts && stage == Stage::Recipient) {
                self.refused(&state, &numbers).await?;
            } else {
                self.refused_by_relay(&state, &numbers).await?;
            }
        }
        Ok(())
    }

    /// Whether the server still accepts a recipient that it accepted earlier in this delivery.
    /// False if no session is open or the server accepted no recipient so far.
    async fn still_accepts(&mut self) -> bool {
        match (&mut self.session, &self.route.config, &self.last_accepted) {
            (Some(session), Ok(config), Some(last_accepted)) => {
                session.still_accepts(&config.from, last_accepted).await
            }
            _ => false,
        }
    }

    /// Records whether the connection works. The mail is settled before this write: if the write
    /// fails, a delivered mail must not be sent again.
    async fn record_use(&self, error: Option<&str>) {
        let set_at = self.route.config.as_ref().ok().and_then(|config| config.set_at);
        let recorded = self.job.mail.store.used(self.job.call.tenant, &self.route.connection, set_at, error).await;
        if let Err(failure) = recorded {
            tracing::warn!(code = failure.code, "the outcome of a mail session could not be recorded");
        }
    }

    /// Opens an SMTP session within the connection's limits, unless a session is open. The inner
    /// `Err` is a failure of the connection; the outer one is a failure of the store, such as a
    /// database error.
    async fn open_session(&mut self, config: &Config) -> Result<Result<(), Failure>, Failure> {
        let tenant = self.job.call.tenant;
        let mail = self.job.mail;
        if mail.store.is_paused(tenant, &self.route.connection).await? {
            return Ok(Err(transient(Code::MailPaused, "An admin has paused the mail connection.".into())));
        }
        // No session is opened if the rate limit forbids a mail now. The mail itself is counted
        // later, when it is offered to the server.
        if let (Some(rate), None) = (config.mails_per_minute, &self.session)
            && mail.store.offered(tenant, &self.route.connection).await? >= rate
        {
            return Ok(Err(too_many(config)));
        }
        if self.permit.is_none() {
            self.permit = mail.limits.session(tenant, &self.route.connection, config.max_connections);
        }
        if self.permit.is_none() {
            let message = "The permitted number of sessions with the mail server is open.";
            return Ok(Err(transient(Code::MailConnectionsBusy, message.into())));
        }
        if self.session.is_none() {
            let crowded = mail.limits.is_crowded();
            let deadlines = if crowded { mail.deadlines.shortened() } else { mail.deadlines };
            match mail.access(tenant).open(config, deadlines).await {
                Ok(session) => self.session = Some(session),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(()))
    }

    async fn still_fits(&self) -> Result<bool, Failure> {
        match &self.job.condition {
            Some(condition) => condition.holds(&*self.job.mail.store, self.job.call).await,
            None => Ok(true),
        }
    }

    /// Settles a mail as failed because the package's template cannot be rendered. Mails to other
    /// people may still be rendered, since each language has its own template.
    async fn not_rendered(&mut self, state: &MailState, failure: Failure) -> Result<(), Failure> {
        if failure.has_code(Code::MailMissing) {
            return Err(failure);
        }
        let reason = format!("{} ({})", failure.code, failure.message);
        self.tally.broken = Some(failure);
        self.settle(state, Status::Failed(reason), None).await
    }

    async fn defer(&mut self, state: &MailState, failure: &Failure, unanswered: i32) -> Result<(), Failure> {
        let code = failure.code.clone();
        let deferral = Deferral { error: &code, delay: Duration::ZERO, unanswered, of_recipient: false };
        self.defer_as(state, failure, deferral).await
    }

    /// Defers a mail: stores its next attempt after the delay that [`pause`] computes.
    async fn defer_as(&mut self, state: &MailState, failure: &Failure, deferral: Deferral<'_>) -> Result<(), Failure> {
        let store = &self.job.mail.store;
        let (delay, reason) = (pause(state, failure, store.now()), deferral.error);
        let message_id = &state.entry.mail.message_id;
        tracing::warn!(message_id, reason, seconds = delay.as_secs(), "a mail waits");
        metrics::counter!("eaf_mail_waits_total", "code" => failure.code.clone()).increment(1);
        store.defer(&state.entry, &Deferral { delay, ..deferral }).await?;
        self.tally.waits(failure.clone(), delay);
        Ok(())
    }

    async fn settle(&mut self, state: &MailState, status: Status, relay: Option<&str>) -> Result<(), Failure> {
        settle(self.job.mail, state, &status, relay).await?;
        self.tally.count(&status);
        Ok(())
    }

    /// Counts a mail that another call has settled since this call read it.
    async fn settled(&mut self, state: &MailState) -> Result<(), Failure> {
        let known = self.job.mail.store.record(&state.entry).await?;
        self.tally.count(&known.status);
        Ok(())
    }

    fn content(&self, config: &Config, person: &Person, to: &Address, state: &MailState) -> Result<Vec<u8>, Failure> {
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
                configuration(Code::MailMissing, format!("The package has no mail `{name}`."))
            }
            other => permanent(Code::TemplateFailed, other.to_string()),
        })?;
        let envelope = Envelope {
            from: &config.from,
            from_name: &config.from_name,
            reply_to: config.reply_to.as_ref(),
            to,
            to_name: &person.name,
            id: mail_id(call, person.actor, &arguments.template),
            message_id: &state.entry.mail.message_id,
            // `Date` and `Message-ID` stay the same when a mail is sent again, because Exchange
            // detects a second copy by these headers.
            date: state.written_at,
            locale: person.locale,
            trace: &call.trace.0,
        };
        compose(&envelope, &rendered)
            .map_err(|_| permanent(Code::MessageInvalid, "The mail could not be put into an envelope.".into()))
    }
}

pub fn relay_refused(numbers: &str) -> Failure {
    configuration(Code::RelayRefused, format!("The mail server does not pass on our mails ({numbers})."))
}

pub fn too_many(config: &Config) -> Failure {
    let rate = config.mails_per_minute.unwrap_or_default();
    transient(Code::MailRate, format!("The mail connection sends at most {rate} mails a minute."))
}

pub fn recipient(person: &Person) -> Result<Address, Code> {
    if person.email.trim().is_empty() {
        return Err(Code::RecipientAddressMissing);
    }
    address::read(&person.email).map_err(|_| Code::RecipientAddressInvalid)
}

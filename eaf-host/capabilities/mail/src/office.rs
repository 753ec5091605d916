//! What sending needs to know and to write down. A seam, so that conversations with mail servers are tested without a
//! database; [`CoreOffice`](super::core_office::CoreOffice) is the real one.

use super::config::Config;
use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_core::actor::{Locale, TraceId};
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
pub use eaf_core::mail_log::Offer;
use serde_json::{Map, Value};
use std::time::Duration;
use time::OffsetDateTime;

/// Someone who may get mail. Not `Debug`: name and address are personal.
#[derive(Clone)]
pub struct Person {
    pub actor: ActorId,
    pub name: String,
    /// Empty: none is known.
    pub email: String,
    pub locale: Locale,
}

/// One mail to one person, as it is written down before it is sent.
#[derive(Debug, Clone)]
pub struct Entry {
    pub tenant: TenantId,
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    /// Which call of the run it belongs to.
    pub sequence: i32,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// With what stood in its way last.
    Pending(Option<String>),
    Sent,
    /// With the reason, for the tenant's admins.
    Failed(String),
    /// Its condition no longer held.
    Skipped,
    /// A server took it without an answer: it may have arrived.
    Unknown,
}

/// What is known of a mail that was written down.
#[derive(Debug, Clone)]
pub struct Letter {
    pub entry: Entry,
    pub status: Status,
    pub attempts: i32,
    /// How often its content was given to a server that did not answer.
    pub unanswered: i32,
    /// How often in a row the recipient was deferred, and since when.
    pub deferrals: i32,
    pub deferred_since: Option<OffsetDateTime>,
    /// Not tried sooner.
    pub next_at: Option<OffsetDateTime>,
    /// The same for every attempt: it is the mail's date as well.
    pub written_at: OffsetDateTime,
}

/// Why a mail waits, and for how long.
pub struct Wait<'a> {
    pub reason: &'a str,
    pub at_least: Duration,
    pub unanswered: i32,
    /// Of the recipient alone.
    pub is_deferral: bool,
}

/// Which row a condition is about.
pub struct Asked<'a> {
    pub tenant: TenantId,
    pub plugin: &'a str,
    pub view: &'a ViewType,
    pub key: &'a str,
    pub trace: &'a TraceId,
}

#[async_trait]
pub trait Office: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    async fn tenant_name(&self, tenant: TenantId) -> Result<String, Failure>;
    async fn person(&self, tenant: TenantId, actor: ActorId) -> Result<Option<Person>, Failure>;
    /// Everyone with one of these roles, each once, in order of their ids.
    async fn holders(&self, tenant: TenantId, roles: &[String]) -> Result<Vec<Person>, Failure>;
    /// Whom a mail of this template was sent to, about the same thing as this run is.
    async fn told(&self, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Failure>;
    /// The name of the connection behind a plugin's grant.
    async fn granted(&self, tenant: TenantId, plugin: &str, grant: &str) -> Result<String, Failure>;
    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Config, Failure>;
    /// What a conversation over it came to; `error`: the code of what is wrong with the connection. It says nothing of
    /// settings that were stored since.
    async fn used(
        &self,
        _tenant: TenantId,
        _connection: &str,
        _set_at: Option<OffsetDateTime>,
        _error: Option<&str>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Does an admin want nothing sent over it?
    async fn is_paused(&self, tenant: TenantId, connection: &str) -> Result<bool, Failure>;
    /// How many mails were offered to the connection's server within the last minute, by all hosts.
    async fn offered(&self, tenant: TenantId, connection: &str) -> Result<u32, Failure>;
    /// The columns of a row as of all events that are in the log now; None: there is no such row.
    async fn row(&self, asked: &Asked<'_>) -> Result<Option<Map<String, Value>>, Failure>;
    /// Writes the mail down as pending, or answers what became of it so far.
    async fn record(&self, entry: &Entry) -> Result<Letter, Failure>;
    /// The mails that a call wrote down and that wait.
    async fn waiting_of(&self, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<Letter>, Failure>;
    /// It is offered to the connection's server, if no more than `rate` mails are within a minute.
    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure>;
    /// Its content is given to the server from now on. False: it was settled meanwhile.
    async fn hand_over(&self, entry: &Entry) -> Result<bool, Failure>;
    async fn wait(&self, entry: &Entry, wait: &Wait<'_>) -> Result<(), Failure>;
    /// `relay`: the server's own id for it.
    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure>;
}

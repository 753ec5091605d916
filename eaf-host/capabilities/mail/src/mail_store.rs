//! Store that the sending of mails reads and writes. A trait, so that tests of sessions need no
//! database; [`PgMailStore`](super::pg_mail_store::PgMailStore) is the store in PostgreSQL.

use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_core::actor::{Locale, TraceId};
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::directory::PeopleQuery;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
pub use eaf_core::mail_log::Offer;
use serde_json::{Map, Value};
use std::time::Duration;
use time::OffsetDateTime;

/// Person who may receive mail. Not `Debug`, because name and address are personal.
#[derive(Clone)]
pub struct Person {
    pub actor: ActorId,
    pub name: String,
    /// Mail address; empty if unknown.
    pub email: String,
    pub locale: Locale,
}

/// Identification of one mail to one person, recorded before the mail is sent.
#[derive(Debug, Clone)]
pub struct Entry {
    pub tenant: TenantId,
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    /// Sequence of the call in its run's journal.
    pub sequence: i32,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Mail that waits, with the reason of the last deferral; none before the first.
    Pending(Option<String>),
    Sent,
    /// Failed mail, with the reason that the tenant's admins see.
    Failed(String),
    /// Mail that was not sent because its condition no longer held.
    Skipped,
    /// Mail whose content was sent to a server that did not answer, so that the mail may have
    /// arrived.
    Unknown,
}

/// State of a recorded mail's delivery.
#[derive(Debug, Clone)]
pub struct MailState {
    pub entry: Entry,
    pub status: Status,
    pub attempts: i32,
    /// Number of times that the content was sent and the server did not answer.
    pub unanswered: i32,
    /// Number of consecutive deferrals of the recipient.
    pub deferrals: i32,
    pub deferred_since: Option<OffsetDateTime>,
    /// Time of the next attempt, at the earliest; none: at once.
    pub next_at: Option<OffsetDateTime>,
    /// Time when the mail was recorded, and date of the mail, the same for every attempt.
    pub written_at: OffsetDateTime,
}

/// Reason and delay by which a mail is deferred.
pub struct Deferral<'a> {
    pub reason: &'a str,
    pub delay: Duration,
    pub unanswered: i32,
    /// Whether the server deferred this recipient only, instead of the connection.
    pub of_recipient: bool,
}

/// Query for the row that a condition names.
pub struct RowQuery<'a> {
    pub tenant: TenantId,
    pub plugin: &'a str,
    pub view: &'a ViewType,
    pub key: &'a str,
    pub trace: &'a TraceId,
}

#[async_trait]
pub trait MailStore: Send + Sync {
    fn now(&self) -> OffsetDateTime;
    async fn tenant_name(&self, tenant: TenantId) -> Result<String, Failure>;
    async fn person(&self, tenant: TenantId, actor: ActorId) -> Result<Option<Person>, Failure>;
    /// Present members of the tenant whom `query` means, in order of their actor ids.
    async fn people(&self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Person>, Failure>;
    /// Recipients of mails from `template` about the same thing as the run `run`.
    async fn recipients_of(&self, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Failure>;
    /// Connection with the name `name`, for a test; none: the tenant has no such connection. A call
    /// brings its own connection.
    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Failure>;
    /// Records the outcome of a session; `error` is the failure's code, none after a success.
    /// Without effect if the settings were stored again after `set_at`.
    async fn used(
        &self,
        _tenant: TenantId,
        _connection: &str,
        _set_at: Option<OffsetDateTime>,
        _error: Option<&str>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Whether an admin has paused the connection.
    async fn is_paused(&self, tenant: TenantId, connection: &str) -> Result<bool, Failure>;
    /// Number of mails that all hosts together offered to the connection's server within the last
    /// minute.
    async fn offered(&self, tenant: TenantId, connection: &str) -> Result<u32, Failure>;
    /// Columns of a view's row after all events of the log are applied; none: there is no such row.
    async fn row(&self, query: &RowQuery<'_>) -> Result<Option<Map<String, Value>>, Failure>;
    /// Records a mail as pending, or returns the state of the mail that is recorded already.
    async fn record(&self, entry: &Entry) -> Result<MailState, Failure>;
    /// Pending mails that the call `sequence` of the run `run` recorded.
    async fn pending_of(&self, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<MailState>, Failure>;
    /// Counts an attempt for a mail, unless all hosts offered `rate` mails within a minute; none:
    /// unlimited.
    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure>;
    /// Records that a mail's content is about to be sent; false if the mail was settled meanwhile.
    async fn begin_transmission(&self, entry: &Entry) -> Result<bool, Failure>;
    async fn defer(&self, entry: &Entry, deferral: &Deferral<'_>) -> Result<(), Failure>;
    /// Settles a mail; `relay` is the server's own id for the mail, if known.
    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure>;
}

//! Store that sending reads and writes, a trait so that sessions with mail servers are tested
//! without a database; [`PgMailStore`](super::pg_mail_store::PgMailStore) is the real one.

use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_core::actor::{Locale, TraceId};
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
pub use eaf_core::mail_log::Offer;
use serde_json::{Map, Value};
use std::time::Duration;
use time::OffsetDateTime;

/// A person who may receive mail. Not `Debug`: name and address are personal.
#[derive(Clone)]
pub struct Person {
    pub actor: ActorId,
    pub name: String,
    /// Empty if unknown.
    pub email: String,
    pub locale: Locale,
}

/// One mail to one person, as recorded before it is sent.
#[derive(Debug, Clone)]
pub struct Entry {
    pub tenant: TenantId,
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    /// Sequence of the call in its run.
    pub sequence: i32,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Waiting, with the last reason.
    Pending(Option<String>),
    Sent,
    /// Failed, with the reason for the tenant's admins.
    Failed(String),
    /// Not sent because its condition no longer held.
    Skipped,
    /// Sent to a server that did not answer, so that it may have arrived.
    Unknown,
}

/// Recorded mail and the state of its delivery.
#[derive(Debug, Clone)]
pub struct MailState {
    pub entry: Entry,
    pub status: Status,
    pub attempts: i32,
    /// Number of times its content was sent without an answer.
    pub unanswered: i32,
    /// Deferrals of the recipient in a row.
    pub deferrals: i32,
    pub deferred_since: Option<OffsetDateTime>,
    /// Earliest next attempt.
    pub next_at: Option<OffsetDateTime>,
    /// Time of the record and date of the mail, the same for every attempt.
    pub written_at: OffsetDateTime,
}

/// Deferral of a mail.
pub struct Deferral<'a> {
    pub reason: &'a str,
    pub delay: Duration,
    pub unanswered: i32,
    /// True if the recipient alone was deferred.
    pub of_recipient: bool,
}

/// Row of a condition.
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
    /// Persons with any of these roles, in order of their ids.
    async fn holders(&self, tenant: TenantId, roles: &[String]) -> Result<Vec<Person>, Failure>;
    /// Recipients of this template's mails about the same thing as the run's.
    async fn recipients_of(&self, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Failure>;
    /// Connection by its name, for a test of it; calls bring theirs along.
    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Failure>;
    /// Records the outcome of a session; `error` is the code of a fault of the connection. Settings
    /// that were stored since are not affected.
    async fn used(
        &self,
        _tenant: TenantId,
        _connection: &str,
        _set_at: Option<OffsetDateTime>,
        _error: Option<&str>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// True if an admin has paused the connection.
    async fn is_paused(&self, tenant: TenantId, connection: &str) -> Result<bool, Failure>;
    /// Number of mails that all hosts offered to the connection's server within the last minute.
    async fn offered(&self, tenant: TenantId, connection: &str) -> Result<u32, Failure>;
    /// Columns of a row with all events of the log applied; none: there is no such row.
    async fn row(&self, query: &RowQuery<'_>) -> Result<Option<Map<String, Value>>, Failure>;
    /// Records the mail as pending, or returns its present state.
    async fn record(&self, entry: &Entry) -> Result<MailState, Failure>;
    /// Pending mails that a call recorded.
    async fn pending_of(&self, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<MailState>, Failure>;
    /// Counts an attempt, unless `rate` mails were offered within a minute.
    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure>;
    /// Records that the content is about to be sent; false if the mail was settled meanwhile.
    async fn begin_transmission(&self, entry: &Entry) -> Result<bool, Failure>;
    async fn defer(&self, entry: &Entry, deferral: &Deferral<'_>) -> Result<(), Failure>;
    /// Settles the mail; `relay` is the server's own id for it.
    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure>;
}

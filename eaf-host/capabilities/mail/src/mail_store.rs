//! Storage that the sending of mails needs: people, connections and the mail log. It is a trait, so
//! that tests need no database; in production it is
//! [`PgMailStore`](super::pg_mail_store::PgMailStore).

use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_core::actor::{Locale, TraceId};
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::directory::PeopleQuery;
use eaf_core::id::{ActorId, RunId, TenantId};
use eaf_core::mail_log;
pub use eaf_core::mail_log::{Deferral, Offer, Status};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// Person to whom mail can be sent. The type has no `Debug`, because name and address are personal
/// data.
#[derive(Clone)]
pub struct Person {
    pub actor: ActorId,
    pub name: String,
    /// Mail address of the person; empty if the person has no known address.
    pub email: String,
    pub locale: Locale,
}

/// Preference of a person, as far as it decides about a mail. The default is that of a person who
/// set none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preference {
    /// Kinds of mails that the person turned off, each as `plugin/template`.
    pub off: Vec<String>,
    /// Time of the person's next digest; `None`: the person wants each mail at once.
    pub next_digest: Option<OffsetDateTime>,
    /// Tag of the stored preference; `None`: the person set none.
    pub tag: Option<String>,
}

/// One mail to one person of a tenant, with the call that sends it. The mail log stores the entry
/// before the mail is sent.
#[derive(Debug, Clone)]
pub struct Entry {
    pub tenant: TenantId,
    pub mail: mail_log::Mail,
}

/// State of the delivery of one mail, as recorded in the mail log.
#[derive(Debug, Clone)]
pub struct MailState {
    pub entry: Entry,
    pub status: Status,
    pub attempts: i32,
    /// Number of attempts in which the content was sent and the server did not reply.
    pub unanswered: i32,
    /// Number of consecutive attempts in which the server deferred this recipient.
    pub deferrals: i32,
    pub deferred_since: Option<OffsetDateTime>,
    /// Earliest time of the next attempt to send the mail; `None`: the mail can be tried at once.
    pub next_at: Option<OffsetDateTime>,
    /// Time when the mail was recorded. Every attempt sends it as the mail's `Date`.
    pub written_at: OffsetDateTime,
}

/// Query for the row of a view that a mail's condition names.
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
    /// Members of the tenant to whom `query` refers now, in the order of their actor ids.
    async fn people(&self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Person>, Failure>;
    async fn preference(&self, tenant: TenantId, actor: ActorId) -> Result<Preference, Failure>;
    /// Recipients of earlier mails from `template` about the thing that the run `run` is about.
    async fn recipients_of(&self, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Failure>;
    /// Mail connection with the name `name`, for a connection test; `None` if the tenant has no
    /// such connection. Calls of workflows do not use this method: the host passes their connection
    /// with the call.
    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Failure>;
    /// Records whether an SMTP session over the connection succeeded: `error` is the failure's
    /// code, `None` after a success. The record is ignored if the settings were stored again after
    /// `set_at`.
    async fn used(
        &self,
        _tenant: TenantId,
        _connection: &str,
        _set_at: Option<OffsetDateTime>,
        _error: Option<&str>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Whether an admin has paused this mail connection.
    async fn is_paused(&self, tenant: TenantId, connection: &str) -> Result<bool, Failure>;
    /// Number of mails that all hosts together have offered over this connection in the last
    /// minute.
    async fn offered(&self, tenant: TenantId, connection: &str) -> Result<u32, Failure>;
    /// Columns of the view's row, read after the view has applied all events of the log; `None` if
    /// there is no such row.
    async fn row(&self, query: &RowQuery<'_>) -> Result<Option<Map<String, Value>>, Failure>;
    /// Records a new mail as pending. If the mail is already recorded, returns its state instead.
    async fn record(&self, entry: &Entry) -> Result<MailState, Failure>;
    /// Lets a pending mail of which no attempt was made wait for the recipient's digest at `at`.
    /// Returns false if the recipient's preference does not have the tag `tag` any more.
    async fn collect(&self, entry: &Entry, at: OffsetDateTime, tag: Option<&str>) -> Result<bool, Failure>;
    /// Pending mails, without those that wait for a digest, that were recorded by the call with the
    /// sequence number `sequence` in the journal of the run `run`.
    async fn pending_of(&self, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<MailState>, Failure>;
    /// Counts an attempt to send a mail, unless all hosts together have offered `rate` mails over
    /// this connection in the last minute. `rate` is `None` if the connection has no limit.
    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure>;
    /// Records that the content of a mail is about to be sent. Returns false if another call has
    /// settled the mail meanwhile.
    async fn begin_transmission(&self, entry: &Entry) -> Result<bool, Failure>;
    async fn defer(&self, entry: &Entry, deferral: &Deferral<'_>) -> Result<(), Failure>;
    /// Settles a mail with its final status. `relay` is the id that the mail server gave the mail,
    /// if the server named one.
    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure>;
}

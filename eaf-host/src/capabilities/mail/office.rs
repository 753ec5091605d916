//! What sending needs to know and to write down. A seam, so that conversations with mail servers are tested without a
//! database; [`CoreOffice`](super::core_office::CoreOffice) is the real one.

use super::config::Config;
use crate::capabilities::Failure;
use async_trait::async_trait;
use eaf_core::actor::{Locale, TraceId};
use eaf_core::contract::ViewType;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use serde_json::{Map, Value};
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
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Sent,
    /// With the reason, for the tenant's admins.
    Failed(String),
    /// Its condition no longer held.
    Skipped,
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
    /// The connection behind a plugin's grant.
    async fn granted(&self, tenant: TenantId, plugin: &str, grant: &str) -> Result<Config, Failure>;
    /// A connection by its name.
    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Config, Failure>;
    /// The columns of a row as of all events that are in the log now; None: there is no such row.
    async fn row(&self, asked: &Asked<'_>) -> Result<Option<Map<String, Value>>, Failure>;
    /// Writes the mail down as pending, or answers what became of it so far.
    async fn record(&self, entry: &Entry) -> Result<Status, Failure>;
    async fn settle(&self, entry: &Entry, status: &Status) -> Result<(), Failure>;
}

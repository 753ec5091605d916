//! Events as the log stores them, and as they are opened for their plugin.

use super::{Error, Position};
use crate::actor::ActorKind;
use crate::contract;
use crate::crypto::Keyring;
use crate::crypto::personal;
use crate::db::TenantTx;
use crate::id::{ActorId, CommandId, EventId, StreamId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Metadata of an event: the actor and command that caused it, and the package that decided it. The
/// metadata is hashed with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub actor: ActorId,
    pub actor_kind: ActorKind,
    pub command_id: CommandId,
    pub trace_id: String,
    /// Span of the command in its trace, which the event's runs continue. `None`: the trace was not
    /// exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// Name of the stream with the plugin's prefix: `dcm/request/…`.
    pub stream: String,
    pub plugin: String,
    pub generation: i64,
    /// SHA-256, in hex, of the package that decided.
    pub digest: String,
}

/// Event as stored: personal fields are ciphertext.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    pub position: Position,
    pub stream: StreamId,
    pub version: u64,
    pub id: EventId,
    /// Type of the event with the plugin's prefix: `dcm.request-submitted`.
    pub kind: String,
    pub schema: u16,
    pub data: Value,
    pub meta: Meta,
    /// Stored size, in bytes, of `data` and `meta`.
    pub bytes: usize,
    /// Time of the append, by the database's clock.
    pub at: OffsetDateTime,
}

/// Error for an event that the active package does not know. A newer package has written the event,
/// and an older one must not skip it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event at {position} is a {kind} of version {schema}, and the active package knows {}: activate the newer one", up_to(.known))]
pub struct UnknownEvent {
    pub position: Position,
    /// Type of the event without the plugin's prefix.
    pub kind: String,
    pub schema: u16,
    /// Newest version of this event type that the package declares. `None`: the package does not
    /// declare the type.
    pub known: Option<u16>,
}

fn up_to(version: &Option<u16>) -> String {
    version.map_or_else(|| "no such event".into(), |version| format!("it up to version {version}"))
}

impl StoredEvent {
    /// Checks that a package declares the event's type and version. Packages convert older versions
    /// themselves. An unknown type or a newer version is refused.
    pub fn understood_by(&self, description: &contract::Description) -> Result<(), UnknownEvent> {
        let versions = description.events.iter().filter(|known| known.kind == self.local_kind());
        let known = versions.map(|known| known.schema_version).max();
        if known.is_some_and(|known| self.schema <= known) {
            return Ok(());
        }
        Err(UnknownEvent { position: self.position, kind: self.local_kind().to_owned(), schema: self.schema, known })
    }

    pub fn plugin(&self) -> &str {
        &self.meta.plugin
    }

    /// Type of the event without the plugin's prefix, as the plugin names it.
    pub fn local_kind(&self) -> &str {
        local(&self.kind, &self.meta.plugin, '.')
    }

    /// Name of the stream without the plugin's prefix, as the plugin names it.
    pub fn local_stream(&self) -> &str {
        local(&self.meta.stream, &self.meta.plugin, '/')
    }

    /// Opens the event for its plugin: names lose the plugin's prefix, and personal fields are
    /// decrypted. The fields of an erased person are empty.
    pub async fn open(self, keyring: &Keyring, tx: &mut TenantTx) -> Result<contract::Recorded, Error> {
        self.open_noting(keyring, tx, &mut BTreeSet::new()).await
    }

    /// Opens the event like [`open`](Self::open), and adds the people whose data the event holds to
    /// `people`.
    pub(crate) async fn open_noting(
        self,
        keyring: &Keyring,
        tx: &mut TenantTx,
        people: &mut BTreeSet<ActorId>,
    ) -> Result<contract::Recorded, Error> {
        let (kind, stream) = (self.local_kind().to_owned(), self.local_stream().to_owned());
        let mut data = self.data;
        let readable = personal::decrypt(keyring, tx, &aad(self.id), &mut data)
            .await
            .map_err(|cause| Error::Open { position: self.position, cause })?;
        people.extend(readable);
        Ok(contract::Recorded {
            id: self.id,
            stream,
            version: self.version,
            position: self.position.pos,
            kind,
            schema: self.schema,
            data,
            at: (self.at.unix_timestamp_nanos() / 1_000_000) as i64,
            actor: self.meta.actor,
            actor_kind: self.meta.actor_kind,
            trace_id: self.meta.trace_id,
            span_id: self.meta.span_id,
        })
    }
}

/// Additional authenticated data of an event's personal fields.
pub(crate) fn aad(event: EventId) -> String {
    format!("event/{event}")
}

fn local<'a>(name: &'a str, plugin: &str, separator: char) -> &'a str {
    name.strip_prefix(plugin).and_then(|rest| rest.strip_prefix(separator)).unwrap_or(name)
}

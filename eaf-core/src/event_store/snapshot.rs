//! Snapshots: the state that a package folded from a stream's first events, stored so that the
//! package need not read these events again.
//!
//! A snapshot is used only by the package that made it, and only while the log still has the last
//! folded event and no person in the snapshot is erased. Without a snapshot the whole stream is
//! read, with the same result.

use super::{Error, StreamCache};
use crate::crypto::Keyring;
use crate::crypto::{self, SharedSeal};
use crate::db::TenantTx;
use crate::id::{ActorId, StreamId};
use serde_json::Value;
use sqlx::Row;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub digest: String,
    /// Version of the last event that the state was folded from.
    pub version: u64,
    /// Chain hash of the last event that the state was folded from.
    pub chain: Vec<u8>,
    sealed: SharedSeal,
}

/// Identification of the events from which a state was folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct SnapshotBasis {
    /// Version, in the stream, of the last event from which the state was folded.
    pub version: u64,
    /// Chain hash of the last event from which the state was folded. It covers all earlier events.
    pub chain: Vec<u8>,
    /// People whose personal data is in the events from which the state was folded.
    pub people: BTreeSet<ActorId>,
}

impl Snapshot {
    pub fn bytes(&self) -> usize {
        self.sealed.value.len() + self.sealed.key.len()
    }

    pub fn people(&self) -> &BTreeSet<ActorId> {
        &self.sealed.people
    }

    /// Opens the state of the snapshot. `None`: a person in the state was erased, or the stored
    /// bytes were altered.
    pub async fn open(&self, keyring: &Keyring, tx: &mut TenantTx, stream: StreamId) -> Result<Option<Value>, Error> {
        let aad = aad(stream, &self.digest, self.version);
        let opened = match keyring.open_for_all(tx, &aad, &self.sealed).await {
            Ok(opened) => opened.and_then(|state| serde_json::from_slice(&state).ok()),
            Err(error @ (crypto::Error::Tampered | crypto::Error::Malformed)) => {
                tracing::error!(error = &error as &dyn std::error::Error, %stream, "a snapshot does not open");
                None
            }
            Err(cause) => return Err(Error::Snapshot(cause)),
        };
        Ok(opened)
    }
}

/// Loads the snapshots of these streams, as far as the package with this digest made them.
pub(super) async fn load(
    tx: &mut TenantTx,
    digest: &str,
    streams: &[StreamId],
) -> Result<HashMap<StreamId, Snapshot>, Error> {
    let rows = sqlx::query(
        "select stream_id, version, chain, people, key, state from eaf.snapshot
         where tenant_id = $1 and stream_id = any ($2) and digest = $3",
    )
    .bind(tx.tenant())
    .bind(streams)
    .bind(digest)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let found = |row: &sqlx::postgres::PgRow| -> Result<_, sqlx::Error> {
        let people: Vec<ActorId> = row.try_get("people")?;
        let sealed =
            SharedSeal { people: people.into_iter().collect(), key: row.try_get("key")?, value: row.try_get("state")? };
        let version = row.try_get::<i64, _>("version")? as u64;
        let snapshot = Snapshot { digest: digest.to_owned(), version, chain: row.try_get("chain")?, sealed };
        Ok((row.try_get("stream_id")?, snapshot))
    };
    rows.iter().map(found).collect::<Result<_, _>>().map_err(Error::Read)
}

/// Stores a folded state, as JSON. It replaces snapshots of earlier events and of other packages.
/// Returns whether the stream now has a snapshot: this one, or a later one of another host. It has
/// none if a person in the state was erased meanwhile, or the last folded event is not in the log.
pub(crate) async fn store(
    cache: &StreamCache,
    keyring: &Keyring,
    tx: &mut TenantTx,
    digest: &str,
    stream: StreamId,
    basis: SnapshotBasis,
    state: &str,
) -> Result<bool, Error> {
    let aad = aad(stream, digest, basis.version);
    let sealed = match keyring.seal_for_all(tx, basis.people, &aad, state.as_bytes()).await {
        Ok(sealed) => sealed,
        Err(crypto::Error::Destroyed) => return Ok(false),
        Err(cause) => return Err(Error::Snapshot(cause)),
    };
    let stored: bool = sqlx::query_scalar(
        "with others as (delete from eaf.snapshot where tenant_id = $1 and stream_id = $2 and digest <> $3),
         last as (
             select version, chain from eaf.event
             where tenant_id = $1 and stream_id = $2 and version = $4 and chain = $8),
         kept as (
         insert into eaf.snapshot (tenant_id, stream_id, digest, version, chain, people, key, state)
         select $1, $2, $3, version, chain, $5, $6, $7 from last
         on conflict (tenant_id, stream_id, digest) do update
         set version = excluded.version, chain = excluded.chain, people = excluded.people, key = excluded.key,
             state = excluded.state, at = excluded.at
         where snapshot.version <= excluded.version or not exists (
             select from eaf.event e where e.tenant_id = $1 and e.stream_id = $2
               and e.version = snapshot.version and e.chain = snapshot.chain))
         select exists (select from last)",
    )
    .bind(tx.tenant())
    .bind(stream)
    .bind(digest)
    .bind(basis.version as i64)
    .bind(sealed.people.into_iter().collect::<Vec<_>>())
    .bind(sealed.key)
    .bind(sealed.value)
    .bind(basis.chain)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::StoreSnapshot)?;
    cache.invalidate(tx.tenant(), stream);
    Ok(stored)
}

fn aad(stream: StreamId, digest: &str, version: u64) -> String {
    format!("snapshot/{stream}/{digest}/{version}")
}

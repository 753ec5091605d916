//! What a package made of a stream's first events, kept so that it need not read them again.
//!
//! Only the very package that made it gets it back, only while the log holds the event that it was made after, and only
//! while nobody is erased who can be read in it. Without it the stream is read whole, and nothing else changes.

use super::Error;
use crate::Core;
use crate::crypto::{self, Among};
use crate::db::TenantTx;
use crate::id::{ActorId, StreamId};
use serde_json::Value;
use sqlx::Row;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub digest: String,
    /// Of the last event in it.
    pub version: u64,
    /// That event's.
    pub chain: Vec<u8>,
    sealed: Among,
}

/// The events that a state was made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Of the last of them.
    pub version: u64,
    /// That event's link, which covers them all.
    pub chain: Vec<u8>,
    /// Who can be read in them.
    pub people: BTreeSet<ActorId>,
}

impl Snapshot {
    pub fn bytes(&self) -> usize {
        self.sealed.value.len() + self.sealed.key.len()
    }

    pub fn people(&self) -> &BTreeSet<ActorId> {
        &self.sealed.people
    }

    /// None: somebody in it was erased, or it is not what was written there.
    pub async fn open(&self, core: &Core, tx: &mut TenantTx, stream: StreamId) -> Result<Option<Value>, Error> {
        let place = place(stream, &self.digest, self.version);
        let opened = match core.keyring.open_among(tx, &place, &self.sealed).await {
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

/// Those that this package made.
pub(super) async fn find(
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
            Among { people: people.into_iter().collect(), key: row.try_get("key")?, value: row.try_get("state")? };
        let version = row.try_get::<i64, _>("version")? as u64;
        let snapshot = Snapshot { digest: digest.to_owned(), version, chain: row.try_get("chain")?, sealed };
        Ok((row.try_get("stream_id")?, snapshot))
    };
    rows.iter().map(found).collect::<Result<_, _>>().map_err(Error::Read)
}

/// Keeps a state in place of those of earlier events and of other packages. Answers whether one is kept, this or that of another host that came
/// further: not if one of its people was erased meanwhile or the log has another past by now. `state` is JSON.
pub(crate) async fn keep(
    core: &Core,
    tx: &mut TenantTx,
    digest: &str,
    stream: StreamId,
    past: Past,
    state: &str,
) -> Result<bool, Error> {
    let place = place(stream, digest, past.version);
    let sealed = match core.keyring.seal_among(tx, past.people, &place, state.as_bytes()).await {
        Ok(sealed) => sealed,
        Err(crypto::Error::Destroyed) => return Ok(false),
        Err(cause) => return Err(Error::Snapshot(cause)),
    };
    let kept: bool = sqlx::query_scalar(
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
    .bind(past.version as i64)
    .bind(sealed.people.into_iter().collect::<Vec<_>>())
    .bind(sealed.key)
    .bind(sealed.value)
    .bind(past.chain)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Keep)?;
    core.streams.forget(tx.tenant(), stream);
    Ok(kept)
}

/// It opens nowhere else.
fn place(stream: StreamId, digest: &str, version: u64) -> String {
    format!("snapshot/{stream}/{digest}/{version}")
}

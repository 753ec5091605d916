//! Appending: a batch of requests, each all or nothing, with one outcome each.

use super::{Error, LANE, Position};
use crate::db::Db;
use crate::id::{ActorId, EventId, StreamId, TenantId};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::sync::Arc;

/// How long a key is remembered.
pub(super) const KEEP_DAYS: i32 = 30;
/// Streams and events of a request that is plain, at most.
const FEW: usize = 4;
/// Bytes of its events.
const SMALL: usize = 64 * 1024;
/// What `eaf.append` raises for a tenant that does not exist.
const NO_TENANT: &str = "EAF01";

/// One decision. Without events it is recorded all the same, so that a retry gets the first answer.
#[derive(Debug, Clone)]
pub struct AppendRequest {
    pub actor: ActorId,
    /// The Idempotency-Key; 1 to 200 bytes, unique per (tenant, actor).
    pub key: String,
    /// Keyed; 32 bytes. With another one the key was used for something else.
    pub fingerprint: [u8; 32],
    /// Sealed; what a duplicate is answered.
    pub answer: Vec<u8>,
    /// `None`: no plugin decided this (system, benchmark).
    pub fence: Option<Fence>,
    /// Each stream at most once. One without events is a guard.
    pub streams: Vec<StreamWrite>,
    pub events: Vec<PendingEvent>,
}

/// The generation that decided; any other active one refuses the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub plugin: String,
    pub generation: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    pub stream: StreamId,
    /// `None`: any version.
    pub expected: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct PendingEvent {
    /// Index into [`AppendRequest::streams`].
    pub stream: usize,
    pub id: EventId,
    /// With the plugin in front.
    pub kind: String,
    pub schema: u16,
    /// The bytes that are hashed; personal fields already sealed.
    pub data: Vec<u8>,
    pub meta: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Recorded. Positions of the first and last event; none if the request had no events.
    Ok { positions: Option<(Position, Position)> },
    /// The key is known with this fingerprint: what was recorded the first time.
    Duplicate { answer: Vec<u8>, positions: Option<(Position, Position)> },
    /// The key is known with another fingerprint.
    KeyReused,
    /// A stream is not at the version expected: the versions found, one per stream of the request.
    Conflict { actual: Vec<u64> },
    /// It shares a key or a stream with an earlier request of this batch: send it again.
    Retry,
    /// Malformed: never send it again.
    Invalid,
    /// Another generation of the plugin is active.
    Fenced,
}

/// One batch on a connection of its own, for tests and measurements. Rings nobody; everybody else uses the
/// [`Appender`](super::Appender).
pub async fn append_batch(db: &Db, tenant: TenantId, requests: &[&AppendRequest]) -> Result<Vec<Outcome>, Error> {
    let mut conn = db.append_pool().acquire().await.map_err(failed)?;
    append_on(&mut conn, tenant, requests).await
}

/// Decided in order, in one autocommit statement; one outcome per request. After an error it is unknown whether it
/// happened: ask again with the same keys.
pub(super) async fn append_on(
    conn: &mut PgConnection,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Vec<Outcome>, Error> {
    let whole: Vec<&AppendRequest> = requests.iter().copied().filter(|request| request.is_whole()).collect();
    let mut decided = decide(conn, tenant, &whole).await?.into_iter();
    let outcome = |request: &&AppendRequest| match request.is_whole() {
        true => decided.next().ok_or(Error::Lost),
        false => Ok(Outcome::Invalid),
    };
    requests.iter().map(outcome).collect()
}

async fn decide(conn: &mut PgConnection, tenant: TenantId, requests: &[&AppendRequest]) -> Result<Vec<Outcome>, Error> {
    let batch = Batch::of(requests.iter().copied());
    let rows = sqlx::query(
        "select a.outcome, a.first_pos, a.last_pos, a.answer, a.actual, (select epoch from eaf.log_epoch) as epoch
         from eaf.append($1, $2, make_interval(days => $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
              a",
    )
    .bind(tenant)
    .bind(LANE)
    .bind(KEEP_DAYS)
    .bind(batch.actor)
    .bind(batch.key)
    .bind(batch.fingerprint)
    .bind(batch.answer)
    .bind(batch.plugin)
    .bind(batch.generation)
    .bind(batch.stream_request)
    .bind(batch.stream)
    .bind(batch.expected)
    .bind(batch.event_stream)
    .bind(batch.event)
    .bind(batch.kind)
    .bind(batch.schema)
    .bind(batch.data)
    .bind(batch.meta)
    .fetch_all(conn)
    .await
    .map_err(failed)?;
    let outcomes: Vec<Outcome> = rows.iter().map(outcome).collect::<Result<_, _>>()?;
    if outcomes.len() != requests.len() {
        return Err(Error::OutcomeCount { asked: requests.len(), answered: outcomes.len() });
    }
    Ok(outcomes)
}

pub(super) fn failed(cause: sqlx::Error) -> Error {
    match cause.as_database_error().and_then(|error| error.code()) {
        Some(code) if code == NO_TENANT => Error::NoTenant,
        _ => Error::Append(Arc::new(cause)),
    }
}

impl AppendRequest {
    /// Every event goes to a stream of this request. Another index would lead into a neighbour's, because the batch numbers
    /// all streams together.
    fn is_whole(&self) -> bool {
        self.events.iter().all(|event| event.stream < self.streams.len())
    }

    /// Small, and every stream at a version that it expects: what `eaf.append_plain` is made for.
    pub(super) fn is_plain(&self) -> bool {
        let bytes: usize = self.events.iter().map(|event| event.data.len() + event.meta.len()).sum();
        self.is_whole()
            && self.streams.len() <= FEW
            && self.events.len() <= FEW
            && bytes <= SMALL
            && self.streams.iter().all(|write| write.expected.is_some())
    }
}

fn outcome(row: &PgRow) -> Result<Outcome, Error> {
    let outcome: &str = row.try_get("outcome").map_err(failed)?;
    let positions = positions(row).map_err(failed)?;
    match outcome {
        "ok" => Ok(Outcome::Ok { positions }),
        "duplicate" => Ok(Outcome::Duplicate { answer: row.try_get("answer").map_err(failed)?, positions }),
        "key_reused" => Ok(Outcome::KeyReused),
        "conflict" => {
            let actual: Vec<i64> = row.try_get("actual").map_err(failed)?;
            Ok(Outcome::Conflict { actual: actual.into_iter().map(|version| version as u64).collect() })
        }
        "retry" => Ok(Outcome::Retry),
        "invalid" => Ok(Outcome::Invalid),
        "fenced" => Ok(Outcome::Fenced),
        other => Err(Error::UnknownOutcome(other.to_owned())),
    }
}

fn positions(row: &PgRow) -> Result<Option<(Position, Position)>, sqlx::Error> {
    let epoch = row.try_get::<i32, _>("epoch")? as u32;
    let first: Option<i64> = row.try_get("first_pos")?;
    let last: Option<i64> = row.try_get("last_pos")?;
    let position = |pos: i64| Position { epoch, pos: pos as u64 };
    Ok(first.zip(last).map(|(first, last)| (position(first), position(last))))
}

/// The parallel arrays that `eaf.append` and `eaf.append_plain` take. All of them count from 1.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub actor: Vec<ActorId>,
    pub key: Vec<&'a str>,
    pub fingerprint: Vec<&'a [u8]>,
    pub answer: Vec<&'a [u8]>,
    pub plugin: Vec<Option<&'a str>>,
    pub generation: Vec<Option<i64>>,
    pub stream_request: Vec<i32>,
    pub stream: Vec<StreamId>,
    pub expected: Vec<Option<i64>>,
    pub event_stream: Vec<i32>,
    pub event: Vec<EventId>,
    pub kind: Vec<&'a str>,
    pub schema: Vec<i16>,
    pub data: Vec<&'a [u8]>,
    pub meta: Vec<&'a [u8]>,
}

impl<'a> Batch<'a> {
    pub fn of(requests: impl IntoIterator<Item = &'a AppendRequest>) -> Self {
        let mut batch = Batch::default();
        for (index, request) in requests.into_iter().enumerate() {
            let streams_before = batch.stream.len();
            batch.actor.push(request.actor);
            batch.key.push(&request.key);
            batch.fingerprint.push(&request.fingerprint);
            batch.answer.push(&request.answer);
            batch.plugin.push(request.fence.as_ref().map(|fence| fence.plugin.as_str()));
            batch.generation.push(request.fence.as_ref().map(|fence| fence.generation));
            for write in &request.streams {
                batch.stream_request.push(index as i32 + 1);
                batch.stream.push(write.stream);
                batch.expected.push(write.expected.map(|version| version as i64));
            }
            for event in &request.events {
                batch.event_stream.push((streams_before + event.stream) as i32 + 1);
                batch.event.push(event.id);
                batch.kind.push(&event.kind);
                batch.schema.push(event.schema as i16);
                batch.data.push(&event.data);
                batch.meta.push(&event.meta);
            }
        }
        batch
    }
}

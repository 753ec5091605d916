//! Append of a batch of requests: each request is recorded completely or not at all, and has its
//! own outcome.

use super::{Error, LANE, Position};
use crate::db::Db;
use crate::id::{ActorId, EventId, StreamId, TenantId};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::sync::Arc;

/// Number of days for which a repetition with the same idempotency key gets the recorded answer.
pub(super) const KEY_RETENTION_DAYS: i32 = 30;
/// Maximum number of streams of a simple request, and maximum number of its events.
const MAX_SIMPLE_ITEMS: usize = 4;
/// Maximum size, in bytes, of the events of a request that the fast path takes.
const MAX_SIMPLE_BYTES: usize = 64 * 1024;
/// SQLSTATE that `eaf.append` raises for a tenant that does not exist.
const NO_TENANT: &str = "EAF01";

/// Request to append the events of one decision to the log and its answer to the ledger. A decision
/// without events is recorded too, so that a repetition of the command gets the first answer.
#[derive(Debug, Clone)]
pub struct AppendRequest {
    pub actor: ActorId,
    /// Idempotency key of the command, 1 to 200 bytes long, unique per tenant and actor.
    pub key: String,
    /// Fingerprint of the command, a keyed hash. If the ledger has the idempotency key with another
    /// fingerprint, the key was used for another command.
    pub fingerprint: [u8; 32],
    /// Sealed answer to the command. A repetition of the command gets this answer.
    pub answer: Vec<u8>,
    /// Generation of the package that decided. `None`: no package decided, as for the system or a
    /// benchmark.
    pub fence: Option<Fence>,
    /// Streams of the boundary, each at most once. If no event goes to a stream, only its version
    /// is checked.
    pub streams: Vec<StreamWrite>,
    pub events: Vec<PendingEvent>,
}

/// Generation of the package that decided a request. The append refuses the request if another
/// generation is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub plugin: String,
    pub generation: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    pub stream: StreamId,
    /// Version that the stream must have at the append. `None`: any version.
    pub expected: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct PendingEvent {
    /// Index of the event's stream in [`AppendRequest::streams`].
    pub stream: usize,
    pub id: EventId,
    /// Type of the event with the plugin's prefix, such as `dcm.request-submitted`.
    pub kind: String,
    pub schema: u16,
    /// Data of the event: the bytes that are hashed. Its personal fields are already sealed.
    pub data: Vec<u8>,
    pub meta: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The request is recorded. `positions` are the positions of its first and its last event;
    /// `None`: it has no events.
    Ok { positions: Option<(Position, Position)> },
    /// The idempotency key was recorded before, with this fingerprint. `answer` and `positions` are
    /// those of the first request.
    Duplicate { answer: Vec<u8>, positions: Option<(Position, Position)> },
    /// The idempotency key was recorded before, with another fingerprint.
    KeyReused,
    /// A stream is not at the expected version. `actual` has the present version of each stream of
    /// the request.
    Conflict { actual: Vec<u64> },
    /// The request shares an idempotency key or a stream with an earlier request of this batch: the
    /// caller must send it again.
    Retry,
    /// The request is malformed. The caller must not send it again.
    Invalid,
    /// Another generation of the plugin's package is active.
    Fenced,
}

/// Appends one batch on a new connection of the append pool, and rings no doorbell. For tests and
/// measurements; hosts use the [`Appender`](super::Appender).
pub async fn append_batch(db: &Db, tenant: TenantId, requests: &[&AppendRequest]) -> Result<Vec<Outcome>, Error> {
    let mut conn = db.append_pool().acquire().await.map_err(failed)?;
    append_on(&mut conn, tenant, requests).await
}

/// Appends the requests in order, in one autocommit statement, and returns one outcome per request.
/// After an error it is unknown whether the batch was recorded; a caller repeats the batch with the
/// same idempotency keys.
pub(super) async fn append_on(
    conn: &mut PgConnection,
    tenant: TenantId,
    requests: &[&AppendRequest],
) -> Result<Vec<Outcome>, Error> {
    let valid: Vec<&AppendRequest> = requests.iter().copied().filter(|request| request.has_valid_indexes()).collect();
    let mut decided = decide(conn, tenant, &valid).await?.into_iter();
    let outcome = |request: &&AppendRequest| match request.has_valid_indexes() {
        true => decided.next().ok_or(Error::Lost),
        false => Ok(Outcome::Invalid),
    };
    requests.iter().map(outcome).collect()
}

async fn decide(conn: &mut PgConnection, tenant: TenantId, requests: &[&AppendRequest]) -> Result<Vec<Outcome>, Error> {
    let batch = BatchColumns::of(requests.iter().copied());
    let rows = sqlx::query(
        "select a.outcome, a.first_pos, a.last_pos, a.answer, a.actual, (select epoch from eaf.log_epoch) as epoch
         from eaf.append($1, $2, make_interval(days => $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
              a",
    )
    .bind(tenant)
    .bind(LANE)
    .bind(KEY_RETENTION_DAYS)
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
    /// Whether each event's stream index is within this request. The batch numbers the streams of
    /// all requests together, so that a larger index would mean a stream of another request.
    fn has_valid_indexes(&self) -> bool {
        self.events.iter().all(|event| event.stream < self.streams.len())
    }

    /// Whether the fast path may take the request: the request is small, and every stream has an
    /// expected version.
    pub(super) fn is_simple(&self) -> bool {
        let bytes: usize = self.events.iter().map(|event| event.data.len() + event.meta.len()).sum();
        self.has_valid_indexes()
            && self.streams.len() <= MAX_SIMPLE_ITEMS
            && self.events.len() <= MAX_SIMPLE_ITEMS
            && bytes <= MAX_SIMPLE_BYTES
            && self.streams.iter().all(|write| write.expected.is_some())
            && self.names_each_stream_once()
    }

    /// Whether an event of the request goes to the stream with this index. If none does, only the
    /// stream's version is checked.
    pub(super) fn writes(&self, stream: usize) -> bool {
        self.events.iter().any(|event| event.stream == stream)
    }

    fn names_each_stream_once(&self) -> bool {
        let streams = self.streams.iter().enumerate();
        streams.into_iter().all(|(n, one)| self.streams[..n].iter().all(|other| other.stream != one.stream))
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

/// Requests of a batch as parallel arrays, the parameters of `eaf.append`. Indexes in them count
/// from 1.
#[derive(Default)]
struct BatchColumns<'a> {
    actor: Vec<ActorId>,
    key: Vec<&'a str>,
    fingerprint: Vec<&'a [u8]>,
    answer: Vec<&'a [u8]>,
    plugin: Vec<Option<&'a str>>,
    generation: Vec<Option<i64>>,
    stream_request: Vec<i32>,
    stream: Vec<StreamId>,
    expected: Vec<Option<i64>>,
    event_stream: Vec<i32>,
    event: Vec<EventId>,
    kind: Vec<&'a str>,
    schema: Vec<i16>,
    data: Vec<&'a [u8]>,
    meta: Vec<&'a [u8]>,
}

impl<'a> BatchColumns<'a> {
    fn of(requests: impl IntoIterator<Item = &'a AppendRequest>) -> Self {
        let mut batch = BatchColumns::default();
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

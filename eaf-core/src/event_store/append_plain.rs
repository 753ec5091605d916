//! Fast path: appends simple requests of one tenant or several in one statement and one commit.
//! Requests that the SQL function defers are appended by [`append`](super::append).

use super::append::{AppendRequest, KEY_RETENTION_DAYS, Outcome, failed};
use super::{Error, LANE, Position};
#[cfg(feature = "testing")]
use crate::db::Db;
use crate::id::{ActorId, EventId, StreamId, TenantId};
#[cfg(feature = "testing")]
use sqlx::Connection;
use sqlx::postgres::PgConnection;

/// Appends requests on a new connection of the append pool, and rings no doorbell.
#[cfg(feature = "testing")]
pub async fn append_plain_for_tests(
    db: &Db,
    requests: &[(TenantId, &AppendRequest)],
) -> Result<Vec<Option<Outcome>>, Error> {
    let mut conn = db.append_pool().acquire().await.map_err(failed)?;
    let outcomes = append_plain(&mut conn, requests).await;
    if outcomes.is_err() {
        // PostgreSQL reports the error before it releases its locks.
        conn.ping().await.map_err(failed)?;
    }
    outcomes
}

/// Appends requests by the fast path, and returns one outcome per request, in order. `None`: the
/// request was deferred, and nothing of it is recorded. The requests of a tenant must be adjacent;
/// they are all recorded or all deferred. After a [transient](crate::db::is_transient) error it is
/// unknown which requests are recorded. After any other error no request is.
pub(super) async fn append_plain(
    conn: &mut PgConnection,
    requests: &[(TenantId, &AppendRequest)],
) -> Result<Vec<Option<Outcome>>, Error> {
    let batches: Vec<_> = requests.chunk_by(|one, next| one.0 == next.0).collect();
    let columns = Columns::of(&batches);
    let (epoch, heads): (i32, Vec<Option<i64>>) = sqlx::query_as(
        "select (select epoch from eaf.log_epoch),
                eaf.append_plain($1, make_interval(days => $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                                 $17, $18, $19, $20, $21, $22, $23)",
    )
    .bind(LANE)
    .bind(KEY_RETENTION_DAYS)
    .bind(columns.plugin)
    .bind(columns.generation)
    .bind(columns.tenant)
    .bind(columns.requests)
    .bind(columns.guards)
    .bind(columns.events)
    .bind(columns.actor)
    .bind(columns.key)
    .bind(columns.fingerprint)
    .bind(columns.answer)
    .bind(&columns.first)
    .bind(&columns.last)
    .bind(columns.guard)
    .bind(columns.guard_version)
    .bind(columns.stream)
    .bind(columns.version)
    .bind(columns.event)
    .bind(columns.kind)
    .bind(columns.schema)
    .bind(columns.data)
    .bind(columns.meta)
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    if heads.len() != batches.len() {
        return Err(Error::OutcomeCount { asked: batches.len(), answered: heads.len() });
    }
    let heads = batches.iter().zip(heads).flat_map(|(batch, head)| batch.iter().map(move |_| head));
    let numbers = columns.first.into_iter().zip(columns.last);
    let outcome = |(head, (first, last)): (Option<i64>, (Option<i32>, Option<i32>))| {
        let position =
            |number: i32, head: i64| Position { epoch: epoch as u32, pos: (head + i64::from(number)) as u64 };
        head.map(|head| Outcome::Ok { positions: first.zip(last).map(|(a, b)| (position(a, head), position(b, head))) })
    };
    Ok(heads.zip(numbers).map(outcome).collect())
}

/// Requests as parallel arrays, the parameters of `eaf.append_plain`. The SQL file of that function
/// documents them.
#[derive(Default)]
struct Columns<'a> {
    plugin: Vec<&'a str>,
    generation: Vec<i64>,
    tenant: Vec<TenantId>,
    requests: Vec<i32>,
    guards: Vec<i32>,
    events: Vec<i32>,
    actor: Vec<ActorId>,
    key: Vec<&'a str>,
    fingerprint: Vec<&'a [u8]>,
    answer: Vec<&'a [u8]>,
    first: Vec<Option<i32>>,
    last: Vec<Option<i32>>,
    guard: Vec<StreamId>,
    guard_version: Vec<Option<i64>>,
    stream: Vec<Option<StreamId>>,
    version: Vec<Option<i64>>,
    event: Vec<EventId>,
    kind: Vec<&'a str>,
    schema: Vec<i16>,
    data: Vec<&'a [u8]>,
    meta: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(batches: &[&[(TenantId, &'a AppendRequest)]]) -> Self {
        let mut columns = Columns::default();
        for batch in batches {
            let (guards, events) = (columns.guard.len(), columns.event.len());
            for (_, request) in *batch {
                columns.push(request, events);
            }
            columns.tenant.extend(batch.first().map(|(tenant, _)| *tenant));
            columns.requests.push(batch.len() as i32);
            columns.guards.push((columns.guard.len() - guards) as i32);
            columns.events.push((columns.event.len() - events) as i32);
        }
        columns
    }

    /// Adds a request to the arrays. `before` is the number of events of the tenants that precede
    /// this request's tenant.
    fn push(&mut self, request: &'a AppendRequest, before: usize) {
        if let Some(fence) = &request.fence {
            let mut fences = self.plugin.iter().zip(&self.generation);
            if !fences.any(|(plugin, generation)| (*plugin, *generation) == (&*fence.plugin, fence.generation)) {
                self.plugin.push(&fence.plugin);
                self.generation.push(fence.generation);
            }
        }
        self.actor.push(request.actor);
        self.key.push(&request.key);
        self.fingerprint.push(&request.fingerprint);
        self.answer.push(&request.answer);
        let number = |count: usize| (!request.events.is_empty()).then_some((count - before) as i32);
        self.first.push(number(self.event.len() + 1));
        self.last.push(number(self.event.len() + request.events.len()));
        self.push_streams(request);
    }

    /// Adds the streams of a request to the arrays. A new stream that gets events needs no version
    /// check, because the unique index on versions refuses a second first event.
    fn push_streams(&mut self, request: &'a AppendRequest) {
        let mut versions: Vec<Option<i64>> =
            request.streams.iter().map(|write| write.expected.map(|version| version as i64)).collect();
        for (index, (write, version)) in request.streams.iter().zip(&versions).enumerate() {
            if *version != Some(0) || !request.writes(index) {
                self.guard.push(write.stream);
                self.guard_version.push(*version);
            }
        }
        for event in &request.events {
            // Without such a stream the version is null, which the table refuses.
            let version = versions.get_mut(event.stream).and_then(Option::as_mut).map(|version| {
                *version += 1;
                *version
            });
            self.stream.push(request.streams.get(event.stream).map(|write| write.stream));
            self.version.push(version);
            self.event.push(event.id);
            self.kind.push(&event.kind);
            self.schema.push(event.schema as i16);
            self.data.push(&event.data);
            self.meta.push(&event.meta);
        }
    }
}

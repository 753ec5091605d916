//! Details of one row of the audit trail: the data of the previous event of the same type, and all
//! rows with the same trace id.

use super::{Bounds, Filter, Item, Source, page, record};
use crate::actor::TraceId;
use crate::audit::Error;
use crate::db::TenantTx;
use crate::id::StreamId;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// Maximum number of versions before an event's version that are searched for the previous event of
/// the same type in the stream.
const MAX_VERSIONS_BACK: i64 = 1_000;
/// Number of positions before and after an event that are searched for the other events of the same
/// command. Events of one command have adjacent positions.
const NEIGHBOURS: i64 = 64;
/// Maximum number of rows with the same trace id that are returned from one source; also the
/// maximum number of runs.
pub const MAX_ROWS: u32 = 200;
/// Maximum number of rows of one source that are read in search of the trace id.
const EXAMINED: u32 = 5_000;

/// Run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: Uuid,
    pub plugin: String,
    pub workflow: String,
    /// Id of the thing that the run is about, such as a request. The trigger takes the id from the
    /// event that started the run.
    pub key: String,
    /// State of the run: `open`, `done`, `failed` or `stopped`.
    pub state: String,
    pub began: OffsetDateTime,
    pub ended: Option<OffsetDateTime>,
    /// Position in the log of the event that started the run.
    pub started_by: i64,
}

/// Mail that a workflow's run sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub run: Uuid,
    pub template: String,
    /// Status of the mail: `pending`, `sent`, `failed`, `skipped` or `unknown`.
    pub status: String,
    pub began: OffsetDateTime,
    /// Time at which the mail was sent, failed, skipped or became unknown; `None`: the mail is
    /// pending.
    pub ended: Option<OffsetDateTime>,
}

enum Key {
    Log(i64),
    Host(Uuid),
    Call(Uuid, i32),
}

impl Key {
    fn parse(source: Source, key: &str) -> Option<Key> {
        match source {
            Source::Log => key.parse().ok().map(Key::Log),
            Source::Host => Uuid::parse_str(key).ok().map(Key::Host),
            Source::Call => {
                let (run, seq) = key.split_once('/')?;
                Some(Key::Call(Uuid::parse_str(run).ok()?, seq.parse().ok()?))
            }
        }
    }
}

/// Finds the row of the audit trail with this source and key. `None`: there is no such row.
pub async fn find(tx: &mut TenantTx, source: Source, key: &str) -> Result<Option<Item>, Error> {
    let Some(key) = Key::parse(source, key) else { return Ok(None) };
    let condition = |sql: &mut QueryBuilder<Postgres>| {
        match key {
            Key::Log(pos) => sql.push("pos = ").push_bind(pos),
            Key::Host(id) => sql.push("id = ").push_bind(id),
            Key::Call(run, seq) => sql.push("run_id = ").push_bind(run).push(" and seq = ").push_bind(seq),
        };
    };
    Ok(record::rows(tx, source, condition, 1).await?.pop())
}

/// Data of the previous event of the same type in the same stream, with personal fields sealed.
/// `None`: the item is no event, or there is no such event among the versions searched.
pub async fn previous_data(tx: &mut TenantTx, item: &Item) -> Result<Option<Value>, Error> {
    let (Source::Log, Ok(pos)) = (item.source, item.key.parse::<i64>()) else { return Ok(None) };
    let data: Option<Vec<u8>> = sqlx::query_scalar(
        "select o.data from eaf.event e join eaf.event o on o.tenant_id = e.tenant_id and o.stream_id = e.stream_id
           and o.version < e.version and o.version >= e.version - $3 and o.type = e.type
         where e.tenant_id = $1 and e.lane = 0 and e.pos = $2 order by o.version desc limit 1",
    )
    .bind(tx.tenant())
    .bind(pos)
    .bind(MAX_VERSIONS_BACK)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(data.and_then(|data| serde_json::from_slice(&data).ok()))
}

/// Reads acts, refusals, denials and calls with this trace id, oldest first.
pub async fn acts_and_calls(tx: &mut TenantTx, trace: &TraceId) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for source in [Source::Host, Source::Call] {
        let filter = Filter { trace: Some(trace.0.clone()), source: Some(source), ..Filter::default() };
        let bounds = Bounds { items: MAX_ROWS, examined: EXAMINED };
        items.extend(page(tx, &filter, None, bounds).await?.items);
    }
    items.sort_by_key(|item| item.at);
    Ok(items)
}

/// Reads events with this trace id, oldest first. Searches only the streams with the names
/// `streams`, and the log near the positions `known`, because the log has no index of trace ids and
/// a scan of the whole log would take long.
pub async fn events(tx: &mut TenantTx, trace: &TraceId, known: &[i64], streams: &[String]) -> Result<Vec<Item>, Error> {
    let tenant = tx.tenant();
    let ids: Vec<StreamId> = streams.iter().map(|name| StreamId::derive(tenant, name)).collect();
    let bytes = format!("\"trace_id\":{}", Value::from(trace.0.as_str())).into_bytes();
    let condition = |sql: &mut QueryBuilder<Postgres>| {
        sql.push("pos = any (array(select e.pos from eaf.event e where e.tenant_id = ").push_bind(tenant);
        sql.push(" and e.lane = 0 and e.stream_id = any (").push_bind(ids);
        sql.push(") union select e.pos from unnest(").push_bind(known.to_vec());
        sql.push("::bigint[]) k(pos) join eaf.event e on e.tenant_id = ").push_bind(tenant);
        sql.push(format_args!(" and e.lane = 0 and e.pos between k.pos - {NEIGHBOURS} and k.pos + {NEIGHBOURS}"));
        sql.push(")) and position(").push_bind(bytes).push(" in meta) > 0");
    };
    record::rows(tx, Source::Log, condition, MAX_ROWS as usize).await
}

/// Reads the workflow runs with this trace id, oldest first.
pub async fn runs(tx: &mut TenantTx, trace: &TraceId) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query(
        "select run_id, plugin, workflow, key, state, created_at, ended_at, event_pos from eaf.run
         where tenant_id = $1 and trace = $2 order by created_at, run_id limit $3",
    )
    .bind(tx.tenant())
    .bind(&trace.0)
    .bind(i64::from(MAX_ROWS))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let run = |row: &PgRow| {
        Ok(Run {
            id: row.try_get("run_id")?,
            plugin: row.try_get("plugin")?,
            workflow: row.try_get("workflow")?,
            key: row.try_get("key")?,
            state: row.try_get("state")?,
            began: row.try_get("created_at")?,
            ended: row.try_get("ended_at")?,
            started_by: row.try_get("event_pos")?,
        })
    };
    rows.iter().map(run).collect::<Result<_, _>>().map_err(Error::Read)
}

/// Reads the mails of workflow runs with this trace id, oldest first, without their recipients.
pub async fn mails(tx: &mut TenantTx, trace: &TraceId) -> Result<Vec<Mail>, Error> {
    let rows = sqlx::query(
        "select run_id, template, status, created_at, case when status <> 'pending' then updated_at end as ended_at
         from eaf.mail_log where tenant_id = $1 and trace = $2 order by created_at, message_id limit $3",
    )
    .bind(tx.tenant())
    .bind(&trace.0)
    .bind(i64::from(MAX_ROWS))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let mail = |row: &PgRow| {
        Ok(Mail {
            run: row.try_get("run_id")?,
            template: row.try_get("template")?,
            status: row.try_get("status")?,
            began: row.try_get("created_at")?,
            ended: row.try_get("ended_at")?,
        })
    };
    rows.iter().map(mail).collect::<Result<_, _>>().map_err(Error::Read)
}

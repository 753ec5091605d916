//! Reads the rows of one source of the audit trail, newest first. Rows are compared with the filter
//! until a maximum number of rows is reached.

use super::cursor::SourcePosition;
use super::{Bounds, Filter, Item, Source, Things};
use crate::actor::{ActorKind, TraceId};
use crate::audit::Error;
use crate::db::TenantTx;
use crate::id::{ActorId, StreamId, TenantId};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use std::collections::VecDeque;
use uuid::Uuid;

/// Row that matches the filter. Or the row after the last one that was compared with the filter:
/// the next page starts there.
pub(super) struct ScannedRow {
    pub position: SourcePosition,
    /// Whether the maximum number of rows was reached before this row, so that the row was not
    /// compared with the filter.
    pub not_compared: bool,
    pub item: Item,
}

/// SQL fragments from which the query for the rows of one source is built.
struct RecordSql {
    /// Table of the source with a `where` condition.
    rows: &'static str,
    /// Name of the column with the time of a row.
    at: &'static str,
    newest_first: &'static str,
    /// SQL columns of an [`Item`]. They are read from a row with the alias `x`.
    columns: &'static str,
}

const LOG: RecordSql = RecordSql {
    rows: "eaf.event where lane = 0",
    at: "at",
    newest_first: "pos desc",
    columns: "1 as count, x.pos::text as key, x.event_id::text as id, x.type as act, 'ok' as outcome, x.meta,
           convert_from(x.meta, 'UTF8')::jsonb ->> 'stream' as object,
           (convert_from(x.meta, 'UTF8')::jsonb ->> 'actor')::uuid as actor,
           convert_from(x.meta, 'UTF8')::jsonb ->> 'actor_kind' as kind,
           convert_from(x.meta, 'UTF8')::jsonb ->> 'trace_id' as trace,
           split_part(x.type, '.', 1) as plugin, null as grant_name, null as origin, null::jsonb as change,
           null as about, null as run_key, null::timestamptz as ended, x.data",
};

const HOST: RecordSql = RecordSql {
    rows: "eaf.audit where true",
    at: "at",
    newest_first: "at desc, id desc",
    columns:
        "x.count, x.id::text as key, x.id::text as id, x.act, x.outcome, x.object, x.actor_id as actor, null as kind,
           x.trace_id as trace, x.plugin, x.grant_name, x.origin, nullif(x.change - 'about', '{}') as change,
           x.change ->> 'about' as about, null as run_key, null::timestamptz as ended, null::bytea as data",
};

const CALL: RecordSql = RecordSql {
    rows: "eaf.journal where capability <> 'flow' and function <> 'open'",
    at: "started_at",
    newest_first: "started_at desc, run_id desc, seq desc",
    columns: "1 as count, x.run_id || '/' || x.seq as key, x.run_id || '/' || x.seq as id, x.capability || '.' || x.function as act,
           coalesce(x.outcome, 'pending') as outcome,
           coalesce(x.target, (select r.key from eaf.run r where r.tenant_id = x.tenant_id and r.run_id = x.run_id)) as object,
           null::uuid as actor, null as kind,
           (select r.trace from eaf.run r where r.tenant_id = x.tenant_id and r.run_id = x.run_id) as trace,
           (select r.plugin from eaf.run r where r.tenant_id = x.tenant_id and r.run_id = x.run_id) as plugin,
           x.grant_name, null as origin, null::jsonb as change, null as about,
           (select r.key from eaf.run r where r.tenant_id = x.tenant_id and r.run_id = x.run_id) as run_key,
           x.done_at as ended, null::bytea as data",
};

/// Reads up to `limit` rows of a source that satisfy an SQL condition, oldest first.
pub(super) async fn rows(
    tx: &mut TenantTx,
    source: Source,
    condition: impl FnOnce(&mut QueryBuilder<Postgres>),
    limit: usize,
) -> Result<Vec<Item>, Error> {
    let RecordSql { rows, at, columns, .. } = record_sql(source);
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new("select ");
    sql.push(columns)
        .push(format_args!(", x.{at} as at, false as not_compared from (select * from {rows} and tenant_id = "));
    sql.push_bind(tx.tenant()).push(" and ");
    condition(&mut sql);
    sql.push(format_args!(") x order by x.{at}, key limit {limit}"));
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(|row| scanned(row, source).map(|scanned| scanned.item).map_err(Error::Read)).collect()
}

fn record_sql(source: Source) -> &'static RecordSql {
    match source {
        Source::Log => &LOG,
        Source::Host => &HOST,
        Source::Call => &CALL,
    }
}

/// Reads the rows of a source that match the filter, newest first. Starts at position `start` and
/// stops at either limit: of rows returned, or of rows compared.
pub(super) async fn read(
    tx: &mut TenantTx,
    source: Source,
    filter: &Filter,
    start: Option<&SourcePosition>,
    bounds: Bounds,
) -> Result<VecDeque<ScannedRow>, Error> {
    let RecordSql { rows, at, newest_first, columns } = record_sql(source);
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new("select * from (select ");
    sql.push(columns).push(format_args!(", x.{at} as at, x.nth > {} as not_compared", bounds.examined));
    sql.push(format_args!(
        " from (select *, row_number() over (order by {newest_first}) as nth from (select * from {rows}"
    ));
    sql.push(" and tenant_id = ").push_bind(tx.tenant());
    push_period(&mut sql, source, filter, tx.tenant());
    push_actor_and_trace(&mut sql, source, filter, tx.tenant());
    push_things_and_person(&mut sql, source, filter, tx.tenant());
    if let Some(start) = start {
        push_after(&mut sql, source, start)?;
    }
    sql.push(format_args!(" order by {newest_first} limit {}) y) x", bounds.examined + 1));
    sql.push(format_args!(" order by {newest_first}) z where (not_compared or (true"));
    push_comparisons(&mut sql, source, filter);
    sql.push(format_args!(")) limit {}", bounds.items + 1));
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(|row| scanned(row, source).map_err(Error::Read)).collect()
}

fn push_period(sql: &mut QueryBuilder<Postgres>, source: Source, filter: &Filter, tenant: TenantId) {
    for (bound, compare, within) in [(filter.from, " >= ", " > "), (filter.to, " < ", " <= ")] {
        let Some(bound) = bound else { continue };
        match source {
            Source::Log => {
                sql.push(" and pos").push(within).push("eaf.position_before(").push_bind(tenant);
                sql.push(", 0::smallint, ").push_bind(bound).push(")")
            }
            Source::Host => sql.push(" and at").push(compare).push_bind(bound),
            Source::Call => sql.push(" and started_at").push(compare).push_bind(bound),
        };
    }
}

/// Adds the SQL conditions on actor and trace id that an index serves. Calls are not filtered by
/// actor here, because the actor of every call is the system.
fn push_actor_and_trace(sql: &mut QueryBuilder<Postgres>, source: Source, filter: &Filter, tenant: TenantId) {
    if let (Source::Host, Some(actor)) = (source, filter.actor) {
        sql.push(" and actor_id = ").push_bind(actor);
    }
    match (source, &filter.trace) {
        (Source::Host, Some(trace)) => {
            sql.push(" and trace_id = ").push_bind(trace.clone());
        }
        (Source::Call, Some(trace)) => {
            sql.push(" and run_id = any (array(select r.run_id from eaf.run r where r.tenant_id = ").push_bind(tenant);
            sql.push(" and r.trace = ").push_bind(trace.clone()).push("))");
        }
        _ => {}
    }
}

/// Adds the SQL conditions on things and person that an index serves.
fn push_things_and_person(sql: &mut QueryBuilder<Postgres>, source: Source, filter: &Filter, tenant: TenantId) {
    if let Some(things) = &filter.about {
        sql.push(" and ");
        push_things(sql, source, things, tenant);
    }
    match (source, filter.person) {
        (Source::Host, Some(person)) => {
            sql.push(" and (actor_id = ").push_bind(person).push(" or object = any (");
            sql.push_bind(vec![format!("member/{person}"), format!("person/{person}")]).push("))");
        }
        (Source::Call, Some(person)) => {
            sql.push(" and run_id = any (array(select r.run_id from eaf.run r where r.tenant_id = ").push_bind(tenant);
            sql.push(" and r.subject = ").push_bind(person).push("))");
        }
        _ => {}
    }
}

fn push_things(sql: &mut QueryBuilder<Postgres>, source: Source, things: &Things, tenant: TenantId) {
    match source {
        // Ids are bound as an array, so that PostgreSQL uses the index at any number of rows.
        Source::Log => {
            let ids: Vec<StreamId> = things.streams.iter().map(|name| StreamId::derive(tenant, name)).collect();
            sql.push("pos = any (array(select e.pos from eaf.event e where e.tenant_id = ").push_bind(tenant);
            sql.push(" and e.lane = 0 and e.stream_id = any (").push_bind(ids).push(")))");
        }
        Source::Host => {
            sql.push("id = any (array(select a.id from eaf.audit a where a.tenant_id = ").push_bind(tenant);
            sql.push(" and a.object = any (").push_bind(things.objects.clone());
            sql.push(") union all select a.id from eaf.audit a where a.tenant_id = ").push_bind(tenant);
            sql.push(" and (a.change ->> 'about') = any (").push_bind(things.streams.clone()).push(")))");
        }
        Source::Call => {
            let (plugins, keys): (Vec<String>, Vec<String>) = things.runs.iter().cloned().unzip();
            sql.push("run_id = any (array(select r.run_id from eaf.run r where r.tenant_id = ").push_bind(tenant);
            sql.push(" and r.plugin = any (").push_bind(plugins).push(") and r.key = any (").push_bind(keys);
            sql.push(")))");
        }
    }
}

/// Adds the SQL conditions that no index serves.
fn push_comparisons(sql: &mut QueryBuilder<Postgres>, source: Source, filter: &Filter) {
    if let Some(act) = &filter.act {
        sql.push(" and starts_with(act, ").push_bind(act.clone()).push(")");
    }
    if let Some(outcome) = &filter.outcome {
        sql.push(" and outcome = ").push_bind(outcome.clone());
    }
    if let Some(plugin) = &filter.plugin {
        sql.push(" and plugin = ").push_bind(plugin.clone());
    }
    match (source, &filter.object) {
        (Source::Log, _) => push_meta_search(sql, filter),
        (_, Some(object)) => {
            sql.push(" and starts_with(object, ").push_bind(object.clone()).push(")");
        }
        (_, None) => {}
    }
}

/// Adds conditions on an event's metadata, which is JSON without spaces, as the host writes it. The
/// metadata is searched as bytes, because parsing the JSON takes ten times as long. Text within a
/// value never matches, because its quotes are escaped.
fn push_meta_search(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    let member = |name: &str, value: &str| format!("\"{name}\":{}", Value::from(value));
    let object = filter.object.as_ref().map(|object| {
        let mut prefix = member("stream", object);
        prefix.pop();
        prefix
    });
    let actor = filter.actor.map(|actor| member("actor", &actor.to_string()));
    let trace = filter.trace.as_ref().map(|trace| member("trace_id", trace));
    for bytes in [object, actor, trace].into_iter().flatten() {
        sql.push(" and position(").push_bind(bytes.into_bytes()).push(" in meta) > 0");
    }
    if let Some(person) = filter.person {
        let [as_actor, as_value] = [member("actor", &person.to_string()), Value::from(person.to_string()).to_string()];
        sql.push(" and (position(").push_bind(as_actor.into_bytes()).push(" in meta) > 0 or position(");
        sql.push_bind(as_value.into_bytes()).push(" in data) > 0)");
    }
}

fn push_after(sql: &mut QueryBuilder<Postgres>, source: Source, start: &SourcePosition) -> Result<(), Error> {
    let uuid = |text: &str| Uuid::parse_str(text).map_err(|_| Error::Cursor);
    let SourcePosition { at, key } = start;
    match source {
        Source::Log => {
            let pos: i64 = key.parse().map_err(|_| Error::Cursor)?;
            sql.push(" and pos <= ").push_bind(pos);
        }
        Source::Host => {
            sql.push(" and (at, id) <= (").push_bind(*at).push(", ").push_bind(uuid(key)?).push(")");
        }
        Source::Call => {
            let (run, seq) = key.split_once('/').ok_or(Error::Cursor)?;
            let seq: i32 = seq.parse().map_err(|_| Error::Cursor)?;
            sql.push(" and (started_at, run_id, seq) <= (").push_bind(*at).push(", ").push_bind(uuid(run)?);
            sql.push(", ").push_bind(seq).push(")");
        }
    }
    Ok(())
}

fn scanned(row: &PgRow, source: Source) -> Result<ScannedRow, sqlx::Error> {
    let actor = row.try_get::<Option<ActorId>, _>("actor")?.unwrap_or(ActorId::SYSTEM);
    let actor_kind = match row.try_get::<Option<&str>, _>("kind")? {
        Some("system") => ActorKind::System,
        Some("service") => ActorKind::Service,
        None if actor == ActorId::SYSTEM => ActorKind::System,
        _ => ActorKind::Person,
    };
    let at = row.try_get("at")?;
    let key: String = row.try_get("key")?;
    Ok(ScannedRow {
        position: SourcePosition { at, key: key.clone() },
        not_compared: row.try_get("not_compared")?,
        item: Item {
            id: row.try_get("id")?,
            key,
            at,
            source,
            actor,
            actor_kind,
            act: row.try_get("act")?,
            object: row.try_get::<Option<String>, _>("object")?.unwrap_or_default(),
            outcome: row.try_get("outcome")?,
            count: row.try_get::<i32, _>("count")?.unsigned_abs(),
            trace: TraceId(row.try_get::<Option<String>, _>("trace")?.unwrap_or_default()),
            plugin: row.try_get("plugin")?,
            grant: row.try_get("grant_name")?,
            origin: row.try_get("origin")?,
            change: row.try_get("change")?,
            about: row.try_get("about")?,
            run_key: row.try_get("run_key")?,
            ended: row.try_get("ended")?,
            data: row.try_get::<Option<&[u8]>, _>("data")?.and_then(|data| serde_json::from_slice(data).ok()),
        },
    })
}

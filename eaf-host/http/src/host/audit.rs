//! `GET /api/host/audit`: the audit trail, newest first: events, administrative acts, refusals and
//! calls.

use super::audit_words::Words;
use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::{self, Parameters};
use crate::problem::Problem;
use crate::things::{self, NamedObject};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::actor::ActorKind;
use eaf_core::audit::trail::{self, Bounds, Cursor, Filter, Item, Page};
use eaf_core::id::TenantId;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const PAGE: u32 = 50;
/// Maximum number of rows of each source that one query examines. Queries are repeated until a page
/// is full or [`PAGE_TIMEOUT`] has passed.
const EXAMINED: u32 = 20_000;
/// Time after which a page is returned even if it is not full.
const PAGE_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum length of the value of an audit filter, in characters.
const MAX_FILTER_CHARS: usize = 200;

pub fn operation() -> Operation {
    let doc = filters(Entry::new("host.audit", "host", "The audit trail, newest first"))
        .query("cursor", json!({ "type": "string", "pattern": CURSOR }), "`next` of the previous page.")
        .answers("200", "A page, which may be short or empty although there is a `next`.", page_of_rows())
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/audit",
        access: Access::audit("audit.list"),
        route: get(list),
        doc: doc.done(),
    }
}

fn page_of_rows() -> Value {
    let thing = record(json!({
        "name": { "type": "string" },
        "object": { "type": "string", "description": "The thing's stream, or the connection." },
    }));
    record(json!({
        "items": { "type": "array", "items": row() },
        "next": { "type": ["string", "null"], "description": "The cursor of the next page." },
        "things": { "type": "array", "items": thing, "description": "The things that match `thing`: 100 at most." },
    }))
}

/// JSON Schema of a row of the audit trail.
pub(super) fn row() -> Value {
    record(json!({
        "id": { "type": "string" },
        "row": { "type": "string", "description": "The row's key, as `key` of `host.audit.row`." },
        "at": { "type": "string", "format": "date-time" },
        "sentence": { "type": "string", "description": "One sentence about the act, in the caller's language." },
        "thing": { "type": ["string", "null"], "description": "The name of the thing that the act is about." },
        "outcome_text": { "type": "string", "description": "The outcome, in the caller's language." },
        "about": { "type": ["string", "null"], "description": "For a refused command: the stream that it is about." },
        "ended_at": { "type": ["string", "null"], "format": "date-time", "description": "For a call: when it ended." },
        "source": {
            "enum": ["log", "host", "call"],
            "description": "An event; an administrative act or a refusal; a call to another system.",
        },
        "actor": { "type": "string", "format": "uuid" },
        "actor_name": { "type": ["string", "null"] },
        "actor_kind": { "enum": ["person", "service", "system"] },
        "act": { "type": "string", "description": "`counter.incremented`, `connection.put`, `vsphere.clone`." },
        "object": { "type": "string" },
        "outcome": { "type": "string", "description": "`ok`, `denied`, `pending`, or the code of a refusal or failure." },
        "count": { "type": "integer", "minimum": 1, "description": "Occurrences within the hour; above 1 for denials only." },
        "trace_id": { "type": "string" },
        "plugin": { "type": ["string", "null"], "description": "The plugin of an event or call; null: the host." },
        "grant": { "type": ["string", "null"], "description": "For a call: the grant that permitted it." },
        "origin": {
            "type": ["string", "null"],
            "description": "For an act on the command line: `operator`, or the operating system's user, such as `os:root@web-1`.",
        },
        "change": {
            "type": ["object", "null"],
            "properties": { "old": {}, "new": {} },
            "description": "What an administrative act changed.",
        },
    }))
}

/// Adds the query parameters that the list and the file of the audit trail share.
pub(super) fn filters(entry: Entry) -> Entry {
    let text =
        || json!({ "type": "string", "minLength": 1, "maxLength": MAX_FILTER_CHARS, "pattern": parameters::TEXT });
    let instant = || json!({ "type": "string", "format": "date-time" });
    entry
        .query("actor", json!({ "type": "string", "format": "uuid" }), "The actor.")
        .query("act", text(), "Prefix of the act.")
        .query("object", text(), "Prefix of the object.")
        .query("outcome", text(), "The exact outcome.")
        .query("trace", text(), "The exact trace id.")
        .query("plugin", text(), "The plugin of events and calls.")
        .query("from", instant(), "The earliest time.")
        .query("to", instant(), "The time before which rows are listed.")
        .query("source", json!({ "enum": ["log", "host", "call"] }), "The source of the rows.")
        .query("thing", text(), "Part of a thing's name, in any case: rows about such things.")
        .query("person", json!({ "type": "string", "format": "uuid" }), "By or about this person.")
}

async fn list(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let AuditQuery { mut filter, mut cursor, thing } = parse(&parameters, |_| false)?;
    let things = look_up(&app, &who, &mut filter, thing.as_deref()).await?;
    let (mut items, begun) = (Vec::new(), Instant::now());
    let next = loop {
        let bounds = Bounds { items: PAGE - items.len() as u32, examined: EXAMINED };
        let found = page(&app, who.caller.tenant, &filter, cursor.as_ref(), bounds).await?;
        items.extend(found.items);
        match found.next {
            Some(next) if items.len() < PAGE as usize && begun.elapsed() < PAGE_TIMEOUT => cursor = Some(next),
            next => break next,
        }
    };
    let words = Words::of(&app, &who.caller, &items).await?;
    let items: Vec<Value> = items.iter().map(|item| shown(item, &words)).collect();
    let things: Vec<Value> = things.iter().map(|thing| json!({ "name": thing.name, "object": thing.object })).collect();
    Ok(Json(json!({ "items": items, "next": next.map(|cursor| cursor.to_string()), "things": things })))
}

/// Finds the things whose names contain a text, and restricts the filter to rows about them.
/// Without a text, the filter stays as it is.
pub(super) async fn look_up(
    app: &App,
    who: &TenantCaller,
    filter: &mut Filter,
    thing: Option<&str>,
) -> Result<Vec<NamedObject>, Problem> {
    let Some(text) = thing else { return Ok(Vec::new()) };
    let (about, found) = things::find_by_name(app, &who.caller, text).await?;
    filter.about = Some(about);
    Ok(found)
}

/// Pattern of a cursor in the OpenAPI document. A cursor says where each of the three sources (log,
/// host, calls) continues; `-`: the source has no further rows.
const CURSOR: &str = "^(1[0-9]{15}\\.[0-9]{1,18}|-)~(1[0-9]{15}\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|-)\
                      ~(1[0-9]{15}\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9]{1,4}|-)$";
const PARAMETERS: [&str; 12] =
    ["actor", "act", "object", "outcome", "trace", "plugin", "from", "to", "source", "thing", "person", "cursor"];

/// Name of an audit row's object, such as `dcm/vm/<UUID>`, with its UUIDs in lower case.
fn with_lower_case_ids(object: &str) -> String {
    let is_id = |part: &str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    object.split('/').map(|part| lower_case_if(part.to_owned(), is_id)).collect::<Vec<_>>().join("/")
}

fn is_trace(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn lower_case_if(text: String, fits: impl Fn(&str) -> bool) -> String {
    if fits(&text) { text.to_ascii_lowercase() } else { text }
}

/// Parsed query parameters of the audit trail.
pub(super) struct AuditQuery {
    pub filter: Filter,
    pub cursor: Option<Cursor>,
    /// Part of the name of the things to filter by; see [`look_up`]. `None`: rows about all things
    /// are shown.
    pub thing: Option<String>,
}

/// Parses the parameters of the audit trail. `also` says which further names are accepted; the
/// calling operation reads those parameters itself.
pub(super) fn parse(parameters: &Parameters, also: impl Fn(&str) -> bool) -> Result<AuditQuery, Problem> {
    let mut filter = Filter::default();
    let (mut cursor, mut thing) = (None, None);
    for (name, value) in parameters.once(|name| PARAMETERS.contains(&name) || also(name))? {
        let invalid = || Problem::parameter(name, "invalid");
        let text = || {
            let fits = !value.is_empty() && value.chars().count() <= MAX_FILTER_CHARS;
            fits.then(|| value.clone()).ok_or_else(invalid)
        };
        let instant = || OffsetDateTime::parse(value, &Rfc3339).map_err(|_| invalid());
        match name.as_str() {
            "actor" => filter.actor = Some(value.parse().map_err(|_| invalid())?),
            "act" => filter.act = Some(text()?),
            "object" => filter.object = Some(with_lower_case_ids(&text()?)),
            "outcome" => filter.outcome = Some(text()?),
            "trace" => filter.trace = Some(lower_case_if(text()?, is_trace)),
            "plugin" => filter.plugin = Some(text()?),
            "from" => filter.from = Some(instant()?),
            "to" => filter.to = Some(instant()?),
            "source" => filter.source = Some(value.parse().map_err(|()| invalid())?),
            "thing" => thing = Some(text()?),
            "person" => filter.person = Some(value.parse().map_err(|_| invalid())?),
            "cursor" => cursor = Some(value.parse().map_err(|_| invalid())?),
            _ => {}
        }
    }
    if filter.from.zip(filter.to).is_some_and(|(from, to)| to <= from) {
        return Err(Problem::parameter("to", "reversed"));
    }
    Ok(AuditQuery { filter, cursor, thing })
}

pub(super) async fn page(
    app: &App,
    tenant: TenantId,
    filter: &Filter,
    cursor: Option<&Cursor>,
    bounds: Bounds,
) -> Result<Page, Problem> {
    let mut tx = app.core.db.tenant(tenant).await?;
    trail::page(&mut tx, filter, cursor, bounds).await.map_err(|cause| match cause {
        eaf_core::audit::Error::Cursor => Problem::parameter("cursor", "invalid"),
        cause => cause.into(),
    })
}

pub(super) fn kind(item: &Item) -> &'static str {
    match item.actor_kind {
        ActorKind::Person => "person",
        ActorKind::Service => "service",
        ActorKind::System => "system",
    }
}

pub(super) fn shown(item: &Item, words: &Words<'_>) -> Value {
    json!({
        "id": item.id,
        "row": item.key,
        "at": instant(item.at),
        "sentence": words.sentence(item),
        "thing": words.thing(item),
        "outcome_text": words.outcome(item),
        "about": item.about,
        "ended_at": item.ended.and_then(instant),
        "source": item.source.as_str(),
        "actor": item.actor,
        "actor_name": words.actor_name(item),
        "actor_kind": kind(item),
        "act": item.act,
        "object": item.object,
        "outcome": item.outcome,
        "count": item.count,
        "trace_id": item.trace,
        "plugin": item.plugin,
        "grant": item.grant,
        "origin": item.origin,
        "change": item.change,
    })
}

//! `GET /api/host/audit`: who did what, newest first: what was decided, administered, refused, and done in other systems.

use super::audit_words::Words;
use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::{self, Parameters};
use crate::problem::Problem;
use crate::things::{self, Found};
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
/// Rows of each record that are looked through at once, and how long it goes on so until a page is shown as it is.
const EXAMINED: u32 = 20_000;
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_FILTER: usize = 200;

pub fn operation() -> Operation {
    let doc = filters(Entry::new("host.audit", "host", "Who did what, newest first"))
        .query("cursor", json!({ "type": "string", "pattern": CURSOR }), "`next` of the page before.")
        .answers("200", "A page; it may be short, or empty, and yet have a `next`.", page_of_rows())
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
        "object": { "type": "string", "description": "Its stream, or the connection." },
    }));
    record(json!({
        "items": { "type": "array", "items": row() },
        "next": { "type": ["string", "null"], "description": "The cursor of the next page." },
        "things": { "type": "array", "items": thing, "description": "What is called as `thing` says: 100 at most." },
    }))
}

/// What is said of one row.
pub(super) fn row() -> Value {
    record(json!({
        "id": { "type": "string" },
        "row": { "type": "string", "description": "By which it is found: `key` of `host.audit.row`." },
        "at": { "type": "string", "format": "date-time" },
        "sentence": { "type": "string", "description": "Who did what to what, in the caller's language." },
        "thing": { "type": ["string", "null"], "description": "What it was about, by its name." },
        "outcome_text": { "type": "string", "description": "How it ended, in the caller's language." },
        "about": { "type": ["string", "null"], "description": "Of a refused command: the stream of what it was about." },
        "ended_at": { "type": ["string", "null"], "format": "date-time", "description": "Of a call." },
        "source": {
            "enum": ["log", "host", "call"],
            "description": "An event; an act of administration or a refusal; a call to another system.",
        },
        "actor": { "type": "string", "format": "uuid" },
        "actor_name": { "type": ["string", "null"] },
        "actor_kind": { "enum": ["person", "service", "system"] },
        "act": { "type": "string", "description": "`counter.incremented`, `connection.put`, `vsphere.clone`." },
        "object": { "type": "string" },
        "outcome": { "type": "string", "description": "`ok`, `denied`, `pending`, or the code of a refusal or failure." },
        "count": { "type": "integer", "minimum": 1, "description": "How often within the hour; more than 1 only where it was denied." },
        "trace_id": { "type": "string" },
        "plugin": { "type": ["string", "null"], "description": "Whose event or call; null: the host's." },
        "grant": { "type": ["string", "null"], "description": "Of a call: the grant by which it was allowed." },
        "origin": {
            "type": ["string", "null"],
            "description": "Who administered on the command line: `operator`, or the operating system's user, such as `os:root@web-1`.",
        },
        "change": {
            "type": ["object", "null"],
            "properties": { "old": {}, "new": {} },
            "description": "What an act of administration changed.",
        },
    }))
}

/// The parameters that list and export have in common.
pub(super) fn filters(entry: Entry) -> Entry {
    let text = || json!({ "type": "string", "minLength": 1, "maxLength": LONGEST_FILTER, "pattern": parameters::TEXT });
    let instant = || json!({ "type": "string", "format": "date-time" });
    entry
        .query("actor", json!({ "type": "string", "format": "uuid" }), "Who acted.")
        .query("act", text(), "What the act begins with.")
        .query("object", text(), "What the object begins with.")
        .query("outcome", text(), "Exactly this outcome.")
        .query("trace", text(), "Exactly this trace id.")
        .query("plugin", text(), "Exactly this plugin's events and calls.")
        .query("from", instant(), "Not before.")
        .query("to", instant(), "Before.")
        .query("source", json!({ "enum": ["log", "host", "call"] }), "Only of this kind.")
        .query("thing", text(), "About what is called so: part of a name, in capitals or not.")
        .query("person", json!({ "type": "string", "format": "uuid" }), "By or about this person.")
}

async fn list(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let Asked { mut filter, mut cursor, thing } = parse(&parameters, |_| false)?;
    let things = look_up(&app, &who, &mut filter, thing.as_deref()).await?;
    let (mut items, begun) = (Vec::new(), Instant::now());
    let next = loop {
        let bounds = Bounds { items: PAGE - items.len() as u32, examined: EXAMINED };
        let found = page(&app, who.caller.tenant, &filter, cursor.as_ref(), bounds).await?;
        items.extend(found.items);
        match found.next {
            Some(next) if items.len() < PAGE as usize && begun.elapsed() < PATIENCE => cursor = Some(next),
            next => break next,
        }
    };
    let words = Words::of(&app, &who.caller, &items).await?;
    let items: Vec<Value> = items.iter().map(|item| shown(item, &words)).collect();
    let things: Vec<Value> = things.iter().map(|thing| json!({ "name": thing.name, "object": thing.object })).collect();
    Ok(Json(json!({ "items": items, "next": next.map(|cursor| cursor.to_string()), "things": things })))
}

/// Puts into the filter what is called so.
pub(super) async fn look_up(
    app: &App,
    who: &TenantCaller,
    filter: &mut Filter,
    thing: Option<&str>,
) -> Result<Vec<Found>, Problem> {
    let Some(text) = thing else { return Ok(Vec::new()) };
    let (about, found) = things::called(app, &who.caller, text).await?;
    filter.about = Some(about);
    Ok(found)
}

/// For the document: of log, host and calls where each goes on, `-` for what is over.
const CURSOR: &str = "^(1[0-9]{15}\\.[0-9]{1,18}|-)~(1[0-9]{15}\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|-)\
                      ~(1[0-9]{15}\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9]{1,4}|-)$";
const KNOWN: [&str; 12] =
    ["actor", "act", "object", "outcome", "trace", "plugin", "from", "to", "source", "thing", "person", "cursor"];

/// An id is the same in capitals; anything else is only itself.
fn with_small_ids(object: &str) -> String {
    let is_id = |part: &str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    object.split('/').map(|part| small_if(part.to_owned(), is_id)).collect::<Vec<_>>().join("/")
}

fn is_trace(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn small_if(text: String, fits: impl Fn(&str) -> bool) -> String {
    if fits(&text) { text.to_ascii_lowercase() } else { text }
}

pub(super) struct Asked {
    pub filter: Filter,
    pub cursor: Option<Cursor>,
    /// Part of a name; see [`look_up`].
    pub thing: Option<String>,
}

/// `also`: parameters that are somebody else's to read.
pub(super) fn parse(parameters: &Parameters, also: impl Fn(&str) -> bool) -> Result<Asked, Problem> {
    let mut filter = Filter::default();
    let (mut cursor, mut thing) = (None, None);
    for (name, value) in parameters.once(|name| KNOWN.contains(&name) || also(name))? {
        let invalid = || Problem::parameter(name, "invalid");
        let text = || {
            let fits = !value.is_empty() && value.chars().count() <= LONGEST_FILTER;
            fits.then(|| value.clone()).ok_or_else(invalid)
        };
        let instant = || OffsetDateTime::parse(value, &Rfc3339).map_err(|_| invalid());
        match name.as_str() {
            "actor" => filter.actor = Some(value.parse().map_err(|_| invalid())?),
            "act" => filter.act = Some(text()?),
            "object" => filter.object = Some(with_small_ids(&text()?)),
            "outcome" => filter.outcome = Some(text()?),
            "trace" => filter.trace = Some(small_if(text()?, is_trace)),
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
    Ok(Asked { filter, cursor, thing })
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

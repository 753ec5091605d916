//! `GET /api/host/audit/row`: one row of the audit: what it changed, what caused it, and everything with its trace id.

use super::audit::{row, shown};
use super::audit_words::Words;
use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::things;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::audit::trail::detail::{self, Mail, Run};
use eaf_core::audit::trail::{Item, Source};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

pub fn operation() -> Operation {
    let source = json!({ "enum": ["log", "host", "call"] });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[0-9a-f/-]+$" });
    let doc = Entry::new("host.audit.row", "host", "One row of the audit")
        .needed_query("source", source, "Of the row.")
        .needed_query("key", key, "`row` of the list.")
        .answers("200", "The row, what it changed, and its trace.", answer())
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: "/api/host/audit/row",
        access: Access::audit("audit.list"),
        route: get(read),
        doc: doc.done(),
    }
}

fn answer() -> Value {
    let text = || json!({ "type": ["string", "null"] });
    let field = record(json!({
        "name": { "type": "string" },
        "title": { "type": "string", "description": "In the caller's language." },
        "old": text(),
        "new": text(),
        "changed": { "type": "boolean" },
        "personal": { "type": "boolean", "description": "What it says is sealed and is not shown." },
    }));
    let step = record(json!({
        "kind": { "enum": ["event", "act", "run", "call", "mail"] },
        "row": { "type": ["string", "null"], "description": "Of events, acts and calls: the key of their row." },
        "sentence": { "type": "string" },
        "at": { "type": "string", "format": "date-time" },
        "ended_at": { "type": ["string", "null"], "format": "date-time" },
        "outcome": { "type": "string" },
        "outcome_text": { "type": "string" },
        "depth": { "type": "integer", "minimum": 0, "description": "Calls and mails belong to the run before them." },
    }));
    let cause = json!({
        "type": ["object", "null"],
        "required": ["row", "sentence"],
        "properties": { "row": { "type": "string" }, "sentence": { "type": "string" } },
        "description": "The event that began what this row belongs to.",
    });
    record(json!({
        "row": row(),
        "fields": { "type": "array", "items": field },
        "cause": cause,
        "trace": { "type": "array", "items": step, "description": "Oldest first." },
    }))
}

async fn read(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let known = parameters.once(|name| name == "source" || name == "key")?;
    let value = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let source = value("source").and_then(|source| source.parse::<Source>().ok());
    let source = source.ok_or_else(|| Problem::parameter("source", "invalid"))?;
    let key = value("key").ok_or_else(|| Problem::parameter("key", "required"))?;
    let found = gather(&app, &who, source, key).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
    let words = Words::of(&app, &who.caller, &found.everything()).await?;
    Ok(Json(json!({
        "row": shown(&found.item, &words),
        "fields": fields(&found, &words),
        "cause": found.cause().map(|item| json!({ "row": item.key, "sentence": words.sentence(item) })),
        "trace": found.steps(&words),
    })))
}

/// A row and what belongs to it.
struct Gathered {
    item: Item,
    before: Option<Value>,
    items: Vec<Item>,
    runs: Vec<Run>,
    mails: Vec<Mail>,
}

async fn gather(app: &App, who: &TenantCaller, source: Source, key: &str) -> Result<Option<Gathered>, Problem> {
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let Some(item) = detail::find(&mut tx, source, key).await? else { return Ok(None) };
    let before = detail::before(&mut tx, &item).await?;
    let trace = &item.trace;
    if trace.0.is_empty() {
        return Ok(Some(Gathered { items: vec![item.clone()], item, before, runs: Vec::new(), mails: Vec::new() }));
    }
    let runs = detail::runs(&mut tx, trace).await?;
    let mails = detail::mails(&mut tx, trace).await?;
    let mut items = detail::beside_the_log(&mut tx, trace).await?;
    let mut known: Vec<i64> = runs.iter().map(|run| run.started_by).collect();
    let mut streams: Vec<String> = runs.iter().flat_map(|run| things::streams_of(app, &run.plugin, &run.key)).collect();
    if item.source == Source::Log {
        known.extend(item.key.parse::<i64>());
        streams.push(item.object.clone());
    }
    items.extend(detail::in_the_log(&mut tx, trace, &known, &streams).await?);
    items.sort_by_key(|item| item.at);
    Ok(Some(Gathered { item, before, items, runs, mails }))
}

impl Gathered {
    fn everything(&self) -> Vec<Item> {
        std::iter::once(&self.item).chain(&self.items).cloned().collect()
    }

    /// Of a call the event that started its run; of the system's events that of the run that was under way.
    fn cause(&self) -> Option<&Item> {
        let run = match self.item.source {
            Source::Call => self.runs.iter().find(|run| is_of(&self.item, run)),
            Source::Log => self.runs.iter().rfind(|run| run.began <= self.item.at),
            Source::Host => None,
        }?;
        let started = run.started_by.to_string();
        let mut events = self.items.iter().filter(|item| item.source == Source::Log && item.key != self.item.key);
        events.find(|item| item.key == started)
    }

    /// Runs with their calls and mails behind them, and everything else where it began.
    fn steps(&self, words: &Words<'_>) -> Vec<Value> {
        let mut steps: Vec<(OffsetDateTime, Vec<Value>)> = Vec::new();
        let of_no_run = |item: &&Item| !self.runs.iter().any(|run| is_of(item, run));
        for item in self.items.iter().filter(of_no_run) {
            steps.push((item.at, vec![of_item(item, 0, words)]));
        }
        for run in &self.runs {
            let mut parts: Vec<(OffsetDateTime, Value)> = Vec::new();
            parts.extend(self.items.iter().filter(|item| is_of(item, run)).map(|i| (i.at, of_item(i, 1, words))));
            let mails = self.mails.iter().filter(|mail| mail.run == run.id);
            parts.extend(mails.map(|mail| (mail.began, of_mail(mail, words))));
            parts.sort_by_key(|(at, _)| *at);
            let mut block = vec![of_run(run, words)];
            block.extend(parts.into_iter().map(|(_, part)| part));
            steps.push((run.began, block));
        }
        steps.sort_by_key(|(at, _)| *at);
        steps.into_iter().flat_map(|(_, block)| block).collect()
    }
}

fn is_of(item: &Item, run: &Run) -> bool {
    item.source == Source::Call && item.key.split('/').next() == Some(run.id.to_string().as_str())
}

fn of_item(item: &Item, depth: u8, words: &Words<'_>) -> Value {
    let kind = match item.source {
        Source::Log => "event",
        Source::Host => "act",
        Source::Call => "call",
    };
    json!({
        "kind": kind,
        "row": item.key,
        "sentence": words.sentence(item),
        "at": instant(item.at),
        "ended_at": item.ended.and_then(instant),
        "outcome": item.outcome,
        "outcome_text": words.outcome(item),
        "depth": depth,
    })
}

fn of_run(run: &Run, words: &Words<'_>) -> Value {
    json!({
        "kind": "run",
        "row": null,
        "sentence": words.say("run", json!({ "workflow": run.workflow.replace('-', " ") })),
        "at": instant(run.began),
        "ended_at": run.ended.and_then(instant),
        "outcome": run.state,
        "outcome_text": words.say(&format!("runs.{}", run.state), json!({})),
        "depth": 0,
    })
}

fn of_mail(mail: &Mail, words: &Words<'_>) -> Value {
    json!({
        "kind": "mail",
        "row": null,
        "sentence": words.say("mail", json!({ "template": mail.template.replace('-', " ") })),
        "at": instant(mail.began),
        "ended_at": mail.ended.and_then(instant),
        "outcome": mail.status,
        "outcome_text": words.say(&format!("mails.{}", mail.status), json!({})),
        "depth": 1,
    })
}

/// What changed first, then what is as it was.
fn fields(found: &Gathered, words: &Words<'_>) -> Vec<Value> {
    let item = &found.item;
    let object = |value: &Value| value.as_object().cloned();
    let (old, new) = match (item.source, &item.data, &item.change) {
        (Source::Log, Some(data), _) => (found.before.as_ref().and_then(object), object(data)),
        (Source::Host, _, Some(change)) => (object(&change["old"]), object(&change["new"])),
        _ => return Vec::new(),
    };
    let (had_before, old) = (old.is_some(), old.unwrap_or_default());
    let new = new.unwrap_or_default();
    let mut names: Vec<&String> = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name))).collect();
    let changed = |name: &String| had_before && old.get(name) != new.get(name);
    names.sort_by_key(|name| !changed(name));
    names.into_iter().map(|name| field(item, name, &old, &new, changed(name), words)).collect()
}

fn field(
    item: &Item,
    name: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    changed: bool,
    words: &Words<'_>,
) -> Value {
    let personal = [old, new].iter().filter_map(|side| side.get(name)).any(super::audit_words::is_sealed);
    let text = |side: &Map<String, Value>| {
        let value = side.get(name).filter(|_| !personal)?;
        words.value(name, value)
    };
    json!({
        "name": name,
        "title": words.field(item, name),
        "old": text(old),
        "new": text(new),
        // Each sealing of the same text differs.
        "changed": changed && !personal,
        "personal": personal,
    })
}

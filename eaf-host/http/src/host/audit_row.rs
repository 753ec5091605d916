//! `GET /api/host/audit/row`: one row of the audit trail, with its changes, its cause and all rows
//! of its trace.

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
    let doc = Entry::new("host.audit.row", "host", "One row of the audit trail")
        .required_query("source", source, "The row's source.")
        .required_query("key", key, "The row's key, as `row` in the list.")
        .answers("200", "The row, its changes and its trace.", answer())
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
        "title": { "type": "string", "description": "The title in the caller's language." },
        "old": text(),
        "new": text(),
        "changed": { "type": "boolean" },
        "personal": { "type": "boolean", "description": "The value is sealed and not shown." },
    }));
    let step = record(json!({
        "kind": { "enum": ["event", "act", "run", "call", "mail"] },
        "row": { "type": ["string", "null"], "description": "For events, acts and calls: the key of their row." },
        "sentence": { "type": "string" },
        "at": { "type": "string", "format": "date-time" },
        "ended_at": { "type": ["string", "null"], "format": "date-time" },
        "outcome": { "type": "string" },
        "outcome_text": { "type": "string" },
        "depth": { "type": "integer", "minimum": 0, "description": "1: a call or mail of the run above." },
    }));
    let cause = json!({
        "type": ["object", "null"],
        "required": ["row", "sentence"],
        "properties": { "row": { "type": "string" }, "sentence": { "type": "string" } },
        "description": "The event that started the run of this row.",
    });
    record(json!({
        "row": row(),
        "fields": { "type": "array", "items": field },
        "cause": cause,
        "trace": { "type": "array", "items": step, "description": "The steps of the trace, oldest first." },
    }))
}

async fn read(State(app): State<App>, who: TenantCaller, parameters: Parameters) -> Result<Json<Value>, Problem> {
    let known = parameters.once(|name| name == "source" || name == "key")?;
    let value = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let source = value("source").and_then(|source| source.parse::<Source>().ok());
    let source = source.ok_or_else(|| Problem::parameter("source", "invalid"))?;
    let key = value("key").ok_or_else(|| Problem::parameter("key", "required"))?;
    let found = load(&app, &who, source, key).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
    let words = Words::of(&app, &who.caller, &found.all_items()).await?;
    Ok(Json(json!({
        "row": shown(&found.item, &words),
        "fields": fields(&found, &words),
        "cause": found.cause().map(|item| json!({ "row": item.key, "sentence": words.sentence(item) })),
        "trace": found.steps(&words),
    })))
}

/// Row of the audit trail, with all rows, runs and mails of its trace.
struct RowContext {
    item: Item,
    before: Option<Value>,
    items: Vec<Item>,
    runs: Vec<Run>,
    mails: Vec<Mail>,
}

async fn load(app: &App, who: &TenantCaller, source: Source, key: &str) -> Result<Option<RowContext>, Problem> {
    let mut tx = app.core.db.tenant(who.caller.tenant).await?;
    let Some(item) = detail::find(&mut tx, source, key).await? else { return Ok(None) };
    let before = detail::previous_data(&mut tx, &item).await?;
    let trace = &item.trace;
    if trace.0.is_empty() {
        return Ok(Some(RowContext { items: vec![item.clone()], item, before, runs: Vec::new(), mails: Vec::new() }));
    }
    let runs = detail::runs(&mut tx, trace).await?;
    let mails = detail::mails(&mut tx, trace).await?;
    let mut items = detail::acts_and_calls(&mut tx, trace).await?;
    let mut known: Vec<i64> = runs.iter().map(|run| run.started_by).collect();
    let mut streams: Vec<String> = runs.iter().flat_map(|run| things::streams_of(app, &run.plugin, &run.key)).collect();
    if item.source == Source::Log {
        known.extend(item.key.parse::<i64>());
        streams.push(item.object.clone());
    }
    items.extend(detail::events(&mut tx, trace, &known, &streams).await?);
    items.sort_by_key(|item| item.at);
    Ok(Some(RowContext { item, before, items, runs, mails }))
}

impl RowContext {
    fn all_items(&self) -> Vec<Item> {
        std::iter::once(&self.item).chain(&self.items).cloned().collect()
    }

    /// Event that started the run to which this row belongs: a call to the run that made it, an
    /// event to the latest run of the trace that began before it. `None`: the row belongs to no
    /// run.
    fn cause(&self) -> Option<&Item> {
        let run = match self.item.source {
            Source::Call => self.runs.iter().find(|run| belongs_to(&self.item, run)),
            Source::Log => self.runs.iter().rfind(|run| run.began <= self.item.at),
            Source::Host => None,
        }?;
        let started = run.started_by.to_string();
        let mut events = self.items.iter().filter(|item| item.source == Source::Log && item.key != self.item.key);
        events.find(|item| item.key == started)
    }

    /// Steps of the trace by time, each run followed by its calls and mails.
    fn steps(&self, words: &Words<'_>) -> Vec<Value> {
        let mut steps: Vec<(OffsetDateTime, Vec<Value>)> = Vec::new();
        let has_no_run = |item: &&Item| !self.runs.iter().any(|run| belongs_to(item, run));
        for item in self.items.iter().filter(has_no_run) {
            steps.push((item.at, vec![item_step(item, 0, words)]));
        }
        for run in &self.runs {
            let mut parts: Vec<(OffsetDateTime, Value)> = Vec::new();
            parts
                .extend(self.items.iter().filter(|item| belongs_to(item, run)).map(|i| (i.at, item_step(i, 1, words))));
            let mails = self.mails.iter().filter(|mail| mail.run == run.id);
            parts.extend(mails.map(|mail| (mail.began, mail_step(mail, words))));
            parts.sort_by_key(|(at, _)| *at);
            let mut block = vec![run_step(run, words)];
            block.extend(parts.into_iter().map(|(_, part)| part));
            steps.push((run.began, block));
        }
        steps.sort_by_key(|(at, _)| *at);
        steps.into_iter().flat_map(|(_, block)| block).collect()
    }
}

fn belongs_to(item: &Item, run: &Run) -> bool {
    item.source == Source::Call && item.key.split('/').next() == Some(run.id.to_string().as_str())
}

fn item_step(item: &Item, depth: u8, words: &Words<'_>) -> Value {
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

fn run_step(run: &Run, words: &Words<'_>) -> Value {
    json!({
        "kind": "run",
        "row": null,
        "sentence": words.render("run", json!({ "workflow": run.workflow.replace('-', " ") })),
        "at": instant(run.began),
        "ended_at": run.ended.and_then(instant),
        "outcome": run.state,
        "outcome_text": words.render(&format!("runs.{}", run.state), json!({})),
        "depth": 0,
    })
}

fn mail_step(mail: &Mail, words: &Words<'_>) -> Value {
    json!({
        "kind": "mail",
        "row": null,
        "sentence": words.render("mail", json!({ "template": mail.template.replace('-', " ") })),
        "at": instant(mail.began),
        "ended_at": mail.ended.and_then(instant),
        "outcome": mail.status,
        "outcome_text": words.render(&format!("mails.{}", mail.status), json!({})),
        "depth": 1,
    })
}

/// Members of the row's event, or settings that the row's act changed. Changed ones are first.
fn fields(found: &RowContext, words: &Words<'_>) -> Vec<Value> {
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
        // Sealed values of the same text differ, so a difference says nothing.
        "changed": changed && !personal,
        "personal": personal,
    })
}

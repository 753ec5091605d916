//! Product for tests: notes that people write and archive.

use async_trait::async_trait;
use eaf_core::contract::*;
use serde_json::{Map, Value, json};

pub const DIGEST: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

pub struct Notes {
    description: Description,
    generation: i64,
}

impl Notes {
    pub fn new(generation: i64) -> Self {
        Notes { description: description(), generation }
    }

    /// Package whose newer version of the command requires a longer title.
    pub fn stricter(generation: i64) -> Self {
        let mut notes = Notes::new(generation);
        let write = &mut notes.description.commands[0];
        write.version += 1;
        write.schema["properties"]["title"]["minLength"] = json!(15);
        notes
    }
}

#[expect(clippy::too_many_lines, reason = "one document: the description of a plugin")]
pub fn description() -> Description {
    let event = |kind: &str| json!({ "type": kind, "schema_version": 1, "schema": { "type": "object" } });
    let body = json!({
        "type": "object",
        "required": ["title", "text"],
        "additionalProperties": false,
        "properties": {
            "title": {
                "type": "string", "minLength": 1, "maxLength": 20,
                "x-eaf-choices": { "capability": "echo", "grant": "room", "of": "room" },
            },
            "text": { "type": "string", "minLength": 10, "maxLength": 2000 },
        },
    });
    let id = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    serde_json::from_value(json!({
        "commands": [
            { "name": "write-note", "version": 1, "permission": "write", "schema": body },
            { "name": "archive-note", "version": 1, "permission": "archive", "schema": id },
            { "name": "sweep", "version": 1, "permission": null, "schema": { "type": "object" } },
        ],
        "events": [event("written"), event("archived")],
        "views": [{
            "name": "notes",
            "version": 1,
            "columns": [
                { "name": "title", "type": "text", "filter": true, "sort": true },
                { "name": "text", "type": "text" },
                { "name": "author", "type": "text" },
                { "name": "status", "type": "text", "filter": true },
                { "name": "terminal", "type": "boolean" },
                { "name": "written_at", "type": "timestamp", "sort": true },
                { "name": "waiting_for", "type": "json" },
            ],
            "read": [
                { "permission": "read-all", "own": null },
                { "permission": "write", "own": "author" },
                { "permission": "write", "own": null, "asked": "waiting_for" },
            ],
            "events": ["written", "archived"],
            "thing": { "name": "title", "streams": ["note"] },
            "people": ["/author"],
        }, {
            "name": "history",
            "version": 1,
            "columns": [
                { "name": "note", "type": "text", "filter": true },
                { "name": "act", "type": "text" },
            ],
            "read": [
                { "permission": "read-all", "own": null },
                { "permission": "write", "own": null, "through": { "column": "note", "view": "notes" } },
            ],
            "events": ["written", "archived"],
        }],
        "permissions": [
            { "name": "write", "roles": ["requester", "admin"] },
            { "name": "archive", "roles": ["admin"] },
            { "name": "read-all", "roles": ["admin", "auditor"] },
        ],
        "workflows": [{
            "name": "remind",
            "version": 1,
            "triggers": [{ "event": "written", "key": "/topic", "subject": "/author" }],
        }],
        "settings": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "longest": { "type": "integer", "minimum": 10, "maximum": 2000, "default": 2000 },
                "closed": { "type": "boolean", "default": false },
                "tone": { "type": "string", "enum": ["plain", "warm"], "default": "plain" },
            },
        },
    }))
    .expect("a description")
}

fn stream(command: &Command, context: &Context) -> String {
    match command.body["id"].as_str() {
        Some(id) => format!("note/{id}"),
        None => format!("note/{}", context.command_id),
    }
}

/// Reference to the people who may read all notes.
fn readers() -> Value {
    json!({ "x-eaf-people": { "permissions": ["read-all"] } })
}

fn no(kind: RejectionKind, code: &str, fields: Vec<FieldError>) -> Decision {
    let params = Map::from_iter([("title".to_owned(), json!("taken")), ("readers".to_owned(), readers())]);
    Decision::Rejected(Rejection { kind, code: code.into(), params, fields })
}

#[async_trait]
impl Domain for Notes {
    fn plugin(&self) -> &str {
        "notes"
    }
    fn digest(&self) -> &str {
        DIGEST
    }
    fn generation(&self) -> i64 {
        self.generation
    }
    fn description(&self) -> &Description {
        &self.description
    }

    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        let stream = stream(&input.command, &input.context);
        Ok(BoundaryOutput { streams: vec![StreamRef { stream, mode: StreamMode::Guard }], people: Vec::new() })
    }

    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        let (command, context) = (&input.command, &input.context);
        let exists = input.streams.iter().any(|stream| stream.version > 0);
        let stream = stream(command, context);
        let key = stream.trim_start_matches("note/").to_owned();
        let title = command.body["title"].as_str().unwrap_or_default();
        let (kind, data) = match command.name.as_str() {
            "write-note" if title == "trap" => return Err(DomainError::Trap("canary-panic at src/lib.rs".into())),
            "write-note" if context.settings["closed"] == true => {
                return Ok(no(RejectionKind::Conflict, "closed", Vec::new()));
            }
            "write-note" if title == "outside" => ("elsewhere", Value::Null),
            "write-note" if title == "taken" => {
                let field = FieldError { pointer: "/title".into(), code: "title-taken".into(), params: Map::new() };
                return Ok(no(RejectionKind::Conflict, "title-taken", vec![field]));
            }
            "write-note" => (
                "written",
                json!({ "title": title, "text": command.body["text"], "author": context.actor.id, "topic": "topic-1" }),
            ),
            _ if !exists => return Ok(no(RejectionKind::NotFound, "no-such-note", Vec::new())),
            _ => ("archived", json!({})),
        };
        let stream = if kind == "elsewhere" { "note/elsewhere".to_owned() } else { stream };
        let kind = if kind == "elsewhere" { "archived" } else { kind };
        Ok(Decision::Accepted(Accepted {
            events: vec![NewEvent { stream, kind: kind.into(), schema: 1, data }],
            subject: Some(Subject { view: "notes".into(), key }),
            preview: Some(Map::from_iter([("reading".to_owned(), json!({ "minutes": 1, "people": readers() }))])),
        }))
    }

    async fn fold(&self, _: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        Ok(None)
    }
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError> {
        let keys = input.events.iter().map(|event| match input.view.as_str() {
            "history" => event.id.to_string(),
            _ => event.stream.trim_start_matches("note/").to_owned(),
        });
        Ok(KeysOutput { keys: keys.collect() })
    }

    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError> {
        let change = |event: &Recorded| {
            let key = event.stream.trim_start_matches("note/").to_owned();
            if input.view == "history" {
                let row = Map::from_iter([("note".to_owned(), key.into()), ("act".to_owned(), json!(event.kind))]);
                return RowChange::Upsert { key: event.id.to_string(), row };
            }
            if event.kind == "archived" {
                let set = [("status", json!("archived")), ("terminal", json!(true)), ("waiting_for", Value::Null)];
                return RowChange::Patch {
                    key,
                    set: set.map(|(name, value)| (name.into(), value)).into_iter().collect(),
                };
            }
            let mut row = event.data.as_object().cloned().unwrap_or_default();
            row.remove("topic");
            row.insert("status".into(), json!("open"));
            row.insert("terminal".into(), json!(false));
            row.insert("written_at".into(), json!(event.at));
            row.insert("waiting_for".into(), json!({ "permissions": ["archive"], "except": [event.data["author"]] }));
            RowChange::Upsert { key, row }
        };
        Ok(ProjectOutput { changes: input.events.iter().map(change).collect() })
    }

    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError> {
        if input.view == "history" {
            let nothing = || RowActions { waiting_on: None, actions: Vec::new() };
            return Ok(ActionsOutput { items: input.rows.iter().map(|_| nothing()).collect() });
        }
        let is_closed = input.context.settings["closed"] == true;
        let may = input.context.actor.permissions.iter().any(|permission| permission == "archive");
        let message = |code: &str| Message { code: code.into(), params: Map::new() };
        let others = json!({ "x-eaf-people": { "permissions": ["read-all"], "except": [input.context.actor.id] } });
        let reader = |row: &Map<String, Value>| Message {
            code: "reader".into(),
            params: Map::from_iter([
                ("since".to_owned(), row["written_at"].clone()),
                ("people".to_owned(), others.clone()),
            ]),
        };
        // Rows that make the package fail, each in its own way.
        let is_titled = |title: &str| input.rows.iter().any(|row| row["title"] == title);
        if is_titled("trap-row") {
            return Err(DomainError::Trap("canary-panic at src/lib.rs".into()));
        }
        if is_titled("refused-row") {
            let retry_after = std::time::Duration::from_secs(7);
            return Err(DomainError::Unavailable { why: "a test wants it", retry_after });
        }
        let item = |row: &Map<String, Value>| {
            assert!(row["written_at"].is_i64(), "instants are milliseconds for plugins");
            let open = row["status"] == json!("open");
            RowActions {
                waiting_on: open.then(|| reader(row)),
                actions: vec![Action {
                    command: "archive-note".into(),
                    allowed: may && open && !is_closed,
                    why: (!may).then(|| message("only-admins")),
                    body: Map::from_iter([("id".to_owned(), row["key"].clone())]),
                }],
            }
        };
        Ok(ActionsOutput { items: input.rows.iter().map(item).collect() })
    }
}

pub const DE: &str = "
[commands]
write-note = 'Notiz schreiben'
archive-note = 'Notiz ablegen'
[rejections]
title-taken = 'Den Titel „{{ title }}“ gibt es schon.'
no-such-note = 'Diese Notiz gibt es nicht.'
closed = 'Notizen sind zurzeit geschlossen.'
only-admins = 'Das dürfen nur Administratoren.'
[waiting]
reader = 'Wartet auf {{ people|names }}.'
[status]
open = 'offen'
archived = 'abgelegt'
[events]
written = 'Notiz geschrieben'
[audit]
written = '{{ who }} hat „{{ thing }}“ für {{ people.author }} geschrieben.'
[reasons]
title-taken = 'Der Titel war vergeben.'
[settings.longest]
label = 'Längste Notiz'
hint = 'In Zeichen.'
[settings.closed]
label = 'Geschlossen'
[settings.tone]
label = 'Ton'
[settings.tone.options]
plain = 'schlicht'
warm = 'herzlich'
";

pub const EN: &str = "
[commands]
write-note = 'Write a note'
archive-note = 'Archive the note'
[rejections]
title-taken = 'The title “{{ title }}” is taken.'
no-such-note = 'There is no such note.'
closed = 'Notes are closed at present.'
only-admins = 'Only administrators may do this.'
[waiting]
reader = 'Waits for {{ people|names }}.'
[status]
open = 'open'
archived = 'archived'
[events]
written = 'Note written'
[audit]
written = '{{ who }} wrote “{{ thing }}” for {{ people.author }}.'
[reasons]
title-taken = 'The title was taken.'
[settings.longest]
label = 'Longest note'
hint = 'In characters.'
[settings.closed]
label = 'Closed'
[settings.tone]
label = 'Tone'
[settings.tone.options]
plain = 'plain'
warm = 'warm'
";

//! Test plugin in Rust: people sign guest books. Some of its commands violate the rules on purpose.

use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::contract::*;
use eaf_core::event_store::AppendRequest;
use eaf_core::id::TenantId;
use serde_json::{Map, Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

pub const PLUGIN: &str = "guestbook";
/// Number of signatures in a full book.
pub const PAGES: u64 = 3;

pub struct Guestbook {
    description: Description,
    pub generation: i64,
    pub decided: AtomicUsize,
    /// Append requests that the next decisions make, one request per decision, so that these
    /// decisions conflict.
    pub conflicts: Mutex<Vec<(Core, TenantId, AppendRequest)>>,
}

impl Guestbook {
    pub fn new() -> Self {
        let command = |name: &str| CommandType {
            name: name.into(),
            version: 1,
            permission: Some("sign".into()),
            schema: json!({"properties": {
                "about": {"x-eaf-personal": {"subject": "whom"}},
                "whom": {},
                "note": {"x-eaf-personal": {"subject": "$actor"}},
                "host": {"x-eaf-person": {}},
                "witnesses": {"type": "array", "items": {"x-eaf-person": {"permission": "sign"}}},
            }}),
        };
        let commands = [
            "sign",
            "look",
            "stray",
            "write-read",
            "undeclared",
            "many",
            "huge",
            "stranger",
            "copied",
            "loud",
            "reserved",
            "deep",
            "endless",
            "wide",
        ];
        let signed = json!({
            "$ref": "#/$defs/Signed",
            "$defs": {"Signed": {"type": "object", "properties": {
                "who": {"type": "string"},
                "name": {"type": "string", "x-eaf-personal": {"subject": "who"}},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "x-eaf-personal": {"subject": "who"}},
                "page": {"type": "integer"},
            }}},
        });
        Guestbook {
            description: Description {
                commands: commands.map(command).into(),
                events: vec![EventType { kind: "signed".into(), schema_version: 1, schema: signed }],
                views: Vec::new(),
                permissions: vec![Permission { name: "sign".into(), roles: vec!["approver".into()] }],
                workflows: Vec::new(),
                settings: None,
            },
            generation: 1,
            decided: AtomicUsize::new(0),
            conflicts: Mutex::default(),
        }
    }

    /// Changes the name and version of the first command, as another package would. Returns the
    /// former version.
    pub fn commands(&mut self, name: &str, version: u16) -> u16 {
        let first = &mut self.description.commands[0];
        first.name = name.into();
        std::mem::replace(&mut first.version, version)
    }
}

#[async_trait]
impl Domain for Guestbook {
    fn plugin(&self) -> &str {
        PLUGIN
    }
    fn digest(&self) -> &str {
        "d1ge57"
    }
    fn generation(&self) -> i64 {
        self.generation
    }
    fn description(&self) -> &Description {
        &self.description
    }

    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        let named = |stream: String, mode| StreamRef { stream, mode };
        let book = named(book(&input.command), StreamMode::Guard);
        let rounds = input.loaded.len();
        let streams = match input.command.name.as_str() {
            "write-read" => vec![named(book.stream, StreamMode::Read)],
            "deep" if rounds < 4 => vec![named(format!("book/deep-{rounds}"), StreamMode::Guard)],
            "deep" => Vec::new(),
            "endless" => vec![named(format!("book/endless-{rounds}"), StreamMode::Read)],
            "wide" => (0..33).map(|n| named(format!("book/wide-{n}"), StreamMode::Read)).collect(),
            _ => vec![book, named("house/rules".into(), StreamMode::Read)],
        };
        Ok(BoundaryOutput { streams, people: Vec::new() })
    }

    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        self.decided.fetch_add(1, Ordering::SeqCst);
        let conflict = self.conflicts.lock().unwrap().pop();
        if let Some((core, tenant, request)) = conflict {
            core.appender.append(tenant, request).await.map_err(|error| DomainError::Host(error.to_string()))?;
        }
        let version = input.streams.first().map_or(0, |stream| stream.version);
        if version >= PAGES {
            let params = Map::from_iter([("pages".to_owned(), json!(PAGES))]);
            let rejection =
                Rejection { kind: RejectionKind::Conflict, code: "full".into(), params, fields: Vec::new() };
            return Ok(Decision::Rejected(rejection));
        }
        if input.command.name == "loud" {
            let size = input.command.body["size"].as_u64().unwrap_or_default();
            let params = Map::from_iter([("echo".to_owned(), json!("x".repeat(size as usize)))]);
            let kind = RejectionKind::Invalid;
            return Ok(Decision::Rejected(Rejection { kind, code: "loud".into(), params, fields: Vec::new() }));
        }
        let stream = book(&input.command);
        let actor = input.context.actor;
        let data =
            json!({"who": actor.id, "name": actor.name, "note": input.command.body["note"], "page": version + 1});
        let event =
            |stream: &str, data: Value| NewEvent { stream: stream.into(), kind: "signed".into(), schema: 1, data };
        let events = match input.command.name.as_str() {
            "look" => Vec::new(),
            "stray" => vec![event("book/other", data)],
            "undeclared" => vec![NewEvent { kind: "burnt".into(), ..event(&stream, data) }],
            "many" => (0..257).map(|_| event(&stream, data.clone())).collect(),
            "huge" => vec![event(&stream, json!({"page": "x".repeat(256 * 1024)}))],
            // The subject is read from the body, in which the command's schema does not declare it.
            "copied" => {
                let who = &input.command.body["of"]["whom"];
                vec![event(&stream, json!({"who": who, "name": "Ben Bussard"}))]
            }
            "stranger" => vec![event(&stream, json!({"who": "nobody", "name": "Ben Bussard"}))],
            "reserved" => vec![event(&stream, json!({"page": {"$sealed": "AAAA"}}))],
            "deep" => vec![event("book/deep-3", data)],
            _ => vec![event(&stream, data)],
        };
        Ok(Decision::Accepted(Accepted { events, subject: None, preview: None }))
    }

    async fn fold(&self, _: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        Ok(None)
    }
    async fn keys(&self, _: KeysInput) -> Result<KeysOutput, DomainError> {
        Ok(KeysOutput { keys: Vec::new() })
    }
    async fn project(&self, _: ProjectInput) -> Result<ProjectOutput, DomainError> {
        Ok(ProjectOutput { changes: Vec::new() })
    }
    async fn actions(&self, _: ActionsInput) -> Result<ActionsOutput, DomainError> {
        Ok(ActionsOutput { items: Vec::new() })
    }
}

fn book(command: &Command) -> String {
    format!("book/{}", command.body["book"].as_str().unwrap_or("main"))
}

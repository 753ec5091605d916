//! Test plugin with any number of views. Each event becomes a new row of a view, with two declared
//! indexes.

use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::actor::ActorKind;
use eaf_core::contract::*;
use eaf_core::event_store::{AppendRequest, Meta, Outcome, PendingEvent, StreamWrite};
use eaf_core::id::{ActorId, CommandId, EventId, StreamId, TenantId};
use serde_json::{Map, Value, json};

pub const PLUGIN: &str = "ledger";

pub struct Ledger(Description);

impl Ledger {
    pub fn new(views: usize) -> Ledger {
        let booked = EventType { kind: "booked".into(), schema_version: 1, schema: json!({ "type": "object" }) };
        let views = (0..views).map(|n| view(&format!("entries-{n}"))).collect();
        let (commands, permissions, workflows) = (Vec::new(), Vec::new(), Vec::new());
        Ledger(Description { commands, events: vec![booked], views, permissions, workflows, settings: None })
    }

    pub fn view(&self) -> &ViewType {
        &self.0.views[0]
    }
}

fn view(name: &str) -> ViewType {
    let column = |name: &str, kind, filter, sort| Column { name: name.into(), kind, filter, sort, search: false };
    ViewType {
        name: name.into(),
        version: 1,
        columns: vec![
            column("owner", ColumnType::Text, true, false),
            column("booked_at", ColumnType::Timestamp, false, true),
            column("text", ColumnType::Text, false, false),
            column("cents", ColumnType::Integer, false, false),
            column("status", ColumnType::Text, false, false),
        ],
        read: vec![
            ReadRule { permission: "read".into(), own: None, asked: None, through: None },
            ReadRule { permission: "mine".into(), own: Some("owner".into()), asked: None, through: None },
        ],
        events: vec!["booked".into()],
        thing: None,
        on_departure: None,
        people: Vec::new(),
    }
}

/// Appends `count` events of a tenant, 200 per request.
pub async fn book(core: &Core, tenant: TenantId, count: usize) {
    const AT_ONCE: usize = 200;
    let stream = "ledger/book/1";
    let meta = Meta {
        actor: ActorId::SYSTEM,
        actor_kind: ActorKind::System,
        command_id: CommandId(core.ambient.uuid()),
        trace_id: "0".repeat(32),
        span_id: None,
        stream: stream.into(),
        plugin: PLUGIN.into(),
        generation: 1,
        digest: "0".repeat(64),
    };
    let meta = serde_json::to_vec(&meta).expect("metadata is JSON");
    for first in (0..count).step_by(AT_ONCE) {
        let event = |n: usize| {
            PendingEvent {
            stream: 0,
            id: EventId(core.ambient.uuid()),
            kind: "ledger.booked".into(),
            schema: 1,
            data: json!({ "key": format!("entry-{n}"), "owner": format!("owner-{}", n % 100), "cents": n, "text": "t".repeat(200) })
                .to_string()
                .into_bytes(),
            meta: meta.clone(),
        }
        };
        let request = AppendRequest {
            actor: ActorId::SYSTEM,
            key: core.ambient.uuid().to_string(),
            fingerprint: [0; 32],
            answer: Vec::new(),
            fence: None,
            streams: vec![StreamWrite { stream: StreamId::derive(tenant, stream), expected: None }],
            events: (first..count.min(first + AT_ONCE)).map(event).collect(),
        };
        let outcome = core.appender.append(tenant, request).await.expect("an answer");
        assert!(matches!(outcome, Outcome::Ok { .. }), "{outcome:?}");
    }
}

#[async_trait]
impl Domain for Ledger {
    fn plugin(&self) -> &str {
        PLUGIN
    }
    fn digest(&self) -> &str {
        "00"
    }
    fn generation(&self) -> i64 {
        1
    }
    fn description(&self) -> &Description {
        &self.0
    }
    async fn boundary(&self, _: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        Ok(BoundaryOutput { streams: Vec::new(), people: Vec::new() })
    }
    async fn decide(&self, _: DecideInput) -> Result<Decision, DomainError> {
        Err(DomainError::Host("nothing is decided here".into()))
    }
    async fn fold(&self, _: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        Ok(None)
    }
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError> {
        Ok(KeysOutput { keys: input.events.iter().map(|event| text(&event.data, "key")).collect() })
    }
    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError> {
        let change = |event: &Recorded| {
            let mut row = Map::new();
            row.insert("owner".into(), event.data["owner"].clone());
            row.insert("booked_at".into(), event.at.into());
            row.insert("text".into(), event.data["text"].clone());
            row.insert("cents".into(), event.data["cents"].clone());
            row.insert("status".into(), "booked".into());
            RowChange::Upsert { key: text(&event.data, "key"), row }
        };
        Ok(ProjectOutput { changes: input.events.iter().map(change).collect() })
    }
    async fn actions(&self, _: ActionsInput) -> Result<ActionsOutput, DomainError> {
        Ok(ActionsOutput { items: Vec::new() })
    }
}

fn text(data: &Value, member: &str) -> String {
    data[member].as_str().expect("a text").to_owned()
}

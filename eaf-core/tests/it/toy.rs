//! Test plugin `toy`. Its events contain the row changes of its view.

use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::actor::ActorKind;
use eaf_core::consumers::prepare;
use eaf_core::contract::*;
use eaf_core::crypto::personal;
use eaf_core::directory::add_tenant;
use eaf_core::event_store::{AppendRequest, Meta, Outcome, PendingEvent, Position, StreamWrite};
use eaf_core::id::{ActorId, CommandId, EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use eaf_core::view::PackageView;
use serde_json::{Map, Value, json};

pub struct Toy {
    description: Description,
    /// Digest of the package.
    pub digest: &'static str,
}

impl Toy {
    pub fn new() -> Self {
        Toy::of_version(1)
    }

    pub fn of_version(version: u16) -> Self {
        let workflow = |name: &str| WorkflowType {
            name: name.into(),
            version: 1,
            triggers: vec![Trigger { event: "ordered".into(), key: "/key".into(), subject: "/subject".into() }],
            on_stall: None,
            on_failure: None,
        };
        Toy {
            digest: "00",
            description: Description {
                commands: vec![],
                events: ["changed", "counted", "heavy", "broken", "ordered"].map(happens).into(),
                views: vec![things(version), others(version)],
                permissions: vec![],
                workflows: vec![workflow("act"), workflow("later")],
                settings: None,
            },
        }
    }

    /// Toy plugin whose view `others` has this read rule alone.
    pub fn with_rule(rule: ReadRule) -> Self {
        let mut toy = Toy::new();
        toy.description.views[1].read = vec![rule];
        toy
    }

    /// Toy plugin whose view has one column with another type.
    pub fn retyped() -> Self {
        let mut toy = Toy::new();
        for column in toy.description.views.iter_mut().flat_map(|view| &mut view.columns) {
            if column.name == "done" {
                column.kind = ColumnType::Text;
            }
        }
        toy
    }

    pub fn without_workflow(name: &str) -> Self {
        let mut toy = Toy::new();
        toy.description.workflows.retain(|workflow| workflow.name != name);
        toy
    }

    pub fn with_settings(schema: Value) -> Self {
        let mut toy = Toy::new();
        toy.description.settings = Some(schema);
        toy
    }

    pub fn without_views() -> Self {
        let mut toy = Toy::new();
        toy.description.views.clear();
        toy
    }

    pub fn drop_view(&mut self, name: &str) {
        self.description.views.retain(|view| view.name != name);
    }

    pub fn view(&self) -> &ViewType {
        &self.description.views[0]
    }

    /// View whose rows are readable through the row of `things` that their `owner` names.
    pub fn others(&self) -> PackageView<'_> {
        PackageView::new("toy", &self.description.views[1], &self.description)
    }
}

/// Creates a database with the tables of the toy plugin, and one tenant.
pub async fn home() -> (Database, Core, Toy, TenantId) {
    let database = Database::fresh().await;
    let (core, toy) = (database.core().await, Toy::new());
    prepare(&core.db, &toy).await.unwrap();
    let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    (database, core, toy, tenant)
}

pub fn through(column: &str, view: &str) -> ReadRule {
    let through = Some(Through { column: column.into(), view: view.into(), open_by: None });
    ReadRule { permission: "act".into(), own: None, asked: None, through }
}

/// Read rule by an open row of the other view, whose column `open_by` has the value of `column`.
pub fn while_open(column: &str, view: &str, open_by: &str) -> ReadRule {
    let through = Some(Through { column: column.into(), view: view.into(), open_by: Some(open_by.into()) });
    ReadRule { permission: "act".into(), own: None, asked: None, through }
}

fn others(version: u16) -> ViewType {
    let read =
        vec![ReadRule { permission: "read".into(), own: None, asked: None, through: None }, through("owner", "things")];
    ViewType { name: "others".into(), read, ..things(version) }
}

fn happens(kind: &str) -> EventType {
    EventType { kind: kind.into(), schema_version: 2, schema: json!({ "type": "object" }) }
}

fn things(version: u16) -> ViewType {
    let column = |name: &str, kind, filter, sort| Column { name: name.into(), kind, filter, sort, search: false };
    ViewType {
        name: "things".into(),
        version,
        columns: vec![
            column("owner", ColumnType::Text, true, false),
            Column { search: true, ..column("name", ColumnType::Text, true, true) },
            column("size", ColumnType::Integer, true, true),
            column("at", ColumnType::Timestamp, true, true),
            column("done", ColumnType::Boolean, true, false),
            column("terminal", ColumnType::Boolean, true, false),
            column("facts", ColumnType::Json, false, false),
            column("waits_for", ColumnType::Json, false, false),
        ],
        read: vec![
            ReadRule { permission: "read".into(), own: None, asked: None, through: None },
            ReadRule { permission: "mine".into(), own: Some("owner".into()), asked: None, through: None },
            ReadRule { permission: "act".into(), own: None, asked: Some("waits_for".into()), through: None },
        ],
        events: vec!["changed".into(), "counted".into(), "heavy".into(), "broken".into()],
        thing: None,
        on_departure: None,
        people: Vec::new(),
    }
}

#[async_trait]
impl Domain for Toy {
    fn plugin(&self) -> &str {
        "toy"
    }
    fn digest(&self) -> &str {
        self.digest
    }
    fn generation(&self) -> i64 {
        1
    }
    fn description(&self) -> &Description {
        &self.description
    }
    async fn boundary(&self, _: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        Err(DomainError::Host("not in this test".into()))
    }
    async fn decide(&self, _: DecideInput) -> Result<Decision, DomainError> {
        Err(DomainError::Host("not in this test".into()))
    }
    async fn fold(&self, _: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        Ok(None)
    }
    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError> {
        let key = |event: &Recorded| event.data["key"].as_str().map(str::to_owned);
        Ok(KeysOutput { keys: input.events.iter().filter_map(key).collect() })
    }
    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError> {
        // The component fails on large batches, as a limit of memory or time makes it.
        if input.events.iter().filter(|event| event.kind == "heavy").count() > 10 {
            return Err(DomainError::Deadline);
        }
        let mut counts: Map<String, Value> = Map::new();
        let mut changes = Vec::new();
        for event in input.events {
            match event.kind.as_str() {
                "changed" => changes.push(serde_json::from_value(event.data).map_err(DomainError::Malformed)?),
                "counted" | "heavy" => {
                    let key = event.data["key"].as_str().unwrap_or_default().to_owned();
                    let before = counts.get(&key).or_else(|| input.rows.get(&key)?.get("size"));
                    let size = before.and_then(Value::as_i64).unwrap_or(0) + 1;
                    counts.insert(key.clone(), size.into());
                    changes.push(RowChange::Upsert { key, row: map(json!({ "size": size })) });
                }
                // The event fails in one of the two views.
                "broken" if input.view == "things" => return Err(DomainError::Trap("canary-of-a-trap".into())),
                _ => {}
            }
        }
        Ok(ProjectOutput { changes })
    }
    async fn actions(&self, _: ActionsInput) -> Result<ActionsOutput, DomainError> {
        Err(DomainError::Host("not in this test".into()))
    }
}

pub fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

pub fn upsert(key: &str, row: Value) -> (&'static str, Value) {
    ("changed", json!({"op": "upsert", "key": key, "row": row}))
}

pub fn patch(key: &str, set: Value) -> (&'static str, Value) {
    ("changed", json!({"op": "patch", "key": key, "set": set}))
}

pub fn delete(key: &str) -> (&'static str, Value) {
    ("changed", json!({"op": "delete", "key": key}))
}

pub fn counted(key: &str) -> (&'static str, Value) {
    ("counted", json!({ "key": key }))
}

pub fn ordered(key: &str) -> (&'static str, Value) {
    ("ordered", json!({ "key": key, "subject": ActorId(uuid::Uuid::from_u128(9)) }))
}

/// Appends events to one stream, and returns the last position.
pub async fn record(core: &Core, tenant: TenantId, events: Vec<(&str, Value)>) -> Position {
    let with_id = |(kind, data)| (EventId(core.ambient.uuid()), kind, data);
    put(core, tenant, 1, events.into_iter().map(with_id).collect()).await
}

/// Appends an event with this schema version, as a package of another version would.
pub async fn record_version(core: &Core, tenant: TenantId, schema: u16, (kind, data): (&str, Value)) -> Position {
    put(core, tenant, schema, vec![(EventId(core.ambient.uuid()), kind, data)]).await
}

/// Appends an event with its personal fields sealed, as the command bus does.
pub async fn record_sealed(core: &Core, tenant: TenantId, (kind, mut data): (&str, Value), schema: &Value) -> Position {
    let id = EventId(core.ambient.uuid());
    let mut tx = core.db.tenant(tenant).await.unwrap();
    personal::encrypt(&core.keyring, &mut tx, schema, &format!("event/{id}"), &mut data).await.unwrap();
    tx.commit().await.unwrap();
    put(core, tenant, 1, vec![(id, kind, data)]).await
}

async fn put(core: &Core, tenant: TenantId, schema: u16, events: Vec<(EventId, &str, Value)>) -> Position {
    let stream = "toy/stream/1";
    let meta = Meta {
        actor: ActorId::SYSTEM,
        actor_kind: ActorKind::System,
        command_id: CommandId(core.ambient.uuid()),
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        span_id: None,
        stream: stream.into(),
        plugin: "toy".into(),
        generation: 1,
        digest: "00".into(),
    };
    let meta = serde_json::to_vec(&meta).unwrap();
    let pending = |(id, kind, data): (EventId, &str, Value)| PendingEvent {
        stream: 0,
        id,
        kind: format!("toy.{kind}"),
        schema,
        data: serde_json::to_vec(&data).unwrap(),
        meta: meta.clone(),
    };
    let request = AppendRequest {
        actor: ActorId::SYSTEM,
        key: core.ambient.uuid().to_string(),
        fingerprint: [0; 32],
        answer: vec![],
        fence: None,
        streams: vec![StreamWrite { stream: StreamId::derive(tenant, stream), expected: None }],
        events: events.into_iter().map(pending).collect(),
    };
    match core.appender.append(tenant, request).await.unwrap() {
        Outcome::Ok { positions: Some((_, last)) } => last,
        other => panic!("not recorded: {other:?}"),
    }
}

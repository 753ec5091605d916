//! Minimal plugin `tally`. Its command guards the stream that the body names, and writes one event
//! to this stream.

use async_trait::async_trait;
use eaf_core::command_bus::{Answer, Error, Request};
use eaf_core::contract::*;
use eaf_core::id::TenantId;
use eaf_core::testing::{Database, person};
use eaf_core::{Core, directory};
use serde_json::json;
use std::sync::Arc;

pub struct Tally {
    description: Description,
    folds: bool,
}

impl Tally {
    /// Creates the plugin `tally`, with a package that is active in the database.
    pub async fn in_force(database: &Database) -> Arc<Tally> {
        Tally::new(database, false).await
    }

    /// Creates the plugin `tally` like [`in_force`](Self::in_force) does. This one also folds the
    /// number of events, so that the host can store snapshots.
    pub async fn folding(database: &Database) -> Arc<Tally> {
        Tally::new(database, true).await
    }

    async fn new(database: &Database, folds: bool) -> Arc<Tally> {
        database.run("select eaf.activate('tally', 1, '00')").await;
        let counted = EventType { kind: "counted".into(), schema_version: 1, schema: json!({ "type": "object" }) };
        let count =
            CommandType { name: "count".into(), version: 1, permission: None, schema: json!({ "type": "object" }) };
        let (views, permissions, workflows) = (Vec::new(), Vec::new(), Vec::new());
        let description =
            Description { commands: vec![count], events: vec![counted], views, permissions, workflows, settings: None };
        Arc::new(Tally { description, folds })
    }
}

pub async fn tenant(core: &Core, slug: &str) -> TenantId {
    directory::add_tenant(&core.db, &core.by, slug, "Bench").await.expect("a tenant")
}

/// Executes a command of a person of the tenant on a stream.
pub async fn count(core: &Core, tally: &Tally, tenant: TenantId, stream: &str) -> Result<Answer, Error> {
    let request = Request {
        name: "count".into(),
        body: json!({ "stream": stream }),
        idempotency_key: core.ambient.uuid().to_string(),
        dry_run: false,
        precondition: None,
    };
    core.bus.execute(tally, &person(tenant, &[]), request).await
}

#[async_trait]
impl Domain for Tally {
    fn plugin(&self) -> &str {
        "tally"
    }
    fn digest(&self) -> &str {
        "00"
    }
    fn generation(&self) -> i64 {
        1
    }
    fn description(&self) -> &Description {
        &self.description
    }
    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        let streams = vec![StreamRef { stream: stream(&input.command), mode: StreamMode::Guard }];
        Ok(BoundaryOutput { streams, people: Vec::new() })
    }
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        let read = &input.streams[0];
        let count = read.version + 1;
        let event = NewEvent {
            stream: stream(&input.command),
            kind: "counted".into(),
            schema: 1,
            data: json!({ "count": count }),
        };
        Ok(Decision::Accepted(Accepted { events: vec![event], subject: None, preview: None }))
    }
    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        let last = input.events.last().map(|event| event.version);
        Ok(self.folds.then(|| FoldOutput { state: json!(last) }))
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

fn stream(command: &Command) -> String {
    command.body["stream"].as_str().expect("a stream").to_owned()
}

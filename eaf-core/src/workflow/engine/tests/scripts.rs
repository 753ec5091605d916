//! Durable functions written in Rust, as a package, because the engine's tests need no WebAssembly.

use super::super::{Abort, Ended, Execution, Executor, Package, Packages};
use crate::capability::Failure;
use crate::contract::*;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;

/// Package `fixture` with these functions:
///
/// - `provision` opens `vcenter`, powers on `vm-1`, waits until the operation has ended, gives the
///   command `note`, returns `{}`
/// - `race` powers on `vm-1`, waits for the operation or for one second, returns the index of the
///   one that ended first
/// - `watch` powers on `vm-1`, waits until the operation has reached 50 percent, returns `{}`
/// - `explode` asks for the time, then traps
/// - `chatter` logs for ever
pub struct Scripts {
    pub description: Description,
    /// Interfaces of the capability vSphere that `plugin.toml` requests under the grant `vcenter`.
    pub interfaces: Vec<&'static str>,
}

impl Scripts {
    pub fn new() -> Self {
        let description = json!({
            "commands": [], "events": [], "views": [], "permissions": [],
            "workflows": [
                {"name": "provision", "version": 1, "triggers": [], "on_stall": "note-stall", "on_failure": "note-end"},
                {"name": "explode", "version": 1, "triggers": [], "on_failure": "note-end"},
                {"name": "chatter", "version": 1, "triggers": [], "on_failure": "note-end"},
            ],
        });
        Scripts { description: serde_json::from_value(description).unwrap(), interfaces: vec!["lifecycle"] }
    }
}

/// Packages of a host on which only this package is active.
pub struct Only(pub Arc<Scripts>);

impl Packages for Only {
    fn ids(&self) -> Vec<String> {
        vec!["fixture".into()]
    }

    fn find(&self, plugin: &str) -> Option<Arc<dyn Package>> {
        (plugin == "fixture").then(|| self.0.clone() as Arc<dyn Package>)
    }
}

impl Package for Scripts {
    fn domain(&self) -> &dyn Domain {
        self
    }

    fn requests(&self, capability: &str, grant: &str, interface: &str) -> bool {
        capability == "vsphere" && grant == "vcenter" && self.interfaces.contains(&interface)
    }

    fn executor(&self) -> Option<&dyn Executor> {
        Some(self)
    }
}

#[async_trait]
impl Executor for Scripts {
    async fn run(&self, mut execution: Execution, workflow: &str, _input: &[u8]) -> Ended {
        let answer = match workflow {
            "provision" => provision(&mut execution).await,
            "race" => race(&mut execution).await,
            "watch" => watch(&mut execution).await,
            "explode" => explode(&mut execution).await,
            _ => chatter(&mut execution).await,
        };
        match answer {
            Ok(answer) => Ended::returned(&execution, answer.map(|value| value.to_string().into_bytes())),
            Err(Abort::Misuse(reason)) => Ended::Trapped { reason: reason.into(), panic: None },
            Err(Abort::Stopped) => Ended::Stopped(execution.take_stop().unwrap()),
        }
    }
}

type Answer = Result<Result<Value, Failure>, Abort>;

/// Opens vSphere under the grant `vcenter` and powers on the machine. Returns the sequence number
/// of the operation.
async fn power_on(execution: &mut Execution) -> Result<Result<i32, Failure>, Abort> {
    let connection = match execution.open("vsphere", "lifecycle", "vcenter".into()).await? {
        Ok(connection) => connection,
        Err(failure) => return Ok(Err(failure)),
    };
    let grant = execution.opened(connection, "vsphere", "lifecycle")?;
    Ok(Ok(execution.effect("vsphere", "power-on", Some(grant), json!({"identity": "vm-1"})).await?))
}

async fn provision(execution: &mut Execution) -> Answer {
    let operation = match power_on(execution).await? {
        Ok(operation) => operation,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Err(failure) = execution.outcome(operation)? {
        return Ok(Err(failure));
    }
    let note = execution.effect("flow", "submit", None, json!({"command": "note", "body": {}})).await?;
    Ok(execution.outcome(note)?.map(|_| json!({})))
}

async fn race(execution: &mut Execution) -> Answer {
    let operation = match power_on(execution).await? {
        Ok(operation) => operation,
        Err(failure) => return Ok(Err(failure)),
    };
    let timer = execution.sleep(1_000).await?;
    Ok(Ok(json!(execution.await_any(vec![operation, timer]).await?)))
}

async fn watch(execution: &mut Execution) -> Answer {
    let operation = match power_on(execution).await? {
        Ok(operation) => operation,
        Err(failure) => return Ok(Err(failure)),
    };
    let half = execution.progress_reaches(operation, 50).await?;
    execution.await_any(vec![half]).await?;
    Ok(Ok(json!({})))
}

async fn explode(execution: &mut Execution) -> Answer {
    execution.now().await?;
    Err(Abort::Misuse("exploded"))
}

async fn chatter(execution: &mut Execution) -> Answer {
    loop {
        execution.log("info".into(), "note".into()).await?;
    }
}

/// Domain of this package. The engine reads only its description, because the kernel in memory
/// answers the commands.
#[async_trait]
impl Domain for Scripts {
    fn plugin(&self) -> &str {
        "fixture"
    }
    fn digest(&self) -> &str {
        ""
    }
    fn generation(&self) -> i64 {
        1
    }
    fn description(&self) -> &Description {
        &self.description
    }
    async fn boundary(&self, _: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        unreachable!("no command reaches the domain")
    }
    async fn decide(&self, _: DecideInput) -> Result<Decision, DomainError> {
        unreachable!("no command reaches the domain")
    }
    async fn fold(&self, _: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        unreachable!("no command reaches the domain")
    }
    async fn keys(&self, _: KeysInput) -> Result<KeysOutput, DomainError> {
        unreachable!("no view is projected")
    }
    async fn project(&self, _: ProjectInput) -> Result<ProjectOutput, DomainError> {
        unreachable!("no view is projected")
    }
    async fn actions(&self, _: ActionsInput) -> Result<ActionsOutput, DomainError> {
        unreachable!("no view is shown")
    }
}

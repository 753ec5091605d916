//! The host read a machine again by itself and found it different from what it told before.

use super::event::VmRefreshed;
use super::{Vm, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteMachine {
    /// The machine's id.
    pub key: String,
    /// None: vCenter does not have it.
    #[serde(default)]
    pub found: Option<Found>,
}

/// As vCenter said.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    pub name: String,
    pub state: String,
    pub power: String,
    #[serde(default)]
    pub ip: Option<String>,
    #[serde(default)]
    pub cpus: Option<u32>,
    #[serde(default)]
    pub memory_mb: Option<u64>,
}

impl Command for NoteMachine {
    const NAME: &'static str = "note-machine";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.key)
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.key)).ok_or_else(unknown)?;
        // It was taken down meanwhile: what was seen is of no interest any more.
        if vm.standing().there().is_err() {
            return Ok(Accepted::nothing());
        }
        let now = VmRefreshed::of(self.key.clone(), vm.requester_id.clone(), self.found);
        if vm.knows(&now) {
            return Ok(Accepted::nothing());
        }
        Ok(Accepted::nothing().event(stream(&self.key), now).subject("vms", self.key))
    }
}

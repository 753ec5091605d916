//! Observation of a machine in vCenter, which the host reports when it differs from the last
//! observation.

use super::event::VmRefreshed;
use super::{Vm, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteMachine {
    /// Id of the machine.
    pub key: String,
    /// Machine as vCenter reports it; none: vCenter does not have the machine.
    #[serde(default)]
    pub found: Option<MachineReading>,
}

/// A machine as vCenter reports it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MachineReading {
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
        // The machine was decommissioned meanwhile, so the reading is obsolete.
        if vm.facts().require_present().is_err() {
            return Ok(Accepted::nothing());
        }
        let now = VmRefreshed::of(self.key.clone(), vm.requester_id.clone(), self.found);
        if vm.is_unchanged(&now) {
            return Ok(Accepted::nothing());
        }
        Ok(Accepted::nothing().event(stream(&self.key), now).subject("vms", self.key))
    }
}

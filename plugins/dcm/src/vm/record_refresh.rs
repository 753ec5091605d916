//! Result of a refresh: the machine as vCenter reports it, or the failure.

use super::event::{VmRefreshFailed, VmRefreshed};
use super::note_machine;
use super::{Vm, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecordRefresh {
    pub vm: String,
    pub found: RefreshResult,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RefreshResult {
    Machine {
        name: String,
        state: String,
        power: String,
        ip: Option<String>,
        cpus: Option<u32>,
        memory_mb: Option<u64>,
    },
    Missing,
    Failed {
        code: String,
        message: String,
    },
}

impl Command for RecordRefresh {
    const NAME: &'static str = "record-refresh";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.vm)
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        // The machine was decommissioned meanwhile, so the reading is obsolete.
        if vm.facts().require_present().is_err() {
            return Ok(Accepted::nothing());
        }
        let (vm_id, requester_id) = (self.vm.clone(), vm.requester_id);
        let stream = stream(&self.vm);
        let accepted = match self.found {
            RefreshResult::Machine { name, state, power, ip, cpus, memory_mb } => {
                let found = note_machine::MachineReading { name, state, power, ip, cpus, memory_mb };
                Accepted::nothing().event(stream, VmRefreshed::of(vm_id, requester_id, Some(found)))
            }
            RefreshResult::Missing => Accepted::nothing().event(stream, VmRefreshed::of(vm_id, requester_id, None)),
            RefreshResult::Failed { code, message } => {
                Accepted::nothing().event(stream, VmRefreshFailed { vm_id, requester_id, code, message })
            }
        };
        Ok(accepted.subject("vms", self.vm))
    }
}

//! What vCenter said about a machine, or why it could not be asked.

use super::event::{VmRefreshFailed, VmRefreshed};
use super::note_machine;
use super::{Vm, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecordRefresh {
    pub vm: String,
    pub found: Found,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Found {
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
        // It was taken down meanwhile: what was seen is of no interest any more.
        if vm.standing().there().is_err() {
            return Ok(Accepted::nothing());
        }
        let (vm_id, requester_id) = (self.vm.clone(), vm.requester_id);
        let stream = stream(&self.vm);
        let accepted = match self.found {
            Found::Machine { name, state, power, ip, cpus, memory_mb } => {
                let found = note_machine::Found { name, state, power, ip, cpus, memory_mb };
                Accepted::nothing().event(stream, VmRefreshed::of(vm_id, requester_id, Some(found)))
            }
            Found::Missing => Accepted::nothing().event(stream, VmRefreshed::of(vm_id, requester_id, None)),
            Found::Failed { code, message } => {
                Accepted::nothing().event(stream, VmRefreshFailed { vm_id, requester_id, code, message })
            }
        };
        Ok(accepted.subject("vms", self.vm))
    }
}

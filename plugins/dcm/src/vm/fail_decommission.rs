//! Failure of a decommissioning. The decommissioning may be repeated.

use super::event::VmDecommissionFailed;
use super::{Vm, stream, unknown};
use crate::provisioning::Process;
use crate::provisioning::event::StepFailed;
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailDecommission {
    pub vm: String,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
}

impl Command for FailDecommission {
    const NAME: &'static str = "fail-decommission";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.vm)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let stream = stream(&self.vm);
        let vm: Vm = streams.fold(&stream).ok_or_else(unknown)?;
        vm.decommissioning(self.attempt)?;
        let step = StepFailed {
            request_id: self.vm.clone(),
            requester_id: vm.requester_id.clone(),
            process: Process::Decommission,
            attempt: self.attempt,
            step: self.step.clone(),
            code: self.code.clone(),
            message: self.message.clone(),
        };
        let failed = VmDecommissionFailed {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            attempt: self.attempt,
            step: self.step,
            code: self.code,
            message: self.message,
            trace_id: ctx.trace_id.clone(),
            name: vm.name,
        };
        Ok(Accepted::nothing().event(&stream, step).event(stream, failed).subject("vms", self.vm))
    }
}

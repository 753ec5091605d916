//! Completion of a decommissioning: the machine was removed from vCenter, or an admin confirmed
//! that it is gone. The machine's name is free again.

use super::event::VmDecommissioned;
use super::{Vm, stream, unknown};
use crate::naming::{self, NameReleased};
use crate::request::is_id;
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CompleteDecommission {
    pub vm: String,
    pub attempt: u32,
    /// Names of copies of the machine, which carry the same marker and were not removed.
    #[serde(default)]
    pub copies: Vec<String>,
}

impl Command for CompleteDecommission {
    const NAME: &'static str = "complete-decommission";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        if !is_id(&self.vm) {
            return Boundary::none();
        }
        let boundary = Boundary::none().guard(stream(&self.vm));
        match loaded.fold::<Vm>(&stream(&self.vm)) {
            Some(vm) => boundary.guard(naming::stream(&vm.name)),
            None => boundary,
        }
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        vm.decommissioning(self.attempt)?;
        let gone = VmDecommissioned {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            name: vm.name.clone(),
            copies: self.copies,
            monthly_cents: vm.monthly_cents,
            currency: vm.currency,
        };
        let released = NameReleased { name: vm.name.clone(), request_id: self.vm.clone() };
        Ok(Accepted::nothing()
            .event(stream(&self.vm), gone)
            .event(naming::stream(&vm.name), released)
            .subject("vms", self.vm))
    }
}

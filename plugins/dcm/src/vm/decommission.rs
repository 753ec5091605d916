//! Decommissioning of a machine by its requester or an admin, who types its name; this cannot be
//! undone.

use super::event::VmDecommissionRequested;
use super::{Vm, VmFacts, stream, unknown};
use crate::naming;
use crate::permission::REQUEST;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecommissionVm {
    #[schemars(extend("format" = "uuid"))]
    pub vm: String,
    /// Name of the machine in DCM or in vCenter, typed by a person.
    #[schemars(length(max = 100))]
    pub confirm: String,
}

pub fn can_decommission(ctx: &Context, vm: &VmFacts) -> Result<(), Rejection> {
    vm.require_owner(ctx)?;
    vm.require_present()
}

impl Command for DecommissionVm {
    const NAME: &'static str = "decommission-vm";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.vm)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        can_decommission(ctx, &vm.facts())?;
        check_confirmation(&self.confirm, &vm)?;
        let requested = VmDecommissionRequested {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            name: vm.name,
            attempt: vm.attempt + 1,
        };
        Ok(Accepted::nothing().event(stream(&self.vm), requested).subject("vms", self.vm))
    }
}

/// Checks the name that a person typed. A machine that was renamed in vCenter is shown with both
/// names, so either name is valid.
pub fn check_confirmation(typed: &str, vm: &Vm) -> Result<(), Rejection> {
    let mut fields = Fields::default();
    let typed = naming::without_invisible(typed);
    let typed = typed.as_str();
    if typed != vm.name && Some(typed) != vm.vcenter_name.as_deref() {
        fields.push(FieldError::new("/confirm", "confirm-mismatch").param("expected", vm.name.clone()));
    }
    fields.into_result("invalid-confirmation")
}

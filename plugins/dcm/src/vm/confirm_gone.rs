//! Confirmation by an admin that a machine counts as removed, although this host did not remove it.
//! The machine may exist elsewhere, so the admin types its name; this cannot be undone.

use super::decommission::check_confirmation;
use super::event::VmGoneConfirmed;
use super::{Status, Vm, VmFacts, may_count_as_removed, stream, unknown};
use crate::permission::OPERATE;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmGone {
    #[schemars(extend("format" = "uuid"))]
    pub vm: String,
    /// Name of the machine, typed by a person.
    #[schemars(length(max = 100))]
    pub confirm: String,
}

pub fn can_confirm_gone(vm: &VmFacts) -> Result<(), Rejection> {
    if vm.status == Status::DecommissionFailed && vm.failed_code.is_some_and(may_count_as_removed) {
        return Ok(());
    }
    Err(Rejection::conflict("vm-not-gone").at("/vm"))
}

impl Command for ConfirmGone {
    const NAME: &'static str = "confirm-gone";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.vm)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        can_confirm_gone(&vm.facts())?;
        check_confirmation(&self.confirm, &vm)?;
        let confirmed = VmGoneConfirmed {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            name: vm.name,
            attempt: vm.attempt + 1,
        };
        Ok(Accepted::nothing().event(stream(&self.vm), confirmed).subject("vms", self.vm))
    }
}

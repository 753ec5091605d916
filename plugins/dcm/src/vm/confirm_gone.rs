//! An admin says that a machine may be counted as removed: vCenter does not have it, and this host
//! did not remove it. The machine may stand elsewhere, so a person has to know; the name has to be
//! typed, because this cannot be undone.

use super::decommission::check_confirmation;
use super::event::VmGoneConfirmed;
use super::{Standing, Status, Vm, may_be_forgotten, stream, unknown};
use crate::permission::OPERATE;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmGone {
    #[schemars(extend("format" = "uuid"))]
    pub vm: String,
    /// The machine's name, typed by a person.
    #[schemars(length(max = 100))]
    pub confirm: String,
}

pub fn rule(vm: &Standing) -> Result<(), Rejection> {
    if vm.status == Status::DecommissionFailed && vm.failed_code.is_some_and(may_be_forgotten) {
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
        rule(&vm.standing())?;
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

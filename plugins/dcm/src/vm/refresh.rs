//! Refresh of a machine's data, asked for by a person.

use super::event::VmRefreshRequested;
use super::{Vm, VmFacts, stream, unknown};
use crate::permission::REQUEST;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RefreshVm {
    #[schemars(extend("format" = "uuid"))]
    pub vm: String,
}

pub fn can_refresh(ctx: &Context, vm: &VmFacts) -> Result<(), Rejection> {
    vm.require_owner(ctx)?;
    vm.require_present()
}

impl Command for RefreshVm {
    const NAME: &'static str = "refresh-vm";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.vm)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        can_refresh(ctx, &vm.facts())?;
        let requested = VmRefreshRequested {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
        };
        Ok(Accepted::nothing().event(stream(&self.vm), requested).subject("vms", self.vm))
    }
}

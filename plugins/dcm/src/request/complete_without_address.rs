//! Handover of a machine that reports no address, such as an appliance without VMware Tools, by an
//! admin.
//!
//! The command is a retry that does not wait for an address: the workflow reads vCenter and powers
//! on the machine, so that a machine that was deleted meanwhile is built again.

use super::event::RequestRetried;
use super::{Request, RequestFacts, Status, stream, unknown};
use crate::permission::OPERATE;
use crate::provisioning::Step;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CompleteWithoutAddress {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
}

pub fn can_complete_without_address(request: &RequestFacts) -> Result<(), Rejection> {
    if request.status != Status::Failed {
        return Err(Rejection::conflict("request-not-failed").param("status", request.status.as_str()).at("/request"));
    }
    if request.failed_step != Some(Step::AwaitAddress.as_str()) {
        let step = request.failed_step.unwrap_or_default();
        return Err(Rejection::conflict("address-not-awaited").param("step", step).at("/request"));
    }
    Ok(())
}

impl Command for CompleteWithoutAddress {
    const NAME: &'static str = "complete-without-address";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_complete_without_address(&request.facts())?;
        let mut spec = request.spec();
        spec.await_address = false;
        let retried = RequestRetried {
            request_id: self.request.clone(),
            spec,
            requester_id: request.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            attempt: request.attempt + 1,
            from_step: Step::PowerOn.as_str().into(),
        };
        Ok(Accepted::nothing().event(stream(&self.request), retried).subject("requests", self.request))
    }
}

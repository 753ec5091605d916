//! An admin has a machine handed over that reports no address, such as an appliance without VMware
//! Tools.
//!
//! This is a retry that does not wait: the workflow looks at vCenter first and switches the machine
//! on if it is off, so that a machine that was deleted meanwhile is built again and never handed
//! over unseen.

use super::event::RequestRetried;
use super::{Request, Standing, Status, stream, unknown};
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

pub fn rule(request: &Standing) -> Result<(), Rejection> {
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
        rule(&request.standing())?;
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

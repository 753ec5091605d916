//! An admin has a failed request tried again, from the step that failed. What happened before stays in the timeline.

use super::event::RequestRetried;
use super::{Request, Standing, Status, is_id, stream, unknown};
use crate::permission::OPERATE;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RetryRequest {
    pub request: String,
}

pub fn rule(request: &Standing) -> Result<(), Rejection> {
    if request.status == Status::Failed {
        return Ok(());
    }
    Err(Rejection::conflict("request-not-failed").param("status", request.status.as_str()).at("/request"))
}

impl Command for RetryRequest {
    const NAME: &'static str = "retry-request";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !is_id(&self.request) {
            return Boundary::none();
        }
        Boundary::none().guard(stream(&self.request))
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        rule(&request.standing())?;
        let retried = RequestRetried {
            request_id: self.request.clone(),
            spec: request.spec(),
            requester_id: request.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            attempt: request.attempt + 1,
            from_step: request.failed_step.unwrap_or_default(),
        };
        Ok(Accepted::nothing().event(stream(&self.request), retried).subject("requests", self.request))
    }
}

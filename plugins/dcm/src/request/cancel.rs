//! Cancellation of a failed request by its requester or an admin. The partly built machine is
//! removed first, because afterwards another machine may have its name.

use super::event::RequestCancelRequested;
use super::{Request, RequestFacts, Status, stream, unknown};
use crate::permission::{OPERATE, REQUEST};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const REASON: std::ops::RangeInclusive<usize> = 0..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CancelRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Reason of the cancellation, at most 2,000 characters; optional.
    #[serde(default = "no_reason")]
    #[schemars(length(max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

fn no_reason() -> Personal<CommandActor> {
    Personal::new("")
}

pub fn can_cancel(ctx: &Context, request: &RequestFacts) -> Result<(), Rejection> {
    if request.requester_id != ctx.actor.id && !ctx.may(OPERATE) {
        return Err(Rejection::forbidden("not-your-request").at("/request"));
    }
    if matches!(request.status, Status::Failed | Status::CancelFailed) {
        return Ok(());
    }
    Err(Rejection::conflict("request-not-cancellable").param("status", request.status.as_str()).at("/request"))
}

impl Command for CancelRequest {
    const NAME: &'static str = "cancel-request";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_cancel(ctx, &request.facts())?;
        let mut fields = Fields::default();
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-reason")?;
        let requested = RequestCancelRequested {
            request_id: self.request.clone(),
            vm_name: request.spec().vm_name,
            requester_id: request.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            reason: Personal::new(self.reason.as_str().trim()),
            attempt: request.attempt + 1,
            without_removal: false,
            nothing_built: request.nothing_built,
        };
        Ok(Accepted::nothing().event(stream(&self.request), requested).subject("requests", self.request))
    }
}

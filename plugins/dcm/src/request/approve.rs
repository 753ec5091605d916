//! Approval of a request. By the four-eyes principle a requester never approves their own request.

use super::event::RequestApproved;
use super::{Request, RequestFacts, stream, unknown};
use crate::permission::APPROVE;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApproveRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
}

/// Checks, for an approval or a rejection, that the request is undecided and that the caller is not
/// its requester.
pub fn can_decide(ctx: &Context, request: &RequestFacts) -> Result<(), Rejection> {
    if request.requester_id == ctx.actor.id {
        return Err(Rejection::forbidden("own-request").at("/request"));
    }
    request.pending()
}

impl Command for ApproveRequest {
    const NAME: &'static str = "approve-request";
    const PERMISSION: Option<&'static str> = Some(APPROVE);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_decide(ctx, &request.facts())?;
        let approved = RequestApproved {
            request_id: self.request.clone(),
            spec: request.spec(),
            requester_id: request.requester_id,
            approver_id: ctx.actor.id.clone(),
            approver_name: Personal::new(&ctx.actor.name),
            attempt: 1,
        };
        Ok(Accepted::nothing().event(stream(&self.request), approved).subject("requests", self.request))
    }
}

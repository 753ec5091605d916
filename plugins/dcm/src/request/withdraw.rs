//! Withdrawal of an undecided request by its requester.

use super::event::RequestWithdrawn;
use super::release::{release, request_and_held};
use super::{Request, RequestFacts, stream, unknown};
use crate::permission::REQUEST;
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
}

pub fn can_withdraw(ctx: &Context, request: &RequestFacts) -> Result<(), Rejection> {
    if request.requester_id != ctx.actor.id {
        return Err(Rejection::forbidden("not-requester").at("/request"));
    }
    request.pending()
}

impl Command for WithdrawRequest {
    const NAME: &'static str = "withdraw-request";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        request_and_held(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_withdraw(ctx, &request.facts())?;
        let withdrawn = RequestWithdrawn {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            vm_name: request.spec().vm_name,
            closed_stages: request.open_stages(),
        };
        let accepted = Accepted::nothing().event(stream(&self.request), withdrawn);
        Ok(release(accepted, &self.request, &request).subject("requests", self.request))
    }
}

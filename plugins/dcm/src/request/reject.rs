//! Rejection of a request, with a reason.

use super::event::RequestRejected;
use super::{Request, approve, request_and_name, stream, unknown};
use crate::naming::{self, NameReleased};
use crate::permission::APPROVE;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const REASON: std::ops::RangeInclusive<usize> = 3..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RejectRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Reason of the rejection for the requester, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

impl Command for RejectRequest {
    const NAME: &'static str = "reject-request";
    const PERMISSION: Option<&'static str> = Some(APPROVE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        request_and_name(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        approve::can_decide(ctx, &request.facts())?;
        let mut fields = Fields::default();
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-reason")?;
        let spec = request.spec();
        let released = NameReleased { name: spec.vm_name.clone(), request_id: self.request.clone() };
        let rejected = RequestRejected {
            request_id: self.request.clone(),
            requester_name: request.requester_name(),
            requester_id: request.requester_id,
            approver_id: ctx.actor.id.clone(),
            approver_name: Personal::new(&ctx.actor.name),
            reason: self.reason.reassign(),
            spec,
        };
        let name_stream = naming::stream(&released.name);
        Ok(Accepted::nothing()
            .event(stream(&self.request), rejected)
            .event(name_stream, released)
            .subject("requests", self.request))
    }
}

//! Failure of a build. The request records step and cause; an admin can retry it.

use super::Process;
use super::event::StepFailed;
use super::record_step::require_provisioning;
use crate::request::event::RequestFailed;
use crate::request::{self, Request};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailProvisioning {
    pub request: String,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
}

impl Command for FailProvisioning {
    const NAME: &'static str = "fail-provisioning";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        request::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let stream = request::stream(&self.request);
        let request: Request = streams.fold(&stream).ok_or_else(request::unknown)?;
        require_provisioning(&request, self.attempt)?;
        let step = StepFailed {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            process: Process::Provision,
            attempt: self.attempt,
            step: self.step.clone(),
            code: self.code.clone(),
            message: self.message.clone(),
        };
        let failed = RequestFailed {
            request_id: self.request.clone(),
            requester_name: request.requester_name(),
            spec: request.spec(),
            requester_id: request.requester_id,
            attempt: self.attempt,
            step: self.step,
            code: self.code,
            message: self.message,
            trace_id: ctx.trace_id.clone(),
        };
        Ok(Accepted::nothing().event(&stream, step).event(stream, failed).subject("requests", self.request))
    }
}

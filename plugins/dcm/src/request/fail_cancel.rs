//! Failure of a cancellation. The machine's name stays claimed, because vCenter may still have the
//! machine.

use super::event::RequestCancelFailed;
use super::{Request, stream, unknown};
use crate::provisioning::Process;
use crate::provisioning::event::StepFailed;
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailCancel {
    pub request: String,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
}

impl Command for FailCancel {
    const NAME: &'static str = "fail-cancel";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let stream = stream(&self.request);
        let request: Request = streams.fold(&stream).ok_or_else(unknown)?;
        request.cancelling(self.attempt)?;
        let step = StepFailed {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            process: Process::Cancel,
            attempt: self.attempt,
            step: self.step.clone(),
            code: self.code.clone(),
            message: self.message.clone(),
        };
        let failed = RequestCancelFailed {
            request_id: self.request.clone(),
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

//! End of a run without a result, such as after a panic, as the host reports it. The attempt of the
//! request or machine fails, so that people can repeat the attempt.

use super::fail::FailProvisioning;
use crate::request::fail_cancel::FailCancel;
use crate::request::{self, Request, Status};
use crate::vm::fail_decommission::FailDecommission;
use crate::vm::{self, Vm};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteRunEnd {
    /// Id of the request, which is also the id of its machine.
    pub key: String,
    /// Id of the event that started the run; a newer attempt is not affected.
    pub event: String,
    pub code: String,
    pub message: String,
}

impl Command for NoteRunEnd {
    const NAME: &'static str = "note-run-end";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !request::is_id(&self.key) {
            return Boundary::none();
        }
        Boundary::none().guard(request::stream(&self.key)).guard(vm::stream(&self.key))
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let NoteRunEnd { key, event, code, message } = self;
        let vm: Option<Vm> = streams.fold(&vm::stream(&key));
        if let Some(vm) = vm.filter(|vm| vm.status == vm::Status::Decommissioning && vm.begun_by == event) {
            let failed = FailDecommission { vm: key, attempt: vm.attempt, step: vm.step, code, message };
            return failed.decide(ctx, streams);
        }
        let request: Option<Request> = streams.fold(&request::stream(&key));
        if let Some(request) = request.filter(|request| request.begun_by == event) {
            let (attempt, step) = (request.attempt, request.step);
            return match request.status {
                Status::Approved => {
                    FailProvisioning { request: key, attempt, step, code, message }.decide(ctx, streams)
                }
                Status::Cancelling => FailCancel { request: key, attempt, step, code, message }.decide(ctx, streams),
                _ => Ok(Accepted::nothing()),
            };
        }
        // The attempt has ended already, or another one is in progress.
        Ok(Accepted::nothing())
    }
}

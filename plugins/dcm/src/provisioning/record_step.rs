//! Records the progress of a workflow, so that people see each step in vCenter.

use super::event::{StepFinished, StepProgressed, StepStarted};
use super::{Process, Step};
use crate::request::{self, Request, Status};
use crate::vm::{self, Vm};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecordStep {
    /// Id of the request, which is also the id of its machine.
    pub request: String,
    pub process: Process,
    pub attempt: u32,
    pub step: Step,
    pub state: StepState,
    #[serde(default)]
    pub percent: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    Started,
    Progressed,
    Finished,
}

impl Command for RecordStep {
    const NAME: &'static str = "record-step";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !request::is_id(&self.request) {
            return Boundary::none();
        }
        Boundary::none().guard(self.stream())
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let requester_id = self.require_in_progress(streams)?;
        let stream = self.stream();
        let RecordStep { request: request_id, process, attempt, step, state, percent } = self;
        Ok(match state {
            StepState::Started => {
                Accepted::nothing().event(stream, StepStarted { request_id, requester_id, process, attempt, step })
            }
            StepState::Progressed => {
                let percent = percent.unwrap_or(0).min(100);
                let progressed = StepProgressed { request_id, requester_id, process, attempt, step, percent };
                Accepted::nothing().event(stream, progressed)
            }
            StepState::Finished => {
                Accepted::nothing().event(stream, StepFinished { request_id, requester_id, process, attempt, step })
            }
        })
    }
}

impl RecordStep {
    fn stream(&self) -> String {
        match self.process {
            Process::Provision | Process::Cancel => request::stream(&self.request),
            Process::Decommission => vm::stream(&self.request),
        }
    }

    /// Checks that the attempt of this step is in progress, and returns the actor id of the
    /// requester.
    fn require_in_progress(&self, streams: &Streams) -> Result<String, Rejection> {
        match self.process {
            Process::Provision => {
                let request: Request = streams.fold(&self.stream()).ok_or_else(request::unknown)?;
                require_provisioning(&request, self.attempt)?;
                Ok(request.requester_id)
            }
            Process::Cancel => {
                let request: Request = streams.fold(&self.stream()).ok_or_else(request::unknown)?;
                request.cancelling(self.attempt)?;
                Ok(request.requester_id)
            }
            Process::Decommission => {
                let vm: Vm = streams.fold(&self.stream()).ok_or_else(vm::unknown)?;
                vm.decommissioning(self.attempt)?;
                Ok(vm.requester_id)
            }
        }
    }
}

/// Checks that `attempt` is the request's attempt in progress, because a run that another attempt
/// has superseded must record nothing.
pub fn require_provisioning(request: &Request, attempt: u32) -> Result<(), Rejection> {
    if request.status != Status::Approved {
        return Err(Rejection::conflict("request-not-provisioning").param("status", request.status.as_str()));
    }
    if request.attempt != attempt {
        return Err(Rejection::conflict("attempt-over").param("attempt", attempt));
    }
    Ok(())
}

//! Workflow that removes a machine which is decommissioned.

use super::complete_decommission::CompleteDecommission;
use super::fail_decommission::FailDecommission;
use crate::Event;
use crate::provisioning::Process;
use crate::provisioning::note_run_end::NoteRunEnd;
use crate::provisioning::stall::NoteStall;
use crate::provisioning::take_down::{TakeDown, TakeDownStopped};
use eaf_sdk::flow;
use eaf_sdk::{Command, Failure, Recorded, Trigger, Workflow};
use serde_json::{Value, json};

pub struct Decommission;

impl Workflow for Decommission {
    type Event = Event;

    const NAME: &'static str = "decommission";
    const TRIGGERS: &'static [Trigger] =
        &[Trigger { event: "vm-decommission-requested", key: "/vm_id", subject: "/requester_id" }];
    const ON_STALL: Option<&'static str> = Some(NoteStall::NAME);
    const ON_FAILURE: Option<&'static str> = Some(NoteRunEnd::NAME);

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let Event::VmDecommissionRequested(requested) = event else {
            return Err(Failure::permanent("unexpected-event", "this event takes nothing down"));
        };
        let (vm, attempt) = (requested.vm_id, requested.attempt);
        match (TakeDown { id: &vm, process: Process::Decommission, attempt }).run() {
            Ok(copies) => {
                flow::submit::<CompleteDecommission>(&CompleteDecommission { vm, attempt, copies })?;
                Ok(json!({ "outcome": "decommissioned" }))
            }
            Err(TakeDownStopped::AtStep(step, Failure { code, message, .. })) => {
                let step = step.as_str().into();
                flow::submit::<FailDecommission>(&FailDecommission { vm, attempt, step, code, message })?;
                Ok(json!({ "outcome": "failed" }))
            }
            Err(TakeDownStopped::Superseded(failure)) => Err(failure),
        }
    }
}

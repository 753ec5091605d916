//! Takes a machine down: off, if it is on, then destroyed, which ends only when vCenter was searched and does not have it.

use super::complete_decommission::CompleteDecommission;
use super::fail_decommission::FailDecommission;
use crate::Event;
use crate::provisioning::note_run_end::NoteRunEnd;
use crate::provisioning::record_step::{RecordStep, StepState};
use crate::provisioning::stall::NoteStall;
use crate::provisioning::{GRANT, Process, Step};
use eaf_sdk::flow::{self, Operation};
use eaf_sdk::vsphere::{Reader, Writer};
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
        match take_down(&vm, attempt) {
            Ok(()) => {
                flow::submit::<CompleteDecommission>(&CompleteDecommission { vm, attempt })?;
                Ok(json!({ "outcome": "decommissioned" }))
            }
            Err(Stopped::AtStep(step, Failure { code, message, .. })) => {
                let step = step.as_str().into();
                flow::submit::<FailDecommission>(&FailDecommission { vm, attempt, step, code, message })?;
                Ok(json!({ "outcome": "failed" }))
            }
            Err(Stopped::Overtaken(failure)) => Err(failure),
        }
    }
}

enum Stopped {
    AtStep(Step, Failure),
    /// The domain does not expect this run any more.
    Overtaken(Failure),
}

fn take_down(vm: &str, attempt: u32) -> Result<(), Stopped> {
    let at = |step: Step| move |failure: Failure| Stopped::AtStep(step, failure);
    let reader = Reader::open(GRANT).map_err(at(Step::PowerOff))?;
    let writer = Writer::open(GRANT).map_err(at(Step::PowerOff))?;
    let machine = reader.read_vm(vm).map_err(at(Step::PowerOff))?;
    if machine.is_some_and(|m| m.power != "off") {
        step(vm, attempt, Step::PowerOff, || writer.power_off(vm))?;
    }
    // Also when it was not found just now: only this looks everywhere.
    step(vm, attempt, Step::Destroy, || writer.destroy(vm))
}

fn step(
    vm: &str,
    attempt: u32,
    step: Step,
    begin: impl FnOnce() -> Result<Operation<Value>, Failure>,
) -> Result<(), Stopped> {
    record(vm, attempt, step, StepState::Started)?;
    begin().and_then(|operation| operation.result()).map_err(|failure| Stopped::AtStep(step, failure))?;
    record(vm, attempt, step, StepState::Finished)
}

fn record(vm: &str, attempt: u32, step: Step, state: StepState) -> Result<(), Stopped> {
    let request = vm.to_owned();
    let body = RecordStep { request, process: Process::Decommission, attempt, step, state, percent: None };
    flow::submit::<RecordStep>(&body).map(drop).map_err(Stopped::Overtaken)
}

//! Takes a machine down: off, if it is on, then destroyed, which ends only when vCenter was searched and does not have it.

use super::record_step::{RecordStep, StepState};
use super::{GRANT, Process, Step};
use eaf_sdk::Failure;
use eaf_sdk::flow::{self, Operation};
use eaf_sdk::vsphere::{Reader, Writer};
use serde_json::Value;

pub struct TakeDown<'a> {
    /// Of the request, which is also that of its machine.
    pub id: &'a str,
    pub process: Process,
    pub attempt: u32,
}

/// Why taking down ended early.
pub enum Stopped {
    AtStep(Step, Failure),
    /// The domain does not expect this run any more.
    Overtaken(Failure),
}

impl TakeDown<'_> {
    pub fn run(&self) -> Result<(), Stopped> {
        let at = |failure: Failure| Stopped::AtStep(Step::PowerOff, failure);
        let reader = Reader::open(GRANT).map_err(at)?;
        let writer = Writer::open(GRANT).map_err(at)?;
        let machine = reader.read_vm(self.id).map_err(at)?;
        if machine.is_some_and(|m| m.power != "off") {
            self.step(Step::PowerOff, || writer.power_off(self.id))?;
        }
        // Also when it was not found just now: only this looks everywhere.
        self.step(Step::Destroy, || writer.destroy(self.id))
    }

    fn step(&self, step: Step, begin: impl FnOnce() -> Result<Operation<Value>, Failure>) -> Result<(), Stopped> {
        self.record(step, StepState::Started)?;
        begin().and_then(|operation| operation.result()).map_err(|failure| Stopped::AtStep(step, failure))?;
        self.record(step, StepState::Finished)
    }

    fn record(&self, step: Step, state: StepState) -> Result<(), Stopped> {
        let (process, attempt) = (self.process, self.attempt);
        let body = RecordStep { request: self.id.to_owned(), process, attempt, step, state, percent: None };
        flow::submit::<RecordStep>(&body).map(drop).map_err(Stopped::Overtaken)
    }
}

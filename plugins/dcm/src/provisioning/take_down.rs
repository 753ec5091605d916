//! Takes a machine down: off, if it is on, then destroyed, which ends only when vCenter was
//! searched and does not have it.

use super::record_step::{RecordStep, StepState};
use super::{GRANT, Process, Step};
use crate::vm;
use eaf_sdk::Failure;
use eaf_sdk::flow;
use eaf_sdk::vsphere::{Reader, Removed, Writer};

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
    /// The names of machines that carry the same marker and were left alone, because they are not
    /// ours.
    pub fn run(&self) -> Result<Vec<String>, Stopped> {
        let at = |failure: Failure| Stopped::AtStep(Step::PowerOff, failure);
        let reader = Reader::open(GRANT).map_err(at)?;
        let writer = Writer::open(GRANT).map_err(at)?;
        let machine = reader.read_vm(self.id).map_err(at)?;
        if machine.is_some_and(|m| m.power != "off") {
            self.step(Step::PowerOff, || writer.power_off(self.id)?.result())?;
        }
        // Also when it was not found just now: only this looks everywhere.
        self.step(Step::Destroy, || self.destroy(&writer)).map(|removed| removed.copies)
    }

    /// A machine that was never handed over may be gone without a confirmation. Where the connection leads to another
    /// vCenter it may stand in the first one, which is for an admin.
    fn destroy(&self, writer: &Writer) -> Result<Removed, Failure> {
        match writer.destroy(self.id).and_then(|operation| operation.result()) {
            Err(failure) if self.process == Process::Cancel && failure.code == vm::GONE => writer.forget(self.id),
            answer => answer,
        }
    }

    fn step<T>(&self, step: Step, act: impl FnOnce() -> Result<T, Failure>) -> Result<T, Stopped> {
        self.record(step, StepState::Started)?;
        let answer = act().map_err(|failure| Stopped::AtStep(step, failure))?;
        self.record(step, StepState::Finished)?;
        Ok(answer)
    }

    fn record(&self, step: Step, state: StepState) -> Result<(), Stopped> {
        let (process, attempt) = (self.process, self.attempt);
        let body = RecordStep { request: self.id.to_owned(), process, attempt, step, state, percent: None };
        flow::submit::<RecordStep>(&body).map(drop).map_err(Stopped::Overtaken)
    }
}

//! Removal of a machine, which is powered off and then destroyed. The removal completes only when a
//! search of vCenter does not find the machine.

use super::record_step::{RecordStep, StepState};
use super::{GRANT, Process, Step};
use crate::vm;
use eaf_sdk::Failure;
use eaf_sdk::flow;
use eaf_sdk_vsphere::{Reader, Removed, Writer};

pub struct TakeDown<'a> {
    /// Id of the request, which is also the id of its machine.
    pub id: &'a str,
    pub process: Process,
    pub attempt: u32,
}

/// Reason why a removal ended early.
pub enum TakeDownStopped {
    AtStep(Step, Failure),
    /// The domain rejected a command of this run, because another attempt has superseded the run.
    Superseded(Failure),
}

impl TakeDown<'_> {
    /// Removes the machine. Returns the names of other machines that carry the same marker: other
    /// people made these copies, and they are not removed.
    pub fn run(&self) -> Result<Vec<String>, TakeDownStopped> {
        let at = |failure: Failure| TakeDownStopped::AtStep(Step::PowerOff, failure);
        let reader = Reader::open(GRANT).map_err(at)?;
        let writer = Writer::open(GRANT).map_err(at)?;
        let machine = reader.read_vm(self.id).map_err(at)?;
        if machine.is_some_and(|m| m.power != "off") {
            self.step(Step::PowerOff, || writer.power_off(self.id)?.result())?;
        }
        // `destroy` searches more than `read_vm`, so it runs even if no machine was found.
        self.step(Step::Destroy, || self.destroy(&writer)).map(|removed| removed.copies)
    }

    /// Destroys the machine. If vCenter does not have a machine that was never handed over, the
    /// machine counts as removed without a confirmation. If the connection now leads to another
    /// vCenter, the call fails and an admin decides, because the former vCenter may have the
    /// machine.
    fn destroy(&self, writer: &Writer) -> Result<Removed, Failure> {
        match writer.destroy(self.id).and_then(|operation| operation.result()) {
            Err(failure) if self.process == Process::Cancel && failure.code == vm::GONE => writer.forget(self.id),
            answer => answer,
        }
    }

    fn step<T>(&self, step: Step, act: impl FnOnce() -> Result<T, Failure>) -> Result<T, TakeDownStopped> {
        self.record(step, StepState::Started)?;
        let answer = act().map_err(|failure| TakeDownStopped::AtStep(step, failure))?;
        self.record(step, StepState::Finished)?;
        Ok(answer)
    }

    fn record(&self, step: Step, state: StepState) -> Result<(), TakeDownStopped> {
        let (process, attempt) = (self.process, self.attempt);
        let body = RecordStep { request: self.id.to_owned(), process, attempt, step, state, percent: None };
        flow::submit::<RecordStep>(&body).map(drop).map_err(TakeDownStopped::Superseded)
    }
}

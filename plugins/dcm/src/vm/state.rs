//! A machine from its events.

use super::{Standing, Status};
use crate::Event;
use crate::provisioning::Step;
use eaf_sdk::{Recorded, Rejection, State};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Vm {
    pub status: Status,
    pub requester_id: String,
    pub name: String,
    /// Of taking it down.
    pub attempt: u32,
    /// The event that began this attempt.
    pub begun_by: String,
    /// What is being done, or was last.
    pub step: String,
    pub stalled: bool,
}

impl State for Vm {
    type Event = Event;
    const CATEGORY: &'static str = "vm";

    fn apply(&mut self, event: Event, recorded: &Recorded) {
        match event {
            Event::VmProvisioned(e) => {
                self.requester_id = e.requester_id;
                self.name = e.name;
            }
            Event::VmDecommissionRequested(e) => {
                self.status = Status::Decommissioning;
                self.attempt = e.attempt;
                self.begun_by.clone_from(&recorded.id);
                self.step = Step::PowerOff.as_str().into();
            }
            Event::VmDecommissioned(_) => self.status = Status::Decommissioned,
            Event::VmRefreshFailed(_) => self.stalled = false,
            Event::VmDecommissionFailed(_) => {
                self.status = Status::DecommissionFailed;
                self.stalled = false;
            }
            Event::StepStarted(e) => self.step = e.step.as_str().into(),
            Event::Stalled(_) => self.stalled = true,
            Event::Resumed(_) => self.stalled = false,
            _ => {}
        }
    }
}

impl Vm {
    pub fn standing(&self) -> Standing<'_> {
        Standing { status: self.status, requester_id: &self.requester_id }
    }

    /// Is this very attempt to take it down under way?
    pub fn decommissioning(&self, attempt: u32) -> Result<(), Rejection> {
        if self.status != Status::Decommissioning {
            return Err(Rejection::conflict("vm-not-decommissioning").param("status", self.status.as_str()));
        }
        if self.attempt != attempt {
            return Err(Rejection::conflict("attempt-over").param("attempt", attempt));
        }
        Ok(())
    }
}

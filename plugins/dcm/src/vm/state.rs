//! State of a machine, folded from its events.

use super::event::VmRefreshed;
use super::{Status, VmFacts};
use crate::Event;
use crate::provisioning::Step;
use eaf_sdk::{Recorded, Rejection, State};
use serde::{Deserialize, Serialize};

/// State in vCenter of a machine without a problem.
const CONNECTED: &str = "connected";

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Vm {
    pub status: Status,
    pub requester_id: String,
    pub name: String,
    /// Cost of the machine per month, in integer cents.
    pub monthly_cents: i64,
    pub currency: String,
    /// Name of the machine in vCenter's last report; `None` if that report had no name.
    pub vcenter_name: Option<String>,
    /// Last reading of the machine in vCenter, or the machine as it was handed over; `None` if
    /// neither is known.
    #[serde(default)]
    pub seen: Option<VmRefreshed>,
    /// Number of the latest attempt to decommission the machine.
    pub attempt: u32,
    /// Id of the event that began the present attempt to decommission the machine.
    pub begun_by: String,
    /// Name of the step that is in progress. If no step is in progress, name of the last step.
    pub step: String,
    /// Code of the failure of the host call that stalls at present; `None`: no call stalls.
    pub stalled: Option<String>,
    /// Code of the last failed removal; `None`: no removal has failed.
    pub failed_code: Option<String>,
    /// Id of the request to decommission the machine that waits for a decision; `None`: none waits.
    pub decommission_request: Option<String>,
}

impl State for Vm {
    type Event = Event;
    const CATEGORY: &'static str = "vm";

    fn apply(&mut self, event: Event, recorded: &Recorded) {
        match event {
            Event::VmProvisioned(e) => {
                self.seen = Some(VmRefreshed {
                    vm_id: e.vm_id,
                    requester_id: e.requester_id.clone(),
                    power: e.power,
                    ip: e.ip,
                    cpus: Some(e.cpus),
                    memory_mb: Some(e.memory_mb),
                    vcenter_name: Some(e.name.clone()),
                    state: Some(CONNECTED.into()),
                });
                self.requester_id = e.requester_id;
                self.name = e.name;
                (self.monthly_cents, self.currency) = (e.monthly_cents, e.currency);
            }
            Event::VmRefreshed(e) => {
                self.vcenter_name.clone_from(&e.vcenter_name);
                self.seen = Some(e);
            }
            Event::VmDecommissionAwaited(e) => self.decommission_request = Some(e.request_id),
            Event::VmDecommissionNotApproved(_) => self.decommission_request = None,
            Event::VmDecommissionRequested(e) => self.begin(e.attempt, Step::PowerOff, recorded),
            Event::VmGoneConfirmed(e) => self.begin(e.attempt, Step::Destroy, recorded),
            Event::VmDecommissioned(_) => self.status = Status::Decommissioned,
            // Without a stored reading, the next one is recorded even if it is unchanged.
            Event::VmRefreshFailed(_) => (self.stalled, self.seen) = (None, None),
            Event::VmDecommissionFailed(e) => {
                self.status = Status::DecommissionFailed;
                self.failed_code = Some(e.code);
                self.stalled = None;
            }
            Event::StepStarted(e) => self.step = e.step.as_str().into(),
            Event::Stalled(e) => self.stalled = Some(e.code),
            Event::Resumed(_) => self.stalled = None,
            _ => {}
        }
    }
}

impl Vm {
    pub fn facts(&self) -> VmFacts<'_> {
        VmFacts {
            status: self.status,
            requester_id: &self.requester_id,
            failed_code: self.failed_code.as_deref(),
            is_decision_awaited: self.decommission_request.is_some(),
        }
    }

    /// Checks that the machine is being decommissioned, and that `attempt` is the present attempt.
    pub fn decommissioning(&self, attempt: u32) -> Result<(), Rejection> {
        if self.status != Status::Decommissioning {
            return Err(Rejection::conflict("vm-not-decommissioning").param("status", self.status.as_str()));
        }
        if self.attempt != attempt {
            return Err(Rejection::conflict("attempt-over").param("attempt", attempt));
        }
        Ok(())
    }

    /// Whether a reading of the machine equals the last recorded one.
    pub fn is_unchanged(&self, now: &VmRefreshed) -> bool {
        self.seen.as_ref() == Some(now)
    }

    fn begin(&mut self, attempt: u32, step: Step, recorded: &Recorded) {
        self.status = Status::Decommissioning;
        self.decommission_request = None;
        self.attempt = attempt;
        self.begun_by.clone_from(&recorded.id);
        self.step = step.as_str().into();
        self.stalled = None;
    }
}

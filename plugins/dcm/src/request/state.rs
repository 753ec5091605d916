//! State of a request, folded from its events.

use super::event::Requester;
use super::{RequestFacts, Spec, Status};
use crate::Event;
use crate::provisioning::Step;
use eaf_sdk::{Personal, Recorded, Rejection, State};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Request {
    pub status: Status,
    pub requester_id: String,
    pub requester_name: Option<Personal<Requester>>,
    pub spec: Option<Spec>,
    /// Whether no attempt has begun the clone; false also if this is unknown.
    #[serde(default)]
    pub nothing_built: bool,
    /// Spec of the request when the last clone was completed; a later retry may have changed the
    /// request's spec. `None`: no clone was completed.
    pub copied: Option<Spec>,
    pub attempt: u32,
    /// Id of the event that began the request's present attempt.
    pub begun_by: String,
    /// Name of the step that is in progress. If no step is in progress, name of the last step.
    pub step: String,
    /// Step at which the last failed build or cancellation failed; `None`: no build or cancellation
    /// has failed.
    pub failed_step: Option<String>,
    /// Code of the last failure of a build or cancellation; `None`: no build or cancellation has
    /// failed.
    pub failed_code: Option<String>,
    /// Code of the failure of the host call that stalls at present; `None`: no call stalls.
    pub stalled: Option<String>,
}

impl State for Request {
    type Event = Event;
    const CATEGORY: &'static str = "request";

    fn apply(&mut self, event: Event, recorded: &Recorded) {
        match event {
            Event::RequestSubmitted(e) => {
                self.requester_id = e.requester_id;
                self.requester_name = Some(e.requester_name);
                self.spec = Some(e.spec);
                self.nothing_built = true;
            }
            Event::RequestWithdrawn(_) => self.status = Status::Withdrawn,
            Event::RequestRejected(_) => self.status = Status::Rejected,
            Event::RequestApproved(e) => self.begin(e.attempt, Step::EnsureFolder.as_str().into(), recorded),
            Event::RequestRetried(e) => {
                self.spec = Some(e.spec);
                self.begin(e.attempt, e.from_step, recorded);
            }
            Event::StepStarted(e) => {
                self.step = e.step.as_str().into();
                self.nothing_built &= e.step < Step::Clone;
            }
            Event::StepFinished(e) if e.step == Step::Clone => self.copied.clone_from(&self.spec),
            Event::RequestFulfilled(_) => self.status = Status::Fulfilled,
            Event::RequestFailed(e) => {
                self.status = Status::Failed;
                (self.failed_step, self.failed_code) = (Some(e.step), Some(e.code));
                self.stalled = None;
            }
            Event::RequestCancelRequested(e) => {
                self.begin(e.attempt, Step::PowerOff.as_str().into(), recorded);
                self.status = Status::Cancelling;
            }
            Event::RequestCancelled(_) => self.status = Status::Cancelled,
            Event::RequestCancelFailed(e) => {
                self.status = Status::CancelFailed;
                (self.failed_step, self.failed_code) = (Some(e.step), Some(e.code));
                self.stalled = None;
            }
            Event::Stalled(e) => self.stalled = Some(e.code),
            Event::Resumed(_) => self.stalled = None,
            _ => {}
        }
    }
}

impl Request {
    pub fn facts(&self) -> RequestFacts<'_> {
        RequestFacts {
            status: self.status,
            requester_id: &self.requester_id,
            failed_step: self.failed_step.as_deref(),
            failed_code: self.failed_code.as_deref(),
        }
    }

    pub fn requester_name(&self) -> Personal<Requester> {
        self.requester_name.clone().unwrap_or_else(|| Personal::new(""))
    }

    /// Requested machine, with the changes that the last retry made.
    ///
    /// # Panics
    ///
    /// If the stream does not begin with a submission.
    pub fn spec(&self) -> Spec {
        self.spec.clone().expect("a request begins with a submission")
    }

    /// Spec of the machine that was built. Its template and image are those of the last completed
    /// clone, because a retry that found the machine did not clone again.
    pub fn built(&self) -> Spec {
        let spec = self.spec();
        match &self.copied {
            Some(copied) => Spec { template: copied.template.clone(), image: copied.image.clone(), ..spec },
            None => spec,
        }
    }

    /// Checks that the request is being cancelled, and that `attempt` is the present attempt.
    pub fn cancelling(&self, attempt: u32) -> Result<(), Rejection> {
        if self.status != Status::Cancelling {
            return Err(Rejection::conflict("request-not-cancelling").param("status", self.status.as_str()));
        }
        if self.attempt != attempt {
            return Err(Rejection::conflict("attempt-over").param("attempt", attempt));
        }
        Ok(())
    }

    fn begin(&mut self, attempt: u32, step: String, recorded: &Recorded) {
        self.begun_by.clone_from(&recorded.id);
        self.step = step;
        self.status = Status::Approved;
        self.attempt = attempt;
        self.stalled = None;
    }
}

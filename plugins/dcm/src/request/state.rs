//! A request from its events.

use super::event::Requester;
use super::{Spec, Standing, Status};
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
    /// No attempt began to copy the template. False where that is not known.
    #[serde(default)]
    pub nothing_built: bool,
    /// The spec by which the template was copied last.
    pub copied: Option<Spec>,
    pub attempt: u32,
    /// The event that began this attempt.
    pub begun_by: String,
    /// What is being done, or was last.
    pub step: String,
    /// Where building or cancelling stopped last.
    pub failed_step: Option<String>,
    /// Why it stopped there.
    pub failed_code: Option<String>,
    /// The code for which a call is repeated, while one is.
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
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            status: self.status,
            requester_id: &self.requester_id,
            failed_step: self.failed_step.as_deref(),
            failed_code: self.failed_code.as_deref(),
        }
    }

    pub fn requester_name(&self) -> Personal<Requester> {
        self.requester_name.clone().unwrap_or_else(|| Personal::new(""))
    }

    /// # Panics
    /// When the stream does not begin with a submission.
    pub fn spec(&self) -> Spec {
        self.spec.clone().expect("a request begins with what was asked for")
    }

    /// What the machine was made of: a retry that found the machine copied nothing, whatever its
    /// own template is.
    pub fn built(&self) -> Spec {
        let spec = self.spec();
        match &self.copied {
            Some(copied) => Spec { template: copied.template.clone(), image: copied.image.clone(), ..spec },
            None => spec,
        }
    }

    /// Is this very attempt to cancel under way?
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

//! State of a request, folded from its events.

use super::decision::event::change;
use super::decision::propose::Changes;
use super::event::{Approver, RequestRevised, RequestSubmitted, Requester};
use super::{RequestFacts, Spec, Status};
use crate::Event;
use crate::policy::approval::{Approval, Verdict};
use crate::policy::fact::Facts;
use crate::provisioning::Step;
use eaf_sdk::{Personal, Recorded, Rejection, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Request {
    pub status: Status,
    pub requester_id: String,
    pub requester_name: Option<Personal<Requester>>,
    pub justification: Option<Personal<Requester>>,
    pub spec: Option<Spec>,
    /// Time of the submission, in milliseconds since 1970.
    pub submitted_at: i64,
    /// Approval of the request by the plan that was made at the submission or the last revision.
    pub approval: Option<Approval>,
    /// Facts on which that plan depends; `None` before the plan.
    pub planned_facts: Option<Facts>,
    /// Reason of the last rejection of a stage; `None`: no person has rejected a stage.
    pub last_rejection: Option<Personal<Requester>>,
    /// Changes that are proposed at present; `None`: no proposal is open.
    #[serde(default)]
    pub proposed: Option<Proposed>,
    /// Names of the people who have proposed changes, by actor id.
    #[serde(default)]
    pub proposer_names: BTreeMap<String, Personal<Approver>>,
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

/// Proposed changes of a request, with the price of the changed machine, in cents per month.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proposed {
    pub changes: Changes,
    pub monthly_cents: i64,
}

impl State for Request {
    type Event = Event;
    const CATEGORY: &'static str = "request";

    fn apply(&mut self, event: Event, recorded: &Recorded) {
        if let (Some(change), Some(approval)) = (change(&event), &mut self.approval) {
            approval.apply(&change);
        }
        match event {
            Event::RequestSubmitted(e) => *self = Request::of(&e, recorded.at),
            Event::ApprovalPlanned(e) => {
                let ids = BTreeSet::from([e.requester_id.clone()]);
                let approval = Approval::new(e.plan, &e.requester_id, ids, e.revision);
                (self.approval, self.proposed) = (Some(Approval { agreed: e.agreed, ..approval }), None);
                self.planned_facts = Some(e.facts);
            }
            Event::RequestRevised(e) => self.revise(&e),
            Event::ChangesProposed(e) => {
                self.proposed = Some(Proposed { changes: e.changes, monthly_cents: e.proposed_cents });
                self.proposer_names.insert(e.approver_id, e.approver_name);
            }
            Event::ChangesDeclined(_) => self.proposed = None,
            Event::StageDecided(e) if e.verdict == Verdict::Reject => self.last_rejection = e.comment,
            Event::RequestWithdrawn(_) => self.status = Status::Withdrawn,
            Event::RequestExpired(_) => self.status = Status::Expired,
            Event::RequestAutoApproved(e) => self.begin(e.attempt, Step::EnsureFolder.as_str().into(), recorded),
            Event::DecommissionApproved(_) => self.status = Status::Approved,
            Event::RequestRejected(_) => self.status = Status::Rejected,
            Event::RequestApproved(e) => {
                self.spec = Some(e.spec);
                self.begin(e.attempt, Step::EnsureFolder.as_str().into(), recorded);
            }
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
    /// Creates the state of a request at its submission, before the events of its approval. `at` is
    /// the time of the submission, in milliseconds since 1970.
    pub fn of(submitted: &RequestSubmitted, at: i64) -> Self {
        Request {
            requester_id: submitted.requester_id.clone(),
            requester_name: Some(submitted.requester_name.clone()),
            justification: Some(submitted.justification.clone()),
            spec: Some(submitted.spec.clone()),
            submitted_at: at,
            nothing_built: true,
            ..Request::default()
        }
    }

    /// Replaces what the requester asks for. The approval of the revision before remains until the
    /// event of the new plan.
    pub fn revise(&mut self, revised: &RequestRevised) {
        self.justification = Some(revised.justification.clone());
        self.spec = Some(revised.spec.clone());
        self.last_rejection = None;
    }

    pub fn facts(&self) -> RequestFacts<'_> {
        RequestFacts {
            kind: self.spec.as_ref().map(Spec::kind).unwrap_or_default(),
            status: self.status,
            requester_id: &self.requester_id,
            requester_erased: self.requester_name().as_str().is_empty(),
            failed_step: self.failed_step.as_deref(),
            failed_code: self.failed_code.as_deref(),
        }
    }

    pub fn requester_name(&self) -> Personal<Requester> {
        self.requester_name.clone().unwrap_or_else(|| Personal::new(""))
    }

    pub fn justification(&self) -> Personal<Requester> {
        self.justification.clone().unwrap_or_else(|| Personal::new(""))
    }

    /// Keys of the stages that wait for decisions.
    pub fn open_stages(&self) -> Vec<String> {
        self.approval.iter().flat_map(Approval::open_stages).map(Into::into).collect()
    }

    /// Requested machine, with the changes that the last revision, approval or retry made.
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

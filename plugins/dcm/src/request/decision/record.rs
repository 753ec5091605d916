//! Recording of an approval's changes as events of the request.

use super::event::{
    ApprovalPlanned, DecisionPassedOn, QuestionAnswered, QuestionAsked, StageDeadlineSet, StageDecided, StageEscalated,
    StageOpened, StagePassed, StageReassigned,
};
use crate::calendar::Calendar;
use crate::naming::{self, NameReleased};
use crate::policy::approval::{Approval, BusinessHours, Change, Decision, HOUR_MS, Outcome};
use crate::policy::document::Approver;
use crate::policy::fact::Facts;
use crate::request::event::{
    ApprovedWithoutDecision, RequestApproved, RequestAutoApproved, RequestExpired, RequestRejected, Requester,
};
use crate::request::{Request, stream};
use eaf_sdk::{Accepted, Context, Event, Personal};
use std::collections::BTreeMap;

/// Request, with the caller and the text of the decision, for the events that record its changes.
pub struct Recording<'a> {
    pub ctx: &'a Context,
    pub id: &'a str,
    /// Request before the changes.
    pub request: &'a Request,
    /// Text of the caller, such as the comment of an approval, the reason of a rejection or a
    /// question; `None`: the caller wrote no text.
    pub comment: Option<Personal<Requester>>,
    pub calendar: &'a Calendar,
}

impl Recording<'_> {
    /// Adds the event of the plan, with which an approval begins.
    pub fn plan(&self, accepted: Accepted, facts: Facts, approval: &Approval) -> Accepted {
        let planned = ApprovalPlanned {
            request_id: self.id.into(),
            requester_id: approval.requester.clone(),
            revision: approval.revision,
            facts,
            plan: approval.plan.clone(),
        };
        accepted.event(stream(self.id), planned)
    }

    /// Adds the events of the changes, in order.
    pub fn changes(&self, accepted: Accepted, approval: &Approval, changes: Vec<Change>) -> Accepted {
        let has_decided = changes.iter().any(|change| matches!(change, Change::Decided { .. }));
        let mut approval = approval.clone();
        changes.into_iter().fold(accepted, |accepted, change| {
            let closed = approval.open_stages().into_iter().map(Into::into).collect();
            approval.apply(&change);
            self.change(accepted, &approval, change, closed, has_decided)
        })
    }

    /// Adds the events of one change. `closed` are the stages that were open before the change, and
    /// `has_decided` tells whether the changes follow from a decision of the caller.
    fn change(
        &self,
        accepted: Accepted,
        approval: &Approval,
        change: Change,
        closed: Vec<String>,
        has_decided: bool,
    ) -> Accepted {
        match change {
            Change::StageOpened { stage, due_at, at } => {
                let deadline = due_at.map(|due_at| self.deadline(approval, &stage, due_at, Some(at)));
                let accepted = self.add(accepted, self.opened(approval, stage, due_at, at));
                self.add_some(accepted, deadline)
            }
            Change::Decided { stage, decision } => self.add(accepted, self.decided(stage, decision)),
            Change::Escalated { stage, to, cause, to_operators, due_at, at } => {
                let request = self.request;
                // An escalation for lack of people to the operators leaves the deadline as it is.
                let due = due_at.filter(|_| !to_operators);
                let deadline = due.map(|due_at| self.deadline(approval, &stage, due_at, None));
                let escalated = StageEscalated {
                    request_id: self.id.into(),
                    requester_id: request.requester_id.clone(),
                    requester_name: request.requester_name(),
                    justification: request.justification(),
                    stage,
                    to,
                    cause,
                    to_operators,
                    due_at,
                    at,
                    spec: request.spec(),
                };
                self.add_some(self.add(accepted, escalated), deadline)
            }
            Change::StagePassed { stage, by, at } => {
                let (request_id, requester_id) = (self.id.into(), self.request.requester_id.clone());
                self.add(accepted, StagePassed { request_id, requester_id, stage, by, at })
            }
            Change::Ended { outcome: Outcome::Granted, .. } => self.granted(accepted, approval, has_decided),
            Change::Ended { outcome: Outcome::Rejected, .. } => self.rejected(accepted, closed),
            Change::Ended { outcome: Outcome::Expired, stage, .. } => self.expired(accepted, stage, closed),
            Change::PassedOn { stage, to, at, .. } => self.add(accepted, self.passed_on(approval, stage, to, at)),
            Change::Reassigned { stage, approvers, due_at, at, .. } => {
                let deadline = due_at.map(|due_at| self.deadline(approval, &stage, due_at, Some(at)));
                let accepted = self.add(accepted, self.reassigned(approval, stage, approvers, due_at, at));
                self.add_some(accepted, deadline)
            }
            Change::Asked { on_behalf_of, left_ms, at, .. } => {
                self.add(accepted, self.asked(approval, on_behalf_of, left_ms, at))
            }
            Change::Answered { due_at, at } => self.answered(accepted, approval, due_at, at),
        }
    }

    fn add<E: Event>(&self, accepted: Accepted, event: E) -> Accepted {
        accepted.event(stream(self.id), event)
    }

    fn add_some<E: Event>(&self, accepted: Accepted, event: Option<E>) -> Accepted {
        match event {
            Some(event) => self.add(accepted, event),
            None => accepted,
        }
    }

    /// Beginning of a deadline's step. The first step, which begins at `opened_at`, has reminders.
    fn deadline(&self, approval: &Approval, stage: &str, due_at: i64, opened_at: Option<i64>) -> StageDeadlineSet {
        let deadline = approval.planned(stage).and_then(|planned| planned.deadline.as_ref());
        let hours = deadline.map(|deadline| deadline.remind_after.as_slice()).unwrap_or_default();
        let remind_at = |opened_at| hours.iter().map(|hours| self.calendar.after(opened_at, *hours)).collect();
        StageDeadlineSet {
            request_id: self.id.into(),
            requester_id: self.request.requester_id.clone(),
            stage: stage.into(),
            remind_at: opened_at.map(remind_at).unwrap_or_default(),
            due_at,
        }
    }

    fn opened(&self, approval: &Approval, stage: String, due_at: Option<i64>, at: i64) -> StageOpened {
        let planned = approval.planned(&stage);
        StageOpened {
            request_id: self.id.into(),
            requester_id: self.request.requester_id.clone(),
            requester_name: self.request.requester_name(),
            justification: self.request.justification(),
            stage_name: planned.and_then(|planned| planned.name.clone()),
            asked: planned.map(|planned| planned.approvers.clone()).unwrap_or_default(),
            needs: planned.map(|planned| planned.needs).unwrap_or_default(),
            stage,
            due_at,
            at,
            spec: self.request.spec(),
        }
    }

    fn decided(&self, stage: String, decision: Decision) -> StageDecided {
        StageDecided {
            request_id: self.id.into(),
            requester_id: self.request.requester_id.clone(),
            stage,
            approver_id: decision.actor,
            approver_name: Personal::new(&self.ctx.actor.name),
            on_behalf_of_id: decision.on_behalf_of,
            verdict: decision.verdict,
            comment: self.comment.clone(),
            at: decision.at,
        }
    }

    fn passed_on(&self, approval: &Approval, stage: String, to_id: String, at: i64) -> DecisionPassedOn {
        let request = self.request;
        DecisionPassedOn {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            justification: request.justification(),
            stage_name: approval.planned(&stage).and_then(|planned| planned.name.clone()),
            approver_id: self.ctx.actor.id.clone(),
            approver_name: Personal::new(&self.ctx.actor.name),
            to_id,
            reason: self.reason(),
            due_at: approval.open(&stage).and_then(|open| open.due_at),
            stage,
            at,
            spec: request.spec(),
        }
    }

    fn reassigned(
        &self,
        approval: &Approval,
        stage: String,
        asked: Vec<Approver>,
        due_at: Option<i64>,
        at: i64,
    ) -> StageReassigned {
        let request = self.request;
        StageReassigned {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            justification: request.justification(),
            stage_name: approval.planned(&stage).and_then(|planned| planned.name.clone()),
            stage,
            asked,
            by_id: self.ctx.actor.id.clone(),
            by_name: Personal::new(&self.ctx.actor.name),
            reason: self.reason(),
            due_at,
            at,
            spec: request.spec(),
        }
    }

    fn asked(
        &self,
        approval: &Approval,
        on_behalf_of_id: Option<String>,
        left_ms: BTreeMap<String, i64>,
        at: i64,
    ) -> QuestionAsked {
        let request = self.request;
        QuestionAsked {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            approver_id: self.ctx.actor.id.clone(),
            approver_name: Personal::new(&self.ctx.actor.name),
            on_behalf_of_id,
            revision: approval.revision,
            question: self.reason(),
            left_ms,
            at,
            spec: request.spec(),
        }
    }

    /// Adds the answer, and the beginning of each deadline that runs again.
    fn answered(&self, accepted: Accepted, approval: &Approval, due_at: BTreeMap<String, i64>, at: i64) -> Accepted {
        let request = self.request;
        let question = request.approval.as_ref().and_then(|before| before.question.as_ref());
        let deadlines: Vec<_> =
            due_at.iter().map(|(stage, due_at)| self.continued(approval, stage, *due_at, at)).collect();
        let answered = QuestionAnswered {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            asked_by: question.map(|question| question.by.clone()).unwrap_or_default(),
            revision: approval.revision,
            answer: self.reason(),
            due_at,
            at,
            spec: request.spec(),
        };
        deadlines.into_iter().fold(self.add(accepted, answered), |accepted, set| self.add(accepted, set))
    }

    /// Step of a deadline that runs again at the time `at`, with the reminders that are still
    /// ahead.
    fn continued(&self, approval: &Approval, stage: &str, due_at: i64, at: i64) -> StageDeadlineSet {
        let deadline = approval.planned(stage).and_then(|planned| planned.deadline.as_ref());
        let is_first = approval.open(stage).is_some_and(|open| open.escalations == 0);
        let left = self.calendar.ms_between(at, due_at);
        // A reminder comes when the hours from the reminder to the end of the deadline are left.
        let ahead = |hours: u32, of: u32| left - i64::from(of.saturating_sub(hours)) * HOUR_MS;
        let reminders = deadline.filter(|_| is_first).into_iter().flat_map(|deadline| {
            deadline.remind_after.iter().map(|hours| ahead(*hours, deadline.hours)).filter(|ahead| *ahead > 0)
        });
        StageDeadlineSet {
            request_id: self.id.into(),
            requester_id: self.request.requester_id.clone(),
            stage: stage.into(),
            remind_at: reminders.map(|ahead| self.calendar.after_ms(at, ahead)).collect(),
            due_at,
        }
    }

    fn reason(&self) -> Personal<Requester> {
        self.comment.clone().unwrap_or_else(|| Personal::new(""))
    }

    fn granted(&self, accepted: Accepted, approval: &Approval, has_decided: bool) -> Accepted {
        let (request, spec) = (self.request, self.request.spec());
        if has_decided {
            let approved = RequestApproved {
                request_id: self.id.into(),
                requester_id: request.requester_id.clone(),
                approver_id: self.ctx.actor.id.clone(),
                approver_name: Personal::new(&self.ctx.actor.name),
                attempt: 1,
                submitted_at: request.submitted_at,
                spec,
            };
            return self.add(accepted, approved);
        }
        let rules: Vec<_> = approval.plan.auto.iter().map(|auto| auto.name.clone()).collect();
        let cause = if rules.is_empty() { ApprovedWithoutDecision::Time } else { ApprovedWithoutDecision::Rule };
        let (request_id, requester_id) = (self.id.into(), request.requester_id.clone());
        let requester_name = request.requester_name();
        self.add(
            accepted,
            RequestAutoApproved { request_id, requester_id, requester_name, cause, rules, attempt: 1, spec },
        )
    }

    fn rejected(&self, accepted: Accepted, closed_stages: Vec<String>) -> Accepted {
        let request = self.request;
        // If people have left since a rejection, a later command can end the approval.
        let reason = self.comment.clone().or_else(|| request.last_rejection.clone());
        let rejected = RequestRejected {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            approver_id: self.ctx.actor.id.clone(),
            approver_name: Personal::new(&self.ctx.actor.name),
            reason: reason.unwrap_or_else(|| Personal::new("")),
            closed_stages,
            submitted_at: request.submitted_at,
            spec: request.spec(),
        };
        self.release(self.add(accepted, rejected))
    }

    fn expired(&self, accepted: Accepted, stage: Option<String>, closed_stages: Vec<String>) -> Accepted {
        let request = self.request;
        let expired = RequestExpired {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            stage,
            closed_stages,
            spec: request.spec(),
        };
        self.release(self.add(accepted, expired))
    }

    fn release(&self, accepted: Accepted) -> Accepted {
        let name = self.request.spec().vm_name;
        accepted.event(naming::stream(&name), NameReleased { name, request_id: self.id.into() })
    }
}

//! Recording of an approval's changes as events of the request.

use super::event::{
    ApprovalPlanned, ChangesDeclined, ChangesProposed, DecisionPassedOn, QuestionAnswered, QuestionAsked,
    StageDeadlineSet, StageDecided, StageEscalated, StageOpened, StagePassed, StageReassigned,
};
use crate::calendar::Calendar;
use crate::policy::approval::{Approval, BusinessHours, Change, Decision, HOUR_MS, Outcome};
use crate::policy::document::Approver;
use crate::policy::fact::Facts;
use crate::policy::proposal::Agreed;
use crate::request::event::{
    ApprovedWithoutDecision, Approver as Decider, DecommissionApproved, RequestApproved, RequestAutoApproved,
    RequestExpired, RequestRejected, Requester,
};
use crate::request::release::release;
use crate::request::state::Proposed;
use crate::request::{Request, stream};
use crate::vm::{self, event::VmDecommissionRequested};
use eaf_sdk::{Accepted, Context, Event, Personal};
use std::collections::{BTreeMap, BTreeSet};

/// Surroundings of one of several changes.
struct Around<'a> {
    /// Keys of the stages that were open before the change.
    closed: Vec<String>,
    /// Decision from which the changes follow.
    decider: Option<&'a Decision>,
    /// Approval after all changes.
    after: &'a Approval,
}

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
    /// Changes that the caller proposes; `None`: the caller proposes none.
    pub proposed: Option<Proposed>,
    /// Names of all machines of the order that is being submitted; empty: no order is.
    pub together: Vec<String>,
}

impl<'a> Recording<'a> {
    pub fn new(
        ctx: &'a Context,
        id: &'a str,
        request: &'a Request,
        comment: Option<Personal<Requester>>,
        calendar: &'a Calendar,
    ) -> Self {
        Recording { ctx, id, request, comment, calendar, proposed: None, together: Vec::new() }
    }

    /// Adds the event of the plan, with which an approval begins.
    pub fn plan(&self, accepted: Accepted, facts: Facts, approval: &Approval) -> Accepted {
        let planned = ApprovalPlanned {
            request_id: self.id.into(),
            requester_id: approval.requester.clone(),
            revision: approval.revision,
            facts,
            plan: approval.plan.clone(),
            agreed: approval.agreed.clone(),
        };
        accepted.event(stream(self.id), planned)
    }

    /// Adds the events of the changes, in order.
    pub fn changes(&self, accepted: Accepted, approval: &Approval, changes: Vec<Change>) -> Accepted {
        let decider = self.decider(&changes).cloned();
        let (mut approval, mut after) = (approval.clone(), approval.clone());
        changes.iter().for_each(|change| after.apply(change));
        changes.into_iter().fold(accepted, |accepted, change| {
            let closed = approval.open_stages().into_iter().map(Into::into).collect();
            approval.apply(&change);
            self.change(accepted, &approval, change, Around { closed, decider: decider.as_ref(), after: &after })
        })
    }

    /// Adds the events of one change. `approval` is the approval after the change.
    fn change(
        &self,
        accepted: Accepted,
        approval: &Approval,
        change: Change,
        Around { closed, decider, after }: Around,
    ) -> Accepted {
        match change {
            Change::StageOpened { stage, due_at, at } => {
                let deadline = due_at.map(|due_at| self.deadline(approval, &stage, due_at, Some(at)));
                let accepted = self.add(accepted, self.opened(after, stage, due_at, at));
                self.add_some(accepted, deadline)
            }
            Change::Decided { stage, decision } => self.add(accepted, self.decided(stage, decision)),
            Change::Escalated { stage, to, cause, to_operators, due_at, at } => {
                let request = self.request;
                // An escalation for lack of people to the operators leaves the deadline as it is.
                let due = due_at.filter(|_| !to_operators);
                let deadline = due.map(|due_at| self.deadline(approval, &stage, due_at, None));
                let escalated = StageEscalated {
                    decided: decided_in(after, &stage),
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
            Change::Ended { outcome: Outcome::Granted, .. } => self.granted(accepted, approval, decider),
            Change::Ended { outcome: Outcome::Rejected, .. } => self.rejected(accepted, closed, decider),
            Change::Ended { outcome: Outcome::Expired, stage, .. } => self.expired(accepted, stage, closed),
            Change::PassedOn { stage, to, levels, at, .. } => {
                self.add(accepted, self.passed_on(approval, stage, (to, levels), at))
            }
            Change::Reassigned { stage, approvers, due_at, at, .. } => {
                let deadline = due_at.map(|due_at| self.deadline(approval, &stage, due_at, Some(at)));
                let accepted = self.add(accepted, self.reassigned(after, stage, approvers, due_at, at));
                self.add_some(accepted, deadline)
            }
            Change::Asked { on_behalf_of, left_ms, at, .. } => {
                self.add(accepted, self.asked(approval, on_behalf_of, left_ms, at))
            }
            Change::Answered { due_at, at } => self.answered(accepted, approval, due_at, at),
            Change::Proposed { agreed, left_ms, at } => {
                self.add_some(accepted, self.proposed(approval, agreed, left_ms, at))
            }
            Change::Declined { due_at, at } => self.declined(accepted, approval, due_at, at),
        }
    }

    /// Decision among the changes: that of the caller, or of a person who agreed before.
    fn decider<'c>(&self, changes: &'c [Change]) -> Option<&'c Decision> {
        let mut decided = changes.iter().filter_map(|change| match change {
            Change::Decided { decision, .. } => Some(decision),
            _ => None,
        });
        let own = decided.clone().find(|decision| decision.actor == self.ctx.actor.id);
        own.or(decided.next_back())
    }

    /// Name of a person who decided: the caller, or a person who agreed to this revision before.
    fn decider_name(&self, actor: &str) -> Personal<Decider> {
        if actor == self.ctx.actor.id {
            return Personal::new(&self.ctx.actor.name);
        }
        self.request.proposer_names.get(actor).cloned().unwrap_or_else(|| Personal::new(""))
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
            decided: decided_in(approval, &stage),
            stage,
            due_at,
            at,
            together: self.together.clone(),
            spec: self.request.spec(),
        }
    }

    fn decided(&self, stage: String, decision: Decision) -> StageDecided {
        StageDecided {
            request_id: self.id.into(),
            requester_id: self.request.requester_id.clone(),
            stage,
            approver_name: self.decider_name(&decision.actor),
            on_behalf_of_id: decision.on_behalf_of,
            verdict: decision.verdict,
            // A person who agreed before wrote the comment then.
            comment: self.comment.clone().filter(|_| decision.actor == self.ctx.actor.id),
            approver_id: decision.actor,
            at: decision.at,
        }
    }

    fn passed_on(
        &self,
        approval: &Approval,
        stage: String,
        (to_id, levels): (String, BTreeSet<usize>),
        at: i64,
    ) -> DecisionPassedOn {
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
            levels,
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
            decided: decided_in(approval, &stage),
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
        let deadlines = self.continued_all(approval, &due_at, at);
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

    fn proposed(
        &self,
        approval: &Approval,
        agreed: Agreed,
        left_ms: BTreeMap<String, i64>,
        at: i64,
    ) -> Option<ChangesProposed> {
        let (request, proposed) = (self.request, self.proposed.clone()?);
        Some(ChangesProposed {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            approver_id: agreed.by,
            approver_name: Personal::new(&self.ctx.actor.name),
            on_behalf_of_id: agreed.on_behalf_of,
            revision: approval.revision,
            stages: agreed.stages,
            changes: proposed.changes,
            proposed_cents: proposed.monthly_cents,
            comment: self.reason(),
            left_ms,
            at,
            spec: request.spec(),
        })
    }

    /// Adds the refusal of proposed changes, and the beginning of each deadline that runs again.
    fn declined(&self, accepted: Accepted, approval: &Approval, due_at: BTreeMap<String, i64>, at: i64) -> Accepted {
        let request = self.request;
        let proposal = request.approval.as_ref().and_then(|before| before.proposal.as_ref());
        let deadlines = self.continued_all(approval, &due_at, at);
        let declined = ChangesDeclined {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            proposer_id: proposal.map(|proposal| proposal.agreed.by.clone()).unwrap_or_default(),
            revision: approval.revision,
            answer: self.comment.clone(),
            due_at,
            at,
            spec: request.spec(),
        };
        deadlines.into_iter().fold(self.add(accepted, declined), |accepted, set| self.add(accepted, set))
    }

    fn continued_all(&self, approval: &Approval, due_at: &BTreeMap<String, i64>, at: i64) -> Vec<StageDeadlineSet> {
        due_at.iter().map(|(stage, due_at)| self.continued(approval, stage, *due_at, at)).collect()
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

    fn granted(&self, accepted: Accepted, approval: &Approval, decider: Option<&Decision>) -> Accepted {
        let (request, spec) = (self.request, self.request.spec());
        if spec.decommission.is_some() {
            return self.decommission(accepted, decider);
        }
        if let Some(decider) = decider {
            let approved = RequestApproved {
                request_id: self.id.into(),
                requester_id: request.requester_id.clone(),
                approver_id: decider.actor.clone(),
                approver_name: self.decider_name(&decider.actor),
                on_behalf_of_id: decider.on_behalf_of.clone(),
                attempt: 1,
                submitted_at: Some(request.submitted_at),
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

    fn rejected(&self, accepted: Accepted, closed_stages: Vec<String>, decider: Option<&Decision>) -> Accepted {
        let request = self.request;
        // If people have left since a rejection, a later command can end the approval.
        let reason = self.comment.clone().or_else(|| request.last_rejection.clone());
        let rejected = RequestRejected {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            approver_id: self.ctx.actor.id.clone(),
            approver_name: Personal::new(&self.ctx.actor.name),
            on_behalf_of_id: decider.and_then(|decision| decision.on_behalf_of.clone()),
            reason: reason.unwrap_or_else(|| Personal::new("")),
            closed_stages,
            submitted_at: Some(request.submitted_at),
            spec: request.spec(),
        };
        release(self.add(accepted, rejected), self.id, request)
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
        release(self.add(accepted, expired), self.id, request)
    }

    /// Adds the approval of a decommissioning, and the event that begins it.
    fn decommission(&self, accepted: Accepted, decider: Option<&Decision>) -> Accepted {
        let (request, spec) = (self.request, self.request.spec());
        let Some(machine) = spec.decommission.clone() else { return accepted };
        let requested = VmDecommissionRequested {
            vm_id: machine.vm_id.clone(),
            requester_id: machine.owner_id,
            by_id: request.requester_id.clone(),
            by_name: request.requester_name().reassign(),
            name: spec.vm_name.clone(),
            attempt: machine.attempt,
        };
        let approved = DecommissionApproved {
            request_id: self.id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            approver_id: decider.map(|decision| decision.actor.clone()),
            approver_name: decider.map(|decision| self.decider_name(&decision.actor)),
            on_behalf_of_id: decider.and_then(|decision| decision.on_behalf_of.clone()),
            submitted_at: request.submitted_at,
            spec,
        };
        self.add(accepted, approved).event(vm::stream(&machine.vm_id), requested)
    }
}

/// Actor ids of the people who have decided on a stage, themselves or by a deputy, with these
/// deputies.
pub fn decided_in(approval: &Approval, stage: &str) -> BTreeSet<String> {
    let decisions = approval.stages.get(stage).into_iter().flat_map(|progress| &progress.decisions);
    decisions.flat_map(|decision| [&decision.actor].into_iter().chain(&decision.on_behalf_of)).cloned().collect()
}

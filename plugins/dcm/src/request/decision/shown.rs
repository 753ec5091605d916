//! Columns of a request's approval, which the views of requests and approvals have in common.

use super::event::change;
use super::people::{asked, waited_for};
use super::propose::Changes;
use super::thread::Entry;
use super::{people::CallerAlone, vote};
use crate::Event;
use crate::permission::APPROVE;
use crate::policy::approval::{Approval, Verdict};
use crate::request::{RequestFacts, approve};
use eaf_sdk::{Context, People, Rejection};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Places of people's actor ids in the columns of [`Shown`].
pub const PEOPLE: &[&str] = &[
    "/decisions/*/approver_id",
    "/decisions/*/on_behalf_of_id",
    "/thread/*/by_id",
    "/thread/*/on_behalf_of_id",
    "/proposal/by_id",
    "/proposal/on_behalf_of_id",
    "/approval/plan/stages/*/approvers/*/actor",
    "/approval/stages/*/asked/*/*/actor",
    "/approval/stages/*/passed_on/*/from",
    "/approval/stages/*/passed_on/*/to",
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Shown {
    /// Plan and progress of the approval of the present revision, as the policies and decisions
    /// gave them.
    pub approval: Option<Approval>,
    /// Decisions, in order, with the names of the people who decided.
    pub decisions: Option<Vec<NamedDecision>>,
    /// People who have ever been asked to decide, and so may read the row.
    pub asked: Option<People>,
    /// People who may decide now, one reference per open stage; `None`: the request waits for no
    /// decision.
    pub waiting_for: Option<Vec<People>>,
    /// Earliest time when an open stage's deadline has its next step, in milliseconds since 1970.
    pub due_at: Option<i64>,
    pub revision: Option<u32>,
    /// Questions and answers, in order.
    pub thread: Option<Vec<Entry>>,
    /// Proposed changes that the requester has not answered; `None`: no proposal is open.
    pub proposal: Option<NamedProposal>,
    /// Side for which the pending request waits; `None`: the approval has ended.
    pub awaited: Option<Awaited>,
}

/// Side for which a pending request waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    Approvers,
    /// The requester, who has a question or proposed changes to answer.
    Requester,
}

/// Decision with the name of the person who decided; no name if the person was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedDecision {
    /// Revision of the request that the person decided on; decisions on an earlier one do not
    /// count.
    pub revision: u32,
    pub stage: String,
    pub approver_id: String,
    pub approver_name: Option<String>,
    pub on_behalf_of_id: Option<String>,
    pub verdict: Verdict,
    pub comment: Option<String>,
    pub at: i64,
}

/// Proposed changes with the name of the person who proposed them; no name if the person was
/// erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedProposal {
    pub by_id: String,
    pub by_name: Option<String>,
    /// Actor id of the person whose deputy proposed the changes.
    pub on_behalf_of_id: Option<String>,
    pub at: i64,
    pub changes: Changes,
    /// Price of the changed machine, in cents per month.
    pub monthly_cents: i64,
    pub comment: Option<String>,
}

impl Shown {
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::ApprovalPlanned(e) => {
                self.end();
                let ids = BTreeSet::from([e.requester_id.clone()]);
                let approval = Approval::new(e.plan.clone(), &e.requester_id, ids, e.revision);
                self.approval = Some(Approval { agreed: e.agreed.clone(), ..approval });
                self.revision = Some(e.revision);
            }
            Event::StageDecided(e) => self.decisions.get_or_insert_default().push(NamedDecision {
                revision: self.revision.unwrap_or(1),
                stage: e.stage.clone(),
                approver_id: e.approver_id.clone(),
                approver_name: e.approver_name.to_option(),
                on_behalf_of_id: e.on_behalf_of_id.clone(),
                verdict: e.verdict,
                comment: e.comment.as_ref().and_then(|comment| comment.to_option()),
                at: e.at,
            }),
            Event::ChangesProposed(e) => {
                self.proposal = Some(NamedProposal {
                    by_id: e.approver_id.clone(),
                    by_name: e.approver_name.to_option(),
                    on_behalf_of_id: e.on_behalf_of_id.clone(),
                    at: e.at,
                    changes: e.changes.clone(),
                    monthly_cents: e.proposed_cents,
                    comment: e.comment.to_option(),
                });
            }
            Event::ChangesDeclined(_) => self.proposal = None,
            _ => {}
        }
        if let Some(entry) = Entry::of(event) {
            self.thread.get_or_insert_default().push(entry);
        }
        let (Some(change), Some(approval)) = (change(event), &mut self.approval) else { return };
        approval.apply(&change);
        // The people of an earlier revision remain among those who may read the row.
        self.asked = Some(self.asked.take().unwrap_or_default().or(asked(approval)));
        self.awaited = Some(if approval.is_paused() { Awaited::Requester } else { Awaited::Approvers });
        let open: Vec<_> = approval.open_stages().into_iter().filter_map(|stage| approval.open(stage)).collect();
        self.waiting_for = Some(open.iter().map(|stage| waited_for(approval, stage)).collect());
        self.due_at = open.iter().filter_map(|stage| stage.due_at).min();
    }

    /// Ends the approval, because the request was decided, withdrawn or has expired.
    pub fn end(&mut self) {
        (self.waiting_for, self.due_at, self.awaited, self.proposal) = (None, None, None, None);
    }

    /// Rule of a decision by the caller. `None`: the request has no approval, or the caller neither
    /// has a seat nor holds the permission to approve, so that no decision is offered.
    pub fn decision(&self, ctx: &Context, facts: &RequestFacts, verdict: Verdict) -> Option<Result<(), Rejection>> {
        let approval = self.approval.as_ref()?;
        let rule = approve::can_decide(ctx, facts, verdict).and_then(|()| {
            vote(approval, &CallerAlone::new(approval, ctx), ctx, approval.revision, verdict).map(|_| ())
        });
        let is_offered = rule.is_ok() || ctx.may(APPROVE);
        is_offered.then_some(rule)
    }
}

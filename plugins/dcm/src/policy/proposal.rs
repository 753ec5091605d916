//! Changes that an approver proposes instead of a plain approval, and the requester's answer.
//!
//! From the proposal to the answer no deadline of the approval runs. A confirmation begins a new
//! revision, in which the approval of the proposer counts in the stages of the proposal, as far as
//! the proposer still has a seat there.

use super::approval::{Ambient, Approval, Approvers, Change, Decision, Verdict};
use super::judge::Tally;
use super::operations::Vote;
use super::seats::person_of;
use eaf_sdk::Rejection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Proposal that the requester has not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Time of the proposal, in milliseconds since 1970.
    pub since: i64,
    #[serde(flatten)]
    pub agreed: Agreed,
}

/// Approval that a proposer gave in advance for the changed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agreed {
    /// Actor id of the person who proposed the changes.
    pub by: String,
    /// Actor id of the person whose deputy proposed the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// Keys of the stages in which the approval counts.
    pub stages: BTreeSet<String>,
}

impl Agreed {
    /// Removes a stage in which the proposer decided, passed the seat on or was replaced.
    pub(super) fn apply(&mut self, change: &Change) {
        let is_proposer = |actor: &str| self.by == actor || self.on_behalf_of.as_deref() == Some(actor);
        let stage = match change {
            Change::Decided { stage, decision: Decision { actor, on_behalf_of, .. } }
                if is_proposer(actor) || on_behalf_of.as_deref().is_some_and(is_proposer) =>
            {
                stage
            }
            Change::PassedOn { stage, from, .. } if is_proposer(from) => stage,
            Change::Reassigned { stage, .. } => stage,
            _ => return,
        };
        self.stages.remove(stage);
    }
}

impl Approval {
    /// Keys of the open stages in which a person may propose changes: those in which the person may
    /// decide. One proposal is open at a time.
    pub fn can_propose(&self, approvers: &dyn Approvers, vote: &Vote) -> Result<Vec<String>, Rejection> {
        let stages = self.can_decide(approvers, vote)?;
        if self.proposal.is_some() {
            return Err(Rejection::conflict("proposal-open"));
        }
        Ok(stages)
    }

    pub fn propose(&self, ambient: Ambient, vote: &Vote) -> Result<Vec<Change>, Rejection> {
        let stages = self.can_propose(ambient.approvers, vote)?;
        let agreed = Agreed {
            by: vote.actor.into(),
            on_behalf_of: vote.on_behalf_of.map(Into::into),
            stages: stages.into_iter().collect(),
        };
        Ok(vec![Change::Proposed { agreed, left_ms: self.left_ms(ambient), at: ambient.now }])
    }

    /// Proposal that the requester may confirm or decline, because it is open on this revision.
    pub fn open_proposal(&self, revision: u32) -> Result<&Proposal, Rejection> {
        self.undecided()?;
        self.is_at(revision)?;
        self.proposal.as_ref().ok_or_else(|| Rejection::conflict("no-proposal"))
    }

    /// Declines the proposal on behalf of the requester. The deadlines run again, unless a question
    /// is open.
    pub fn decline(&self, ambient: Ambient, revision: u32) -> Result<Vec<Change>, Rejection> {
        self.open_proposal(revision)?;
        let due_at = if self.question.is_none() { self.due_again(ambient) } else { Default::default() };
        Ok(vec![Change::Declined { due_at, at: ambient.now }])
    }

    /// Decision of the proposer in a stage that has opened; `None`: the approval of the proposer
    /// does not count there.
    pub(super) fn agreed_in(&self, ambient: Ambient, stage: &str) -> Option<Change> {
        let agreed = self.agreed.as_ref().filter(|agreed| agreed.stages.contains(stage))?;
        let tally = Tally::of(self, ambient.approvers, self.open(stage)?);
        let person = person_of(ambient.approvers, &agreed.by);
        let seat = match &agreed.on_behalf_of {
            // A person with a seat has a voice of their own, and a deputy's approval is not theirs.
            Some(_) if tally.seats.contains_key(&person) => return None,
            Some(principal) => person_of(ambient.approvers, principal),
            None => person,
        };
        tally.seats.contains_key(&seat).then(|| Change::Decided {
            stage: stage.into(),
            decision: Decision {
                actor: agreed.by.clone(),
                on_behalf_of: agreed.on_behalf_of.clone(),
                verdict: Verdict::Approve,
                at: ambient.now,
            },
        })
    }
}

#[cfg(test)]
mod tests;

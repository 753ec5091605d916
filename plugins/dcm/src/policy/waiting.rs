//! The answer to “why does nothing happen?”: whom an open approval waits for, since when, by when,
//! and what follows then.

use super::approval::{Approval, Approvers, Progress};
use super::document::{Approver, Deadline, Finally, Needs};
use super::judge::Tally;
use super::plan::PlannedStage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Stages for which an open approval waits, in the order of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingOn {
    /// Time since which the approval waits for an answer of its requester, to a question or to
    /// proposed changes, in milliseconds since 1970; `None`: the approval waits for its approvers.
    pub answer_since: Option<i64>,
    pub stages: Vec<WaitingStage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingStage {
    pub stage: String,
    /// Actor ids of the people who may decide in the stage and have not.
    pub people: BTreeSet<String>,
    pub needs: Needs,
    /// Number of approvals that the stage has so far.
    pub approvals: usize,
    /// Time since which the stage waits, in milliseconds since 1970. `due_at` has the same unit.
    pub since: i64,
    pub due_at: Option<i64>,
    pub is_overdue: bool,
    /// Consequence when the present step of the deadline is over.
    pub then: Then,
    /// Whether the people in `people` are too few to pass the stage, so that an admin must reassign
    /// the stage.
    pub people_missing: bool,
}

/// Consequence of the end of a deadline's step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Then {
    /// No consequence, because the stage has no deadline.
    Nothing,
    Escalate {
        to: Approver,
    },
    Expire,
    Approve,
}

/// Stages for which an approval waits at the time `now`, in milliseconds since 1970; `None` once
/// the approval has ended.
pub fn waiting_on(approval: &Approval, approvers: &dyn Approvers, now: i64) -> Option<WaitingOn> {
    if approval.ended.is_some() {
        return None;
    }
    let stage = |planned: &PlannedStage| {
        let progress = approval.open(&planned.key)?;
        Some(waiting_stage(approval, approvers, planned, progress, now))
    };
    let asked = approval.question.as_ref().map(|question| question.since);
    let answer_since = asked.into_iter().chain(approval.proposal.as_ref().map(|proposal| proposal.since)).min();
    Some(WaitingOn { answer_since, stages: approval.plan.stages.iter().filter_map(stage).collect() })
}

fn waiting_stage(
    approval: &Approval,
    approvers: &dyn Approvers,
    planned: &PlannedStage,
    progress: &Progress,
    now: i64,
) -> WaitingStage {
    let tally = Tally::of(approval, approvers, progress);
    WaitingStage {
        stage: planned.key.clone(),
        people: tally.open().map(|(_, actor)| actor.clone()).collect(),
        needs: planned.needs,
        approvals: tally.approvals(),
        since: progress.since,
        due_at: progress.due_at,
        is_overdue: progress.due_at.is_some_and(|due| due <= now),
        then: then(progress, planned.deadline.as_ref()),
        people_missing: !tally.can_pass(planned.needs),
    }
}

/// Consequence when the present step of a stage's deadline is over.
pub fn then(progress: &Progress, deadline: Option<&Deadline>) -> Then {
    match (progress.next_step(deadline), deadline.map(|deadline| deadline.finally)) {
        (Some(step), _) => Then::Escalate { to: step.to.clone() },
        (None, Some(Finally::Expire)) => Then::Expire,
        (None, Some(Finally::Approve)) => Then::Approve,
        (None, None) => Then::Nothing,
    }
}

#[cfg(test)]
mod tests;

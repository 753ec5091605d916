//! State of one approval: a plan, the requester, and the progress of each stage.
//!
//! Operations (in [`operations`](super::operations)) return changes and do not alter the approval.
//! The caller stores the changes in events. [`Approval::apply`] applies the changes without reading
//! members or the time, so that a replay of the events gives the same state.

use super::document::{Approver, Deadline, Escalation};
use super::plan::{Plan, PlannedStage};
use super::proposal::{Agreed, Proposal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Resolver of references to people, which the caller of an approval's operations implements.
pub trait Approvers {
    /// Actor ids of the people to whom a reference leads; empty if the reference leads to no
    /// person.
    fn members(&self, reference: &Approver) -> BTreeSet<String>;

    /// All actor ids of the person to whom this actor id belongs.
    fn person(&self, actor: &str) -> BTreeSet<String> {
        BTreeSet::from([actor.to_owned()])
    }

    /// Actor ids of the deputies who may act for this actor at present.
    fn deputies(&self, _actor: &str) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Tells whether a person to whom a seat was passed on can still decide.
    fn is_present(&self, _actor: &str) -> bool {
        true
    }
}

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Calendar that adds working time to a time, and measures the working time between two times.
/// Times are in milliseconds since 1970.
pub trait BusinessHours {
    /// Time that is `ms` milliseconds of working time after `start`.
    fn after_ms(&self, start: i64, ms: i64) -> i64;

    /// Milliseconds of working time from `start` to `end`; 0 if `end` is not after `start`.
    fn ms_between(&self, start: i64, end: i64) -> i64;

    /// Time that is `hours` of working time after `start`.
    fn after(&self, start: i64, hours: u32) -> i64 {
        self.after_ms(start, i64::from(hours) * HOUR_MS)
    }
}

/// Present time, people and business hours, which operations take as a parameter.
#[derive(Clone, Copy)]
pub struct Ambient<'a> {
    /// Present time, in milliseconds since 1970.
    pub now: i64,
    pub approvers: &'a dyn Approvers,
    pub hours: &'a dyn BusinessHours,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    pub plan: Plan,
    /// Actor id of the requester.
    pub requester: String,
    /// All actor ids of the person who is the requester, as known when the request was submitted.
    pub requester_ids: BTreeSet<String>,
    /// Revision of the request on which people decide.
    pub revision: u32,
    /// Progress of the stages that have opened, by the stage's key.
    pub stages: BTreeMap<String, Progress>,
    /// Question that the requester has not answered; `None`: the approval waits for its approvers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Proposed changes that the requester has not answered; `None`: no proposal is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// Approval of the person whose changes made this revision; `None`: the requester alone made
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
    /// End of the approval; `None` while the approval is open.
    pub ended: Option<Ended>,
}

/// Questions of approvers that the requester has not answered. Until the answer no deadline runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Time of the first question, in milliseconds since 1970.
    pub since: i64,
    /// Actor ids of the people who asked.
    pub by: BTreeSet<String>,
}

/// Progress of a stage that has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// Time when the stage opened, was last escalated or was last reassigned, whichever is the
    /// latest, in milliseconds since 1970.
    pub since: i64,
    /// Time when the present step of the deadline is over, in milliseconds since 1970; `None`: the
    /// stage waits without limit, or the approval waits for its requester.
    pub due_at: Option<i64>,
    /// Working time of the deadline's present step that is left when the requester has answered, in
    /// milliseconds; `None`: the deadline runs, or the stage has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<i64>,
    /// References to the people who are asked to decide, one list per level. The first level is
    /// from the plan, or from an admin who reassigned the stage; each escalation adds a level.
    pub asked: Vec<Vec<Approver>>,
    /// Number of the deadline's steps that were taken since the stage opened or was reassigned.
    pub escalations: usize,
    /// Whether the holders of `operate` were asked to decide, because people are missing and the
    /// deadline has no further step.
    pub operators_asked: bool,
    pub passed_on: Vec<PassedOn>,
    pub decisions: Vec<Decision>,
    pub passed_at: Option<i64>,
}

/// Seat that one person passed on to another person. Both people are given by actor id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassedOn {
    pub from: String,
    pub to: String,
    /// Levels of the stage in which the seat counts: 0 is that of the approvers in the plan, and
    /// each escalation adds one.
    #[serde(default = "first_level")]
    pub levels: BTreeSet<usize>,
    /// Time of the handover, in milliseconds since 1970; 0 in a state without this member.
    #[serde(default)]
    pub at: i64,
}

/// Levels of a seat whose handover was recorded without levels.
pub fn first_level() -> BTreeSet<usize> {
    BTreeSet::from([0])
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Actor id of the person who decided.
    pub actor: String,
    /// Actor id of the person whose deputy decided; `None`: the person decided for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    pub verdict: Verdict,
    pub at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    Reject,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    pub outcome: Outcome,
    pub at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Granted,
    Rejected,
    Expired,
}

/// Reason for which a stage passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassedBy {
    Approvals,
    /// The last step of the stage's deadline is over, and the policy says that the stage passes
    /// then.
    Time,
}

/// Reason for an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The hours of the deadline's present step are over.
    Time,
    /// Too few people are left to pass the stage.
    PeopleMissing,
    /// The stage would have passed by time, but the offering or its price changed.
    OfferingChanged,
}

/// Change of an approval, in the form in which an event records it. Times are in milliseconds since
/// 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    StageOpened {
        stage: String,
        due_at: Option<i64>,
        at: i64,
    },
    Decided {
        stage: String,
        decision: Decision,
    },
    PassedOn {
        stage: String,
        from: String,
        to: String,
        /// Levels in which the seat counts, as in [`PassedOn`].
        levels: BTreeSet<usize>,
        at: i64,
    },
    Reassigned {
        stage: String,
        approvers: Vec<Approver>,
        /// Actor id of the admin who reassigned the stage.
        by: String,
        due_at: Option<i64>,
        at: i64,
    },
    Escalated {
        stage: String,
        to: Approver,
        cause: Cause,
        /// Whether the holders of `operate` are asked, because the deadline has no further step.
        to_operators: bool,
        due_at: Option<i64>,
        at: i64,
    },
    StagePassed {
        stage: String,
        by: PassedBy,
        at: i64,
    },
    Asked {
        /// Actor id of the person who asked.
        by: String,
        /// Actor id of the person whose deputy asked.
        on_behalf_of: Option<String>,
        /// Working time that is left of the deadlines that ran, in milliseconds, by the stage's
        /// key.
        left_ms: BTreeMap<String, i64>,
        at: i64,
    },
    Answered {
        /// Ends of the deadlines that run again, by the stage's key.
        due_at: BTreeMap<String, i64>,
        at: i64,
    },
    Proposed {
        agreed: Agreed,
        /// Working time that is left of the deadlines that ran, in milliseconds, by the stage's
        /// key.
        left_ms: BTreeMap<String, i64>,
        at: i64,
    },
    Declined {
        /// Ends of the deadlines that run again, by the stage's key.
        due_at: BTreeMap<String, i64>,
        at: i64,
    },
    Ended {
        outcome: Outcome,
        /// Key of the stage that ended the approval; `None`: the plan needed no stage.
        stage: Option<String>,
        at: i64,
    },
}

impl Approval {
    /// Creates an approval without open stages; [`Approval::start`] opens the first ones. If the
    /// plan has no stages and no automatic rule approved the change, the plan gets the default
    /// stage.
    pub fn new(mut plan: Plan, requester: &str, mut requester_ids: BTreeSet<String>, revision: u32) -> Self {
        if plan.stages.is_empty() && plan.auto.is_empty() {
            plan.stages.push(PlannedStage::default_stage());
        }
        requester_ids.insert(requester.into());
        Approval {
            plan,
            requester: requester.into(),
            requester_ids,
            revision,
            stages: BTreeMap::new(),
            question: None,
            proposal: None,
            agreed: None,
            ended: None,
        }
    }

    pub fn planned(&self, stage: &str) -> Option<&PlannedStage> {
        self.plan.stages.iter().find(|planned| planned.key == stage)
    }

    /// Keys of the stages that wait for decisions, in the order of the plan.
    pub fn open_stages(&self) -> Vec<&str> {
        if self.ended.is_some() {
            return Vec::new();
        }
        self.plan.stages.iter().map(|planned| planned.key.as_str()).filter(|key| self.open(key).is_some()).collect()
    }

    /// Progress of a stage; `None` unless the stage is open.
    pub fn open(&self, stage: &str) -> Option<&Progress> {
        self.stages.get(stage).filter(|progress| self.ended.is_none() && progress.passed_at.is_none())
    }

    /// Stages that may open now, because the stages before them have passed. If no stage is open
    /// and no stage may open, the result is all stages that have not opened, so that the approval
    /// does not wait for ever.
    pub(super) fn ready(&self) -> Vec<&PlannedStage> {
        let has_passed = |key: &str| self.stages.get(key).is_some_and(|progress| progress.passed_at.is_some());
        let is_free = |key: &String| has_passed(key) || self.planned(key).is_none();
        let closed: Vec<_> =
            self.plan.stages.iter().filter(|planned| !self.stages.contains_key(&planned.key)).collect();
        let ready: Vec<_> = closed.iter().copied().filter(|planned| planned.after.iter().all(is_free)).collect();
        let is_stuck = ready.is_empty() && self.open_stages().is_empty();
        if is_stuck { closed } else { ready }
    }

    /// Tells whether every stage has passed.
    pub(super) fn is_complete(&self) -> bool {
        let progress = |planned: &PlannedStage| self.stages.get(&planned.key).and_then(|progress| progress.passed_at);
        self.plan.stages.iter().all(|planned| progress(planned).is_some())
    }

    /// Applies a recorded change. If the approval has ended, the change has no effect.
    pub fn apply(&mut self, change: &Change) {
        if self.ended.is_some() {
            return;
        }
        if let Some(proposal) = &mut self.proposal {
            proposal.agreed.apply(change);
        }
        match change {
            Change::StageOpened { stage, due_at, at } => {
                let asked = self.planned(stage).map(|planned| planned.approvers.clone()).unwrap_or_default();
                self.stages.insert(stage.clone(), Progress::opened(asked, *due_at, *at));
                self.keep_hours(stage);
            }
            Change::Asked { by, left_ms, at, .. } => {
                let question = self.question.get_or_insert_with(|| Question { since: *at, by: BTreeSet::new() });
                question.by.insert(by.clone());
                self.pause(left_ms);
            }
            Change::Answered { due_at, .. } => {
                self.question = None;
                self.resume(due_at);
            }
            Change::Proposed { agreed, left_ms, at } => {
                self.proposal = Some(Proposal { since: *at, agreed: agreed.clone() });
                self.pause(left_ms);
            }
            Change::Declined { due_at, .. } => {
                self.proposal = None;
                self.resume(due_at);
            }
            Change::Ended { outcome, at, .. } => self.ended = Some(Ended { outcome: *outcome, at: *at }),
            Change::Decided { stage, .. }
            | Change::PassedOn { stage, .. }
            | Change::Reassigned { stage, .. }
            | Change::Escalated { stage, .. }
            | Change::StagePassed { stage, .. } => {
                if let Some(progress) = self.stages.get_mut(stage) {
                    progress.apply(change);
                }
                if matches!(change, Change::Reassigned { .. } | Change::Escalated { to_operators: false, .. }) {
                    self.keep_hours(stage);
                }
            }
        }
    }
}

impl Progress {
    fn opened(asked: Vec<Approver>, due_at: Option<i64>, at: i64) -> Self {
        Progress {
            since: at,
            due_at,
            left_ms: None,
            asked: vec![asked],
            escalations: 0,
            operators_asked: false,
            passed_on: Vec::new(),
            decisions: Vec::new(),
            passed_at: None,
        }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Decided { decision, .. } => self.decisions.push(decision.clone()),
            Change::PassedOn { from, to, levels, at, .. } => {
                let (from, to, levels) = (from.clone(), to.clone(), levels.clone());
                self.passed_on.push(PassedOn { from, to, levels, at: *at });
            }
            Change::Reassigned { approvers, due_at, at, .. } => {
                let decisions = std::mem::take(&mut self.decisions);
                *self = Progress { decisions, ..Progress::opened(approvers.clone(), *due_at, *at) };
            }
            Change::Escalated { to, to_operators, due_at, at, .. } => {
                self.asked.push(vec![to.clone()]);
                self.escalations += usize::from(!to_operators);
                self.operators_asked |= to_operators;
                (self.due_at, self.since) = (*due_at, *at);
            }
            Change::StagePassed { at, .. } => self.passed_at = Some(*at),
            _ => {}
        }
    }

    /// Hours of the deadline's present step.
    pub(super) fn step_hours(&self, deadline: &Deadline) -> Option<u32> {
        match self.escalations.checked_sub(1) {
            None => Some(deadline.hours),
            Some(last) => deadline.escalate.get(last).map(|step| step.hours),
        }
    }

    /// Step of the deadline that is due next; `None`: no step is left, or the stage has no
    /// deadline.
    pub(super) fn next_step<'d>(&self, deadline: Option<&'d Deadline>) -> Option<&'d Escalation> {
        deadline?.escalate.get(self.escalations)
    }
}

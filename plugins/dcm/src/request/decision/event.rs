//! Events of a request's approval, from the plan to the last stage. The end of the approval is an
//! event of the request.

use super::propose::Changes;
use crate::Event as Recorded;
use crate::policy::approval::{Cause, Change, Decision, PassedBy, Verdict, first_level};
use crate::policy::document::{Approver as Reference, Names, Needs};
use crate::policy::fact::Facts;
use crate::policy::plan::Plan;
use crate::policy::proposal::Agreed;
use crate::request::Spec;
use crate::request::event::{Approver, By, Requester};
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Plan of a request's approval, with the facts on which the plan depends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalPlanned {
    pub request_id: String,
    pub requester_id: String,
    pub revision: u32,
    #[schemars(with = "Map<String, Value>")]
    pub facts: Facts,
    #[schemars(with = "Map<String, Value>")]
    pub plan: Plan,
    /// Approval of the person whose proposed changes made this revision; `None`: none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub agreed: Option<Agreed>,
}

impl Event for ApprovalPlanned {
    const TYPE: &'static str = "approval-planned";
}

/// Opening of a stage: its people are asked to decide.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageOpened {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub stage: String,
    pub stage_name: Option<Names>,
    pub asked: Vec<Reference>,
    pub needs: Needs,
    /// Actor ids of the people who have decided on the stage before, themselves or by a deputy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decided: BTreeSet<String>,
    /// Time when the first step of the stage's deadline is over, in milliseconds since 1970.
    pub due_at: Option<i64>,
    pub at: i64,
    /// Names of all machines of the order whose stages open together, for one mail about all of
    /// them; empty: the stage opens for this request alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for StageOpened {
    const TYPE: &'static str = "stage-opened";
}

/// Decision of a person on a stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageDecided {
    pub request_id: String,
    pub requester_id: String,
    pub stage: String,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person whose deputy decided.
    pub on_behalf_of_id: Option<String>,
    pub verdict: Verdict,
    /// Comment of an approval, or reason of a rejection: data of the requester, although another
    /// person wrote it.
    pub comment: Option<Personal<Requester>>,
    pub at: i64,
}

impl Event for StageDecided {
    const TYPE: &'static str = "stage-decided";
}

/// Escalation of a stage: further people are asked to decide.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageEscalated {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub stage: String,
    pub to: Reference,
    pub cause: Cause,
    pub to_operators: bool,
    /// Actor ids of the people who have decided on the stage before, themselves or by a deputy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decided: BTreeSet<String>,
    /// Time when the present step of the stage's deadline is over, in milliseconds since 1970.
    pub due_at: Option<i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for StageEscalated {
    const TYPE: &'static str = "stage-escalated";
}

/// Handover of a person's seat in a stage to another person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecisionPassedOn {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub stage: String,
    pub stage_name: Option<Names>,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person who decides instead.
    pub to_id: String,
    /// Levels of the stage in which the seat counts: 0 is that of the approvers in the plan, and
    /// each escalation adds one.
    #[serde(default = "first_level")]
    pub levels: BTreeSet<usize>,
    pub reason: Personal<Requester>,
    /// Time when the present step of the stage's deadline is over, in milliseconds since 1970.
    pub due_at: Option<i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for DecisionPassedOn {
    const TYPE: &'static str = "decision-passed-on";
}

/// Replacement of the people of a stage by an admin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageReassigned {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub stage: String,
    pub stage_name: Option<Names>,
    /// References to the people who are asked from now on.
    pub asked: Vec<Reference>,
    /// Actor ids of the people who have decided on the stage before, themselves or by a deputy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decided: BTreeSet<String>,
    pub by_id: String,
    pub by_name: Personal<By>,
    pub reason: Personal<Requester>,
    /// Time when the first step of the stage's deadline is over, in milliseconds since 1970.
    pub due_at: Option<i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for StageReassigned {
    const TYPE: &'static str = "stage-reassigned";
}

/// Question of a person who may decide, to the requester. Until the answer no deadline runs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct QuestionAsked {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person whose deputy asked.
    pub on_behalf_of_id: Option<String>,
    pub revision: u32,
    /// Data of the requester, although another person wrote it.
    pub question: Personal<Requester>,
    /// Working time that is left of the deadlines that ran, in milliseconds, by the stage's key.
    pub left_ms: BTreeMap<String, i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for QuestionAsked {
    const TYPE: &'static str = "question-asked";
}

/// Answer of the requester to the open questions. The deadlines run again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct QuestionAnswered {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Actor ids of the people who asked.
    pub asked_by: BTreeSet<String>,
    pub revision: u32,
    pub answer: Personal<Requester>,
    /// Ends of the deadlines that run again, in milliseconds since 1970, by the stage's key.
    pub due_at: BTreeMap<String, i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for QuestionAnswered {
    const TYPE: &'static str = "question-answered";
}

/// Proposal of a person who may decide, for a smaller, shorter or cheaper machine. Until the answer
/// no deadline runs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangesProposed {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person whose deputy proposed the changes.
    pub on_behalf_of_id: Option<String>,
    pub revision: u32,
    /// Keys of the stages in which the approval of the proposer counts after a confirmation.
    pub stages: BTreeSet<String>,
    pub changes: Changes,
    /// Price of the changed machine, in cents per month.
    pub proposed_cents: i64,
    /// Data of the requester, although another person wrote it.
    pub comment: Personal<Requester>,
    /// Working time that is left of the deadlines that ran, in milliseconds, by the stage's key.
    pub left_ms: BTreeMap<String, i64>,
    pub at: i64,
    /// Machine as it was requested.
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for ChangesProposed {
    const TYPE: &'static str = "changes-proposed";
}

/// Confirmation of proposed changes by the requester. The event of the new revision follows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangesConfirmed {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Actor id of the person who proposed the changes.
    pub proposer_id: String,
    /// Revision that the changes begin.
    pub revision: u32,
    pub at: i64,
    /// Machine as it was requested before.
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for ChangesConfirmed {
    const TYPE: &'static str = "changes-confirmed";
}

/// Refusal of proposed changes by the requester. The deadlines run again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangesDeclined {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Actor id of the person who proposed the changes.
    pub proposer_id: String,
    pub revision: u32,
    pub answer: Option<Personal<Requester>>,
    /// Ends of the deadlines that run again, in milliseconds since 1970, by the stage's key.
    pub due_at: BTreeMap<String, i64>,
    pub at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for ChangesDeclined {
    const TYPE: &'static str = "changes-declined";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StagePassed {
    pub request_id: String,
    pub requester_id: String,
    pub stage: String,
    pub by: PassedBy,
    pub at: i64,
}

impl Event for StagePassed {
    const TYPE: &'static str = "stage-passed";
}

/// Beginning of a step of a stage's deadline. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageDeadlineSet {
    pub request_id: String,
    pub requester_id: String,
    pub stage: String,
    /// Times at which the people of the stage are reminded, in order.
    pub remind_at: Vec<i64>,
    pub due_at: i64,
}

impl Event for StageDeadlineSet {
    const TYPE: &'static str = "stage-deadline-set";
}

/// Reminder of the people of a stage that is still open.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StageReminded {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub stage: String,
    pub stage_name: Option<Names>,
    pub asked: Vec<Reference>,
    pub due_at: i64,
    /// Actor ids of the people who have decided on the stage before, themselves or by a deputy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decided: BTreeSet<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for StageReminded {
    const TYPE: &'static str = "stage-reminded";
}

/// Change of the approval that an event records; `None` for other events, and for the plan, with
/// which an approval begins.
pub fn change(event: &Recorded) -> Option<Change> {
    Some(match event {
        Recorded::StageOpened(e) => Change::StageOpened { stage: e.stage.clone(), due_at: e.due_at, at: e.at },
        Recorded::StageDecided(e) => {
            let decision = Decision {
                actor: e.approver_id.clone(),
                on_behalf_of: e.on_behalf_of_id.clone(),
                verdict: e.verdict,
                at: e.at,
            };
            Change::Decided { stage: e.stage.clone(), decision }
        }
        Recorded::StageEscalated(e) => Change::Escalated {
            stage: e.stage.clone(),
            to: e.to.clone(),
            cause: e.cause,
            to_operators: e.to_operators,
            due_at: e.due_at,
            at: e.at,
        },
        Recorded::DecisionPassedOn(e) => Change::PassedOn {
            stage: e.stage.clone(),
            from: e.approver_id.clone(),
            to: e.to_id.clone(),
            levels: e.levels.clone(),
            at: e.at,
        },
        Recorded::StageReassigned(e) => Change::Reassigned {
            stage: e.stage.clone(),
            approvers: e.asked.clone(),
            by: e.by_id.clone(),
            due_at: e.due_at,
            at: e.at,
        },
        Recorded::StagePassed(e) => Change::StagePassed { stage: e.stage.clone(), by: e.by, at: e.at },
        Recorded::QuestionAsked(e) => Change::Asked {
            by: e.approver_id.clone(),
            on_behalf_of: e.on_behalf_of_id.clone(),
            left_ms: e.left_ms.clone(),
            at: e.at,
        },
        Recorded::QuestionAnswered(e) => Change::Answered { due_at: e.due_at.clone(), at: e.at },
        Recorded::ChangesProposed(e) => Change::Proposed {
            agreed: Agreed {
                by: e.approver_id.clone(),
                on_behalf_of: e.on_behalf_of_id.clone(),
                stages: e.stages.clone(),
            },
            left_ms: e.left_ms.clone(),
            at: e.at,
        },
        Recorded::ChangesDeclined(e) => Change::Declined { due_at: e.due_at.clone(), at: e.at },
        _ => return None,
    })
}

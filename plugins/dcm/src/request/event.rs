//! Events of a request. Each event contains all data that the workflows and mails which read it
//! need.

use super::Spec;
use crate::policy::document::Names;
use eaf_sdk::personal::Subject;
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Subject of personal data: the person who made the request.
pub enum Requester {}

impl Subject for Requester {
    const MEMBER: &'static str = "requester_id";
}

/// Subject of personal data: the person who decided about the request.
pub enum Approver {}

impl Subject for Approver {
    const MEMBER: &'static str = "approver_id";
}

/// Subject of personal data: a person who acted on a request, machine or offering otherwise than as
/// requester or approver.
pub enum By {}

impl Subject for By {
    const MEMBER: &'static str = "by_id";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestSubmitted {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestSubmitted {
    const TYPE: &'static str = "request-submitted";
}

/// New revision of an undecided request. Its approval begins again, with a plan of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestRevised {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub justification: Personal<Requester>,
    pub revision: u32,
    /// Keys of the stages that were open on the revision before.
    pub closed_stages: Vec<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestRevised {
    const TYPE: &'static str = "request-revised";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestWithdrawn {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    #[serde(default)]
    pub vm_name: String,
    /// Keys of the stages that were open at the withdrawal.
    #[serde(default)]
    pub closed_stages: Vec<String>,
}

impl Event for RequestWithdrawn {
    const TYPE: &'static str = "request-withdrawn";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestApproved {
    pub request_id: String,
    pub requester_id: String,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person whose deputy decided; `None`: the approver decided for themselves.
    #[serde(default)]
    pub on_behalf_of_id: Option<String>,
    pub attempt: u32,
    /// Time of the request's submission, in milliseconds since 1970. `None`: an earlier version,
    /// which did not state the time, recorded the event.
    #[serde(default)]
    pub submitted_at: Option<i64>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestApproved {
    const TYPE: &'static str = "request-approved";
}

/// Approval of a request to decommission a machine. The machine's event of the removal follows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecommissionApproved {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Actor id of the person whose decision was the last; none if a deadline approved.
    pub approver_id: Option<String>,
    pub approver_name: Option<Personal<Approver>>,
    /// Actor id of the person whose deputy decided; `None`: the approver decided for themselves.
    #[serde(default)]
    pub on_behalf_of_id: Option<String>,
    /// Time of the request's submission, in milliseconds since 1970.
    pub submitted_at: i64,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for DecommissionApproved {
    const TYPE: &'static str = "decommission-approved";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestRejected {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// Actor id of the person whose deputy decided; `None`: the approver decided for themselves.
    #[serde(default)]
    pub on_behalf_of_id: Option<String>,
    /// Reason of the rejection: data of the requester, although another person wrote it.
    pub reason: Personal<Requester>,
    /// Keys of the stages that were open at the rejection.
    #[serde(default)]
    pub closed_stages: Vec<String>,
    /// Time of the request's submission, in milliseconds since 1970. `None`: an earlier version,
    /// which did not state the time, recorded the event.
    #[serde(default)]
    pub submitted_at: Option<i64>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestRejected {
    const TYPE: &'static str = "request-rejected";
}

/// Approval of a request without the decision of a person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestAutoApproved {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub cause: ApprovedWithoutDecision,
    /// Names of the rules that approved the request, one per policy.
    pub rules: Vec<Names>,
    pub attempt: u32,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestAutoApproved {
    const TYPE: &'static str = "request-auto-approved";
}

/// Cause of an approval without the decision of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedWithoutDecision {
    /// Automatic rules of the policies.
    Rule,
    /// End of a stage's deadline. The policy says that the stage passes then.
    Time,
}

/// End of an undecided request, because the deadline of a stage is over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestExpired {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Key of the stage whose deadline is over.
    pub stage: Option<String>,
    /// Keys of the stages that were open at the expiry.
    pub closed_stages: Vec<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestExpired {
    const TYPE: &'static str = "request-expired";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestRetried {
    pub request_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
    pub attempt: u32,
    pub from_step: String,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestRetried {
    const TYPE: &'static str = "request-retried";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestFulfilled {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub ip: Option<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestFulfilled {
    const TYPE: &'static str = "request-fulfilled";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestFailed {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
    /// Trace id of the failed run, for an analysis.
    pub trace_id: String,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestFailed {
    const TYPE: &'static str = "request-failed";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestCancelRequested {
    pub request_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
    /// Reason of the cancellation, or empty: data of the requester, also if an admin wrote it.
    pub reason: Personal<Requester>,
    pub attempt: u32,
    pub vm_name: String,
    /// True if an admin counts the machine in another vCenter as removed.
    #[serde(default)]
    pub without_removal: bool,
    /// True if no attempt reached the clone, so that vCenter has no machine.
    #[serde(default)]
    pub nothing_built: bool,
}

impl Event for RequestCancelRequested {
    const TYPE: &'static str = "request-cancel-requested";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestCancelled {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    /// Names of copies of the machine, which carry the same marker and were not removed.
    #[serde(default)]
    pub copies: Vec<String>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestCancelled {
    const TYPE: &'static str = "request-cancelled";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestCancelFailed {
    pub request_id: String,
    pub requester_id: String,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
    pub trace_id: String,
}

impl Event for RequestCancelFailed {
    const TYPE: &'static str = "request-cancel-failed";
}

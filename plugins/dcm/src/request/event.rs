//! What happens to a request. Each event carries what its readers need, so that neither workflow nor mail has to look elsewhere.

use super::Spec;
use eaf_sdk::personal::Subject;
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Data about the person who asked.
pub enum Requester {}

impl Subject for Requester {
    const MEMBER: &'static str = "requester_id";
}

/// Data about the person who decided.
pub enum Approver {}

impl Subject for Approver {
    const MEMBER: &'static str = "approver_id";
}

/// Data about the person who did something else.
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

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestWithdrawn {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    #[serde(default)]
    pub vm_name: String,
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
    pub attempt: u32,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestApproved {
    const TYPE: &'static str = "request-approved";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestRejected {
    pub request_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub approver_id: String,
    pub approver_name: Personal<Approver>,
    /// About the requester, whoever wrote it.
    pub reason: Personal<Requester>,
    #[serde(flatten)]
    pub spec: Spec,
}

impl Event for RequestRejected {
    const TYPE: &'static str = "request-rejected";
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
    /// Of the run that failed, for whoever looks into it.
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
    /// About the requester, also where an admin wrote it; empty when none was given.
    pub reason: Personal<Requester>,
    pub attempt: u32,
    pub vm_name: String,
    /// An admin says that the machine of another vCenter may be counted as removed.
    #[serde(default)]
    pub without_removal: bool,
    /// No attempt came as far as copying the template, so there is nothing in vCenter.
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
    /// The names of machines that carry the same marker and were left alone.
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

//! Events of steps in vCenter, and of stalls.

use super::{Process, Step};
use eaf_sdk::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepStarted {
    pub request_id: String,
    pub requester_id: String,
    pub process: Process,
    pub attempt: u32,
    pub step: Step,
}

impl Event for StepStarted {
    const TYPE: &'static str = "step-started";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepProgressed {
    pub request_id: String,
    pub requester_id: String,
    pub process: Process,
    pub attempt: u32,
    pub step: Step,
    pub percent: u32,
}

impl Event for StepProgressed {
    const TYPE: &'static str = "step-progressed";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepFinished {
    pub request_id: String,
    pub requester_id: String,
    pub process: Process,
    pub attempt: u32,
    pub step: Step,
}

impl Event for StepFinished {
    const TYPE: &'static str = "step-finished";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepFailed {
    pub request_id: String,
    pub requester_id: String,
    pub process: Process,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
}

impl Event for StepFailed {
    const TYPE: &'static str = "step-failed";
}

/// A host call stalls.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Stalled {
    pub request_id: String,
    pub requester_id: String,
    pub code: String,
    pub message: String,
}

impl Event for Stalled {
    const TYPE: &'static str = "stalled";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Resumed {
    pub request_id: String,
    pub requester_id: String,
}

impl Event for Resumed {
    const TYPE: &'static str = "resumed";
}

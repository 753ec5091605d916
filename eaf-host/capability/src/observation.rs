//! Observation of the resources that a capability manages for a plugin.

use super::{Failure, Granted};
use eaf_core::actor::TraceId;
use eaf_core::id::TenantId;
use eaf_core::observation::ManagedResource;
use serde_json::Value;
use std::time::Instant;

/// Request to observe managed resources over one connection.
pub struct ObservationRequest {
    pub tenant: TenantId,
    pub plugin: String,
    /// Grant by which the plugin uses the capability.
    pub granted: Granted,
    /// Resources to read, starting with the one that was not read for the longest time.
    pub resources: Vec<ManagedResource>,
    pub trace: TraceId,
    /// Deadline of the observation, after which there is still time to record the result.
    pub deadline: Instant,
}

/// Present state of one managed resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceState {
    pub identity: String,
    /// JSON that the capability's read function answers for the resource; null: the resource does
    /// not exist.
    pub state: Value,
}

/// States of resources that were read, also those read before a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    pub states: Vec<ResourceState>,
    /// Failure of the connection; none: the connection works. A failure of one resource only omits
    /// that resource.
    pub failure: Option<Failure>,
}

impl From<Failure> for Observations {
    fn from(failure: Failure) -> Self {
        Observations { states: Vec::new(), failure: Some(failure) }
    }
}

/// Meaning of a failure for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// The failure concerns the call alone.
    None,
    /// The other system was not reached, or answers incorrectly.
    Unreachable,
    /// The other system refused the login; repeated attempts may lock the account.
    LoginRefused,
}

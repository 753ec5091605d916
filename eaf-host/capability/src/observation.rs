//! Observation of the resources that a capability manages for a plugin.

use super::{Failure, Granted};
use eaf_core::actor::TraceId;
use eaf_core::id::TenantId;
use eaf_core::observation::ManagedResource;
use serde_json::Value;
use std::time::Instant;

/// Resources to read over one connection.
pub struct ObservationRequest {
    pub tenant: TenantId,
    pub plugin: String,
    /// Grant by which the plugin opens the capability.
    pub granted: Granted,
    /// Resources to read, the longest unread one first.
    pub resources: Vec<ManagedResource>,
    pub trace: TraceId,
    /// Deadline that leaves time to record the answer.
    pub deadline: Instant,
}

/// Present state of one managed resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceState {
    pub identity: String,
    /// Document of the capability's own read function; null: the resource does not exist.
    pub state: Value,
}

/// Resources that were read, also before a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    pub states: Vec<ResourceState>,
    /// Failure of the connection; a failure of one resource omits that resource alone.
    pub failure: Option<Failure>,
}

impl From<Failure> for Observations {
    fn from(failure: Failure) -> Self {
        Observations { states: Vec::new(), failure: Some(failure) }
    }
}

/// Consequence of a failure for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// Failure of the call alone.
    None,
    /// The other system is not reached, or answers incorrectly.
    Unreachable,
    /// The account is refused; repeated attempts may lock it.
    LoginRefused,
}

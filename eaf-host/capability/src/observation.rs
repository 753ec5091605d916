//! Observation: reading the resources that a capability manages for a plugin, such as machines,
//! again by polling.

use super::{Failure, Granted};
use eaf_core::actor::TraceId;
use eaf_core::id::TenantId;
use eaf_core::observation::ManagedResource;
use serde_json::Value;
use std::time::Instant;

/// Request to read managed resources of one plugin over one connection.
pub struct ObservationRequest {
    pub tenant: TenantId,
    pub plugin: String,
    /// Grant of the capability to the plugin, with the connection.
    pub granted: Granted,
    /// Managed resources to read. The first one is the resource that has not been read for the
    /// longest time.
    pub resources: Vec<ManagedResource>,
    pub trace: TraceId,
    /// Time by which the observation must end, so that there is time to record its result.
    pub deadline: Instant,
}

/// State of one managed resource at the time of the observation.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceState {
    pub identity: String,
    /// State as the JSON that the capability's read function returns, such as `read-vm`. JSON null:
    /// the resource does not exist.
    pub state: Value,
}

/// States of the managed resources that were read, also of those read before a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    pub states: Vec<ResourceState>,
    /// Failure that concerns the connection; `None` if the connection works. After a failure that
    /// concerns one resource, the states only omit that resource.
    pub failure: Option<Failure>,
}

impl From<Failure> for Observations {
    fn from(failure: Failure) -> Self {
        Observations { states: Vec::new(), failure: Some(failure) }
    }
}

/// Problem of a connection, concluded from the failure of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// The failure concerns only the call; the connection works.
    None,
    /// The other system was not reached, or it gives invalid answers.
    Unreachable,
    /// The other system refused the login. Repeated attempts may lock the account.
    LoginRefused,
}

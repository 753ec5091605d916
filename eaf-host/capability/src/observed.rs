//! What the host reads again by itself, of what a capability manages for a plugin.

use super::Failure;
use eaf_core::actor::TraceId;
use eaf_core::id::TenantId;
use eaf_core::observation::ManagedResource;
use serde_json::Value;
use std::time::Instant;

/// What is to be looked at.
pub struct Watch {
    pub tenant: TenantId,
    pub plugin: String,
    /// By which the plugin opens the capability.
    pub grant: String,
    /// Those that were not looked at for longest come first.
    pub things: Vec<ManagedResource>,
    pub trace: TraceId,
    /// No longer, so that what was seen can still be told.
    pub until: Instant,
}

/// One thing as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub identity: String,
    /// The document that the capability's own read gives; null: it is not there.
    pub found: Value,
}

/// What was seen, also where a failure ended the look.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub seen: Vec<Seen>,
    /// Of the connection; what is only one thing's leaves that thing out.
    pub failure: Option<Failure>,
}

impl From<Failure> for Observed {
    fn from(failure: Failure) -> Self {
        Observed { seen: Vec::new(), failure: Some(failure) }
    }
}

/// What a failure says of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is about what was asked for.
    None,
    /// The other system is not reached, or not as it should be.
    Reach,
    /// The account is refused. Who tries often locks it.
    Login,
}

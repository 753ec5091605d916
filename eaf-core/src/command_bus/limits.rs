//! The rate limits of a tenant's commands and of the bytes of their bodies. They are checked before
//! anything is loaded or decided, so that a tenant far above its limit costs the others next to
//! nothing.

use crate::clock::Ambient;
use crate::id::TenantId;
use crate::rate_limit::{Limit, RateLimit, RateLimited};

/// Cheap to clone.
#[derive(Clone)]
pub struct CommandLimits {
    commands: RateLimit<TenantId>,
    /// Bodies: accepted ones stay in the log, refused ones in the ledger for a while.
    bytes: RateLimit<TenantId>,
}

impl CommandLimits {
    pub fn none(ambient: &Ambient) -> Self {
        CommandLimits::new(ambient, None, None)
    }

    pub fn new(ambient: &Ambient, commands: Option<Limit>, bytes: Option<Limit>) -> Self {
        CommandLimits { commands: RateLimit::maybe(ambient, commands), bytes: RateLimit::maybe(ambient, bytes) }
    }

    /// Counts one command with a body of this size.
    pub(super) fn take(&self, tenant: TenantId, bytes: usize) -> Result<(), RateLimited> {
        self.commands.take(tenant)?;
        self.bytes.take_cost(tenant, bytes as f64)
    }
}

//! Rate limits of a tenant's commands and of the bytes of their bodies. The limits are checked
//! before anything is loaded or decided, so that a tenant far above its limit costs the others next
//! to nothing.

use crate::clock::Ambient;
use crate::id::TenantId;
use crate::rate_limit::{Limit, RateLimit, RateLimited};

/// Rate limits of commands and of their bodies, per tenant. Cheap to clone.
#[derive(Clone)]
pub struct CommandLimits {
    commands: RateLimit<TenantId>,
    /// Limit on the size of bodies, in bytes: accepted ones stay in the log, refused ones in the
    /// ledger for a while.
    bytes: RateLimit<TenantId>,
}

impl CommandLimits {
    pub fn none(ambient: &Ambient) -> Self {
        CommandLimits::new(ambient, None, None)
    }

    pub fn new(ambient: &Ambient, commands: Option<Limit>, bytes: Option<Limit>) -> Self {
        CommandLimits { commands: RateLimit::maybe(ambient, commands), bytes: RateLimit::maybe(ambient, bytes) }
    }

    /// Counts one command whose body has a size of `bytes`.
    pub(super) fn take(&self, tenant: TenantId, bytes: usize) -> Result<(), RateLimited> {
        self.commands.take(tenant)?;
        self.bytes.take_cost(tenant, bytes as f64)
    }
}

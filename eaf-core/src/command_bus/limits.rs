//! Rate limits of a tenant's commands and of the bytes of their bodies. The limits are checked
//! before anything is loaded or decided. So a tenant far above its limit costs the other tenants
//! almost nothing.

use crate::clock::Ambient;
use crate::id::TenantId;
use crate::rate_limit::{Limit, RateLimit, RateLimited};

/// Quota of one tenant: the rate limits of its commands. `None`: unlimited.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommandQuota {
    pub commands: Option<Limit>,
    /// Limit of the total size of command bodies, in bytes.
    pub bodies: Option<Limit>,
}

/// Rate limits of commands and of their bodies, per tenant. Cheap to clone.
#[derive(Clone)]
pub(super) struct CommandLimits {
    commands: RateLimit<TenantId>,
    /// Rate limit on the bytes of command bodies. A body takes space: in the log if the command is
    /// accepted, for a while in the ledger if it is refused.
    bytes: RateLimit<TenantId>,
}

impl CommandLimits {
    pub(super) fn new(ambient: &Ambient, quota: CommandQuota) -> Self {
        CommandLimits {
            commands: RateLimit::maybe(ambient, quota.commands),
            bytes: RateLimit::maybe(ambient, quota.bodies),
        }
    }

    /// Counts one command, whose body has a size of `bytes`, for its tenant.
    pub(super) fn take(&self, tenant: TenantId, bytes: usize) -> Result<(), RateLimited> {
        self.commands.take(tenant)?;
        self.bytes.take_cost(tenant, bytes as f64)
    }
}

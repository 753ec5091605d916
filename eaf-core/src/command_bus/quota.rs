//! How many commands, and how much in them, a tenant's people may give. Asked at the door, before anything is loaded or
//! decided, so that a tenant that offers many times its share costs the others next to nothing.

use crate::clock::World;
use crate::id::TenantId;
use crate::rate_limit::{Full, Limit, RateLimit};

/// Cheap to clone.
#[derive(Clone)]
pub struct Quota {
    commands: RateLimit<TenantId>,
    /// What is accepted is kept for ever, and what is refused for a while.
    bytes: RateLimit<TenantId>,
}

impl Quota {
    pub fn none(world: &World) -> Self {
        Quota::new(world, None, None)
    }

    pub fn new(world: &World, commands: Option<Limit>, bytes: Option<Limit>) -> Self {
        Quota { commands: RateLimit::maybe(world, commands), bytes: RateLimit::maybe(world, bytes) }
    }

    /// Takes one command of this size from what the tenant may give.
    pub(super) fn take(&self, tenant: TenantId, bytes: usize) -> Result<(), Full> {
        self.commands.take(tenant)?;
        self.bytes.take_many(tenant, bytes as f64)
    }
}

//! How often people may ask: each person, and all people of a tenant together; sign-ins of those who are not known yet.
//!
//! Asked as soon as it is known who is calling, so that reads, waits, streams, exports and what is denied count alike.

use super::code::Code;
use super::problem::Problem;
use eaf_core::clock::World;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::rate_limit::{Full, Limit, RateLimit};

/// None: as much as they like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub tenant: Option<Limit>,
    pub person: Option<Limit>,
    pub sign_ins: Option<Limit>,
}

#[derive(Clone)]
pub struct Rates {
    tenants: RateLimit<TenantId>,
    people: RateLimit<(Option<TenantId>, ActorId)>,
    /// By route: whoever floods the one must not close the way back from the other.
    sign_ins: RateLimit<SignIn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignIn {
    Begin,
    Return,
}

impl Rates {
    pub fn new(world: &World, limits: Limits) -> Self {
        Rates {
            tenants: RateLimit::maybe(world, limits.tenant),
            people: RateLimit::maybe(world, limits.person),
            sign_ins: RateLimit::maybe(world, limits.sign_ins),
        }
    }

    /// The person first: who asks too much takes nothing from their colleagues.
    pub fn ask(&self, tenant: Option<TenantId>, actor: ActorId) -> Result<(), Problem> {
        self.people.take((tenant, actor)).map_err(too_many)?;
        tenant.map_or(Ok(()), |tenant| self.tenants.take(tenant)).map_err(too_many)
    }

    pub fn sign_in(&self, step: SignIn) -> Result<(), Problem> {
        self.sign_ins.take(step).map_err(too_many)
    }
}

fn too_many(Full(wait): Full) -> Problem {
    Problem::new(Code::TooManyRequests).retry_after(wait)
}

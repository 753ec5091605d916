//! How often people may ask: each person, and all people of a tenant together; sign-ins by the client's address, because
//! nobody is known yet.
//!
//! Asked as soon as it is known who is calling, so that reads, waits, streams, exports and what is denied count alike.

use super::client_address::ClientAddress;
use super::code::Code;
use super::problem::Problem;
use eaf_core::clock::World;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::rate_limit::{Limit, RateLimit, RateLimited};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

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
    credentials: RateLimit<u64>,
    hashes: RandomState,
    sign_ins: RateLimit<ClientAddress>,
}

impl Rates {
    pub fn new(world: &World, limits: Limits) -> Self {
        Rates {
            tenants: RateLimit::maybe(world, limits.tenant),
            people: RateLimit::maybe(world, limits.person),
            credentials: RateLimit::maybe(world, limits.person),
            hashes: RandomState::new(),
            sign_ins: RateLimit::maybe(world, limits.sign_ins),
        }
    }

    /// One token or cookie, before it is looked up: what is over the limit costs neither a query nor the check of a
    /// signature.
    pub fn credential(&self, credential: &str) -> Result<(), Problem> {
        self.credentials.take(self.hashes.hash_one(credential)).map_err(too_many)
    }

    /// The person first: who asks too much takes nothing from their colleagues.
    pub fn ask(&self, tenant: Option<TenantId>, actor: ActorId) -> Result<(), Problem> {
        self.people.take((tenant, actor)).map_err(too_many)?;
        tenant.map_or(Ok(()), |tenant| self.tenants.take(tenant)).map_err(too_many)
    }

    /// A sign-in for which the identity provider is going to be asked.
    pub fn sign_in(&self, client: ClientAddress) -> Result<(), Problem> {
        self.sign_ins.take(client).map_err(too_many)
    }
}

fn too_many(RateLimited { retry_after }: RateLimited) -> Problem {
    Problem::new(Code::TooManyRequests).retry_after(retry_after)
}

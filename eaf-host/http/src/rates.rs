//! Rate limits: per person, per tenant, and per client address for sign-ins, whose person is not
//! known yet.
//!
//! Rate limits are checked as soon as the caller is known, so that reads, waits, streams, exports
//! and denied requests count alike.

use super::client_address::ClientAddress;
use super::code::Code;
use super::problem::Problem;
use eaf_core::clock::Ambient;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::rate_limit::{Limit, RateLimit, RateLimited};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Rate limits that the deployment sets. A field that is `None` sets no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub tenant: Option<Limit>,
    pub person: Option<Limit>,
    pub sign_ins: Option<Limit>,
}

#[derive(Clone)]
pub struct RateLimiters {
    tenants: RateLimit<TenantId>,
    people: RateLimit<(Option<TenantId>, ActorId)>,
    credentials: RateLimit<u64>,
    hasher: RandomState,
    sign_ins: RateLimit<ClientAddress>,
}

impl RateLimiters {
    pub fn new(ambient: &Ambient, limits: Limits) -> Self {
        RateLimiters {
            tenants: RateLimit::maybe(ambient, limits.tenant),
            people: RateLimit::maybe(ambient, limits.person),
            credentials: RateLimit::maybe(ambient, limits.person),
            hasher: RandomState::new(),
            sign_ins: RateLimit::maybe(ambient, limits.sign_ins),
        }
    }

    /// Counts a request against the limit of its token or cookie, before the host verifies the
    /// token or cookie, so that a request over the limit costs neither a query nor a signature
    /// check.
    pub fn check_credential(&self, credential: &str) -> Result<(), Problem> {
        self.credentials.take(self.hasher.hash_one(credential)).map_err(too_many)
    }

    /// Counts a request against the person's limit, then against the tenant's, and refuses a
    /// request that exceeds either limit. In this order a person over their limit uses up nothing
    /// of the tenant's limit.
    pub fn check_caller(&self, tenant: Option<TenantId>, actor: ActorId) -> Result<(), Problem> {
        self.people.take((tenant, actor)).map_err(too_many)?;
        tenant.map_or(Ok(()), |tenant| self.tenants.take(tenant)).map_err(too_many)
    }

    /// Counts a sign-in against the limit of its client address, before the host calls the identity
    /// provider.
    pub fn check_sign_in(&self, client: ClientAddress) -> Result<(), Problem> {
        self.sign_ins.take(client).map_err(too_many)
    }
}

fn too_many(RateLimited { retry_after }: RateLimited) -> Problem {
    Problem::new(Code::TooManyRequests).retry_after(retry_after)
}

//! How many commands a tenant's people may give per second. Asked at the door, before anything is loaded or decided, so that a
//! tenant that offers many times its share costs the others next to nothing.
//!
//! A token bucket per tenant, in this host alone: with several hosts behind a balancer a tenant has as much at each.

use crate::clock::World;
use crate::id::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// Buckets that are full again are forgotten when there are more than so many.
const REMEMBERED: usize = 10_000;

/// Cheap to clone.
#[derive(Clone)]
pub struct Quota {
    world: World,
    limit: Option<Limit>,
    buckets: Arc<Mutex<HashMap<TenantId, Bucket>>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Commands, over time.
    pub per_second: f64,
    /// Commands at once, after a pause.
    pub burst: f64,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: OffsetDateTime,
}

/// When there is room again.
#[derive(Debug, PartialEq)]
pub(super) struct Full(pub Duration);

impl Quota {
    pub fn none(world: &World) -> Self {
        Quota { world: world.clone(), limit: None, buckets: Arc::default() }
    }

    /// `per_second` is more than 0, `burst` at least 1.
    pub fn new(world: &World, limit: Limit) -> Self {
        Quota { limit: Some(limit), ..Quota::none(world) }
    }

    /// Takes one command from what the tenant may give.
    pub(super) fn take(&self, tenant: TenantId) -> Result<(), Full> {
        let Some(limit) = self.limit else { return Ok(()) };
        let now = self.world.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&tenant) {
            buckets.retain(|_, bucket| bucket.filled(limit, now) < limit.burst);
        }
        let bucket = buckets.entry(tenant).or_insert(Bucket { tokens: limit.burst, at: now });
        *bucket = Bucket { tokens: bucket.filled(limit, now), at: now };
        if bucket.tokens < 1.0 {
            return Err(Full(Duration::from_secs_f64((1.0 - bucket.tokens) / limit.per_second)));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn filled(&self, limit: Limit, now: OffsetDateTime) -> f64 {
        // A clock that was set back fills nothing.
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        (self.tokens + passed * limit.per_second).min(limit.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Entropy};
    use uuid::Uuid;

    struct Hand(Mutex<OffsetDateTime>);

    impl Clock for Hand {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    struct NoEntropy;

    impl Entropy for NoEntropy {
        fn fill(&self, _: &mut [u8]) {
            panic!("a quota needs no chance");
        }
    }

    fn quota(per_second: f64, burst: f64) -> (Quota, Arc<Hand>) {
        let hand = Arc::new(Hand(Mutex::new(OffsetDateTime::UNIX_EPOCH)));
        let world = World { clock: hand.clone(), entropy: Arc::new(NoEntropy) };
        (Quota::new(&world, Limit { per_second, burst }), hand)
    }

    fn tenant(n: u128) -> TenantId {
        TenantId(Uuid::from_u128(n))
    }

    #[test]
    fn a_tenant_has_its_burst_and_then_its_rate_and_nobody_elses() {
        let (quota, hand) = quota(2.0, 3.0);
        for _ in 0..3 {
            quota.take(tenant(1)).unwrap();
        }
        assert_eq!(quota.take(tenant(1)), Err(Full(Duration::from_millis(500))));
        quota.take(tenant(2)).expect("another tenant has its own");
        *hand.0.lock().unwrap() += Duration::from_millis(500);
        quota.take(tenant(1)).expect("half a second is one command");
        assert!(quota.take(tenant(1)).is_err());
        *hand.0.lock().unwrap() += Duration::from_secs(3600);
        assert_eq!((0..10).filter(|_| quota.take(tenant(1)).is_ok()).count(), 3, "a pause gives no more than a burst");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let (quota, hand) = quota(1.0, 1.0);
        quota.take(tenant(1)).unwrap();
        *hand.0.lock().unwrap() -= Duration::from_secs(3600);
        assert_eq!(quota.take(tenant(1)), Err(Full(Duration::from_secs(1))));
        *hand.0.lock().unwrap() += Duration::from_secs(1);
        quota.take(tenant(1)).unwrap();
    }
}

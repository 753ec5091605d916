//! Rate limits as token buckets, one bucket per key: a rate over time, and a burst after a pause.
//!
//! Each host counts by itself: if a load balancer distributes requests, a key has its limit at each
//! host.

use crate::clock::Ambient;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// Number of buckets above which full buckets are dropped. A full bucket need not be stored,
/// because a new bucket is full too.
const MAX_IDLE_BUCKETS: usize = 10_000;

/// Rate limit with one token bucket per key, such as a tenant or an address. Cheap to clone.
#[derive(Clone)]
pub struct RateLimit<K> {
    ambient: Ambient,
    limit: Option<Limit>,
    buckets: Arc<Mutex<HashMap<K, Bucket>>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Number of tokens that a bucket gains per second.
    pub per_second: f64,
    /// Maximum number of tokens in a bucket. After a pause they can be used at once.
    pub burst: f64,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: OffsetDateTime,
}

#[derive(Debug, PartialEq)]
pub struct RateLimited {
    pub retry_after: Duration,
}

impl<K: Eq + Hash> RateLimit<K> {
    pub fn none(ambient: &Ambient) -> Self {
        RateLimit { ambient: ambient.clone(), limit: None, buckets: Arc::default() }
    }

    /// Creates a rate limit. `limit.per_second` must be more than 0, and `limit.burst` at least 1.
    pub fn new(ambient: &Ambient, limit: Limit) -> Self {
        RateLimit { limit: Some(limit), ..RateLimit::none(ambient) }
    }

    /// Creates a rate limit like [`new`](Self::new). `None`: the result limits nothing.
    pub fn maybe(ambient: &Ambient, limit: Option<Limit>) -> Self {
        RateLimit { limit, ..RateLimit::none(ambient) }
    }

    pub fn take(&self, key: K) -> Result<(), RateLimited> {
        self.take_cost(key, 1.0)
    }

    /// Removes `cost` tokens from the key's bucket, or fails if it has fewer. A cost above the
    /// burst counts as the burst, so that it needs a full bucket.
    pub fn take_cost(&self, key: K, cost: f64) -> Result<(), RateLimited> {
        let Some(limit) = self.limit else { return Ok(()) };
        let cost = cost.min(limit.burst);
        let now = self.ambient.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_IDLE_BUCKETS && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.filled(limit, now) < limit.burst);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: limit.burst, at: now });
        *bucket = Bucket { tokens: bucket.filled(limit, now), at: now };
        if bucket.tokens < cost {
            let retry_after = Duration::from_secs_f64((cost - bucket.tokens) / limit.per_second);
            return Err(RateLimited { retry_after });
        }
        bucket.tokens -= cost;
        Ok(())
    }
}

impl Bucket {
    fn filled(&self, limit: Limit, now: OffsetDateTime) -> f64 {
        // A clock that was set back adds no tokens.
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        (self.tokens + passed * limit.per_second).min(limit.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Entropy};

    struct Hand(Mutex<OffsetDateTime>);

    impl Clock for Hand {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    struct NoEntropy;

    impl Entropy for NoEntropy {
        fn fill(&self, _: &mut [u8]) {
            panic!("a limit needs no chance");
        }
    }

    fn limited(per_second: f64, burst: f64) -> (RateLimit<u32>, Arc<Hand>) {
        let hand = Arc::new(Hand(Mutex::new(OffsetDateTime::UNIX_EPOCH)));
        let ambient = Ambient { clock: hand.clone(), entropy: Arc::new(NoEntropy) };
        (RateLimit::new(&ambient, Limit { per_second, burst }), hand)
    }

    #[test]
    fn each_key_has_its_own_burst_and_then_its_rate() {
        let (limit, hand) = limited(2.0, 3.0);
        for _ in 0..3 {
            limit.take(1).unwrap();
        }
        assert_eq!(limit.take(1), Err(RateLimited { retry_after: Duration::from_millis(500) }));
        limit.take(2).expect("another has its own");
        *hand.0.lock().unwrap() += Duration::from_millis(500);
        limit.take(1).expect("half a second is one");
        assert!(limit.take(1).is_err());
        *hand.0.lock().unwrap() += Duration::from_secs(3600);
        assert_eq!((0..10).filter(|_| limit.take(1).is_ok()).count(), 3, "a pause gives no more than a burst");
    }

    #[test]
    fn a_cost_above_the_burst_waits_for_a_full_bucket() {
        let (limit, hand) = limited(1.0, 10.0);
        limit.take_cost(1, 25.0).expect("the bucket is full");
        assert_eq!(limit.take_cost(1, 25.0), Err(RateLimited { retry_after: Duration::from_secs(10) }));
        *hand.0.lock().unwrap() += Duration::from_secs(10);
        limit.take_cost(1, 25.0).expect("full again");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_no_key_out() {
        let (limit, hand) = limited(1.0, 1.0);
        limit.take(1).unwrap();
        *hand.0.lock().unwrap() -= Duration::from_secs(3600);
        assert_eq!(limit.take(1), Err(RateLimited { retry_after: Duration::from_secs(1) }));
        *hand.0.lock().unwrap() += Duration::from_secs(1);
        limit.take(1).unwrap();
    }
}

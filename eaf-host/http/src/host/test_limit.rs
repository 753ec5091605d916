//! Limit of connection tests per tenant and host. Without a limit, many tests could scan a network,
//! guess a password or overload the host, because each test connects to another system.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// Rate of tests: how many run at once, and a token bucket of `burst` tests, refilled by one each
/// `interval`.
#[derive(Debug, Clone, Copy)]
pub struct TestRate {
    pub concurrent: usize,
    pub burst: f64,
    pub interval: Duration,
}

pub struct TestLimiter {
    rate: TestRate,
    tests: Arc<Mutex<HashMap<TenantId, Tests>>>,
}

struct Tests {
    running: usize,
    tokens: f64,
    at: OffsetDateTime,
}

/// Permit of one running test, released on drop.
pub struct TestPermit {
    tests: Arc<Mutex<HashMap<TenantId, Tests>>>,
    tenant: TenantId,
}

/// Refusal of a test, with the wait until the next test may start.
#[derive(Debug, PartialEq, Eq)]
pub struct RateLimited(pub Duration);

impl TestLimiter {
    pub fn new(rate: TestRate) -> Self {
        TestLimiter { rate, tests: Arc::default() }
    }

    pub fn acquire(&self, tenant: TenantId, now: OffsetDateTime) -> Result<TestPermit, RateLimited> {
        let TestRate { concurrent, burst, interval } = self.rate;
        let mut tests = lock(&self.tests);
        tests.retain(|_, tests| tests.running > 0 || tests.refilled(now, self.rate) < burst);
        let own = tests.entry(tenant).or_insert(Tests { running: 0, tokens: burst, at: now });
        (own.tokens, own.at) = (own.refilled(now, self.rate), now);
        if own.running >= concurrent {
            return Err(RateLimited(interval));
        }
        if own.tokens < 1.0 {
            return Err(RateLimited(interval.mul_f64(1.0 - own.tokens)));
        }
        own.tokens -= 1.0;
        own.running += 1;
        Ok(TestPermit { tests: self.tests.clone(), tenant })
    }
}

impl Tests {
    fn refilled(&self, now: OffsetDateTime, TestRate { burst, interval, .. }: TestRate) -> f64 {
        // A clock that is set back refills nothing.
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        (self.tokens + passed / interval.as_secs_f64()).min(burst)
    }
}

impl Drop for TestPermit {
    fn drop(&mut self) {
        if let Some(own) = lock(&self.tests).get_mut(&self.tenant) {
            own.running -= 1;
        }
    }
}

fn lock(tests: &Mutex<HashMap<TenantId, Tests>>) -> MutexGuard<'_, HashMap<TenantId, Tests>> {
    tests.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(6);

    fn limit() -> TestLimiter {
        TestLimiter::new(TestRate { concurrent: 2, burst: 20.0, interval: INTERVAL })
    }

    fn tenant(slug: &str) -> TenantId {
        TenantId::derive(slug)
    }

    #[test]
    fn each_tenant_runs_two_tests_at_once() {
        let (limit, now) = (limit(), OffsetDateTime::UNIX_EPOCH);
        let permits: Vec<_> = (0..2).map(|_| limit.acquire(tenant("acme"), now).ok().unwrap()).collect();
        assert_eq!(limit.acquire(tenant("acme"), now).err(), Some(RateLimited(INTERVAL)));
        assert!(limit.acquire(tenant("globex"), now).is_ok());
        drop(permits);
        assert!(limit.acquire(tenant("acme"), now).is_ok());
    }

    #[test]
    fn a_tenant_starts_twenty_tests_and_then_one_each_six_seconds() {
        let (limit, now) = (limit(), OffsetDateTime::UNIX_EPOCH);
        let started = |from: OffsetDateTime| (0..100).filter(|_| limit.acquire(tenant("acme"), from).is_ok()).count();
        assert_eq!(started(now), 20);
        assert_eq!(limit.acquire(tenant("acme"), now).err(), Some(RateLimited(INTERVAL)));
        assert_eq!(started(now + INTERVAL), 1);
        assert_eq!(started(now - INTERVAL), 0);
        assert_eq!(started(now + INTERVAL * 1_000), 20);
    }
}

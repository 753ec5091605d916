//! How many tests of connections a tenant may begin: each one connects to another system, and many of them together
//! would scan a network, guess a password or keep the host busy. Per host, like the other limits.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// How many at once, how many after a pause, and then one in so much time.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub at_once: usize,
    pub burst: f64,
    pub each: Duration,
}

pub struct TestLimit {
    pace: Pace,
    tests: Arc<Mutex<HashMap<TenantId, Tests>>>,
}

struct Tests {
    running: usize,
    left: f64,
    at: OffsetDateTime,
}

/// One test that runs; dropped, it is over.
pub struct Running {
    tests: Arc<Mutex<HashMap<TenantId, Tests>>>,
    tenant: TenantId,
}

/// No test begins before this time has passed.
#[derive(Debug, PartialEq, Eq)]
pub struct Full(pub Duration);

impl TestLimit {
    pub fn new(pace: Pace) -> Self {
        TestLimit { pace, tests: Arc::default() }
    }

    pub fn begin(&self, tenant: TenantId, now: OffsetDateTime) -> Result<Running, Full> {
        let Pace { at_once, burst, each } = self.pace;
        let mut tests = lock(&self.tests);
        tests.retain(|_, tests| tests.running > 0 || tests.filled(now, self.pace) < burst);
        let own = tests.entry(tenant).or_insert(Tests { running: 0, left: burst, at: now });
        (own.left, own.at) = (own.filled(now, self.pace), now);
        if own.running >= at_once {
            return Err(Full(each));
        }
        if own.left < 1.0 {
            return Err(Full(each.mul_f64(1.0 - own.left)));
        }
        own.left -= 1.0;
        own.running += 1;
        Ok(Running { tests: self.tests.clone(), tenant })
    }
}

impl Tests {
    fn filled(&self, now: OffsetDateTime, Pace { burst, each, .. }: Pace) -> f64 {
        // A clock that was set back fills nothing.
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        (self.left + passed / each.as_secs_f64()).min(burst)
    }
}

impl Drop for Running {
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

    const EACH: Duration = Duration::from_secs(6);

    fn limit() -> TestLimit {
        TestLimit::new(Pace { at_once: 2, burst: 20.0, each: EACH })
    }

    fn tenant(slug: &str) -> TenantId {
        TenantId::derive(slug)
    }

    #[test]
    fn a_tenant_runs_two_tests_at_once_and_another_its_own() {
        let (limit, now) = (limit(), OffsetDateTime::UNIX_EPOCH);
        let running: Vec<_> = (0..2).map(|_| limit.begin(tenant("acme"), now).ok().unwrap()).collect();
        assert_eq!(limit.begin(tenant("acme"), now).err(), Some(Full(EACH)));
        assert!(limit.begin(tenant("globex"), now).is_ok());
        drop(running);
        assert!(limit.begin(tenant("acme"), now).is_ok());
    }

    #[test]
    fn a_tenant_begins_twenty_tests_and_then_one_in_six_seconds() {
        let (limit, now) = (limit(), OffsetDateTime::UNIX_EPOCH);
        let begun = |from: OffsetDateTime| (0..100).filter(|_| limit.begin(tenant("acme"), from).is_ok()).count();
        assert_eq!(begun(now), 20);
        assert_eq!(limit.begin(tenant("acme"), now).err(), Some(Full(EACH)));
        assert_eq!(begun(now + EACH), 1);
        assert_eq!(begun(now - EACH), 0);
        assert_eq!(begun(now + EACH * 1_000), 20);
    }
}

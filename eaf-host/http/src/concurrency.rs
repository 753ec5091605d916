//! Limit of concurrent requests per tenant: further requests wait.
//!
//! The limit is below the number of database connections, so that one tenant cannot take all of
//! them.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Number of tenants' semaphores above which unused ones are removed.
const PRUNE_ABOVE: usize = 4_096;

#[derive(Clone)]
pub struct ConcurrencyLimit {
    per_tenant: usize,
    tenants: Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
}

/// Permit of one request in progress. An operation that waits for long releases its permit early.
pub type RequestPermit = OwnedSemaphorePermit;

impl ConcurrencyLimit {
    /// Creates a limit of `per_tenant` concurrent requests, at least 1.
    pub fn new(per_tenant: usize) -> Self {
        ConcurrencyLimit { per_tenant, tenants: Arc::default() }
    }

    /// Waits for a permit, first come, first served. `None`: the semaphore is closed, which never
    /// happens.
    pub async fn acquire(&self, tenant: TenantId) -> Option<RequestPermit> {
        self.semaphore(tenant).acquire_owned().await.ok()
    }

    fn semaphore(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= PRUNE_ABOVE {
            // A request that holds or awaits a permit also holds the semaphore.
            tenants.retain(|_, limit| Arc::strong_count(limit) > 1);
        }
        tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(self.per_tenant))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_tenant_at_its_limit_waits_and_another_does_not() {
        let limit = ConcurrencyLimit::new(2);
        let (acme, globex) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let first = limit.acquire(acme).await;
        let _second = limit.acquire(acme).await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { limit.acquire(acme).await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "both permits are taken");
        assert!(limit.acquire(globex).await.is_some());
        drop(first);
        assert!(waiting.await.unwrap());
    }
}

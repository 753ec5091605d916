//! A tenant's requests that are worked on at once; further ones wait.
//!
//! Fewer than there are connections to the database: however many requests a tenant sends, the others' find one free.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tenants above which those that ask nothing are forgotten.
const REMEMBERED: usize = 4_096;

#[derive(Clone)]
pub struct ConcurrencyLimit {
    at_once: usize,
    tenants: Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
}

/// Held while a request is worked on. What goes on for long gives it back.
pub type WorkPermit = OwnedSemaphorePermit;

impl ConcurrencyLimit {
    /// `at_once` is at least 1.
    pub fn new(at_once: usize) -> Self {
        ConcurrencyLimit { at_once, tenants: Arc::default() }
    }

    /// In the order of asking. None only where the host ends.
    pub async fn take(&self, tenant: TenantId) -> Option<WorkPermit> {
        self.of(tenant).acquire_owned().await.ok()
    }

    fn of(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= REMEMBERED {
            // Whoever holds or awaits a permit holds the semaphore as well.
            tenants.retain(|_, limit| Arc::strong_count(limit) > 1);
        }
        tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(self.at_once))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_tenant_that_asks_much_waits_and_another_does_not() {
        let limit = ConcurrencyLimit::new(2);
        let (acme, globex) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let first = limit.take(acme).await;
        let _second = limit.take(acme).await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { limit.take(acme).await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "both permits are taken");
        assert!(limit.take(globex).await.is_some());
        drop(first);
        assert!(waiting.await.unwrap());
    }
}

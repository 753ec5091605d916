//! Concurrency limits per person and tenant for long operations: streams, waits for a view,
//! exports. Each such operation holds memory and polls the database.

use eaf_core::id::{ActorId, TenantId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Limits of concurrent operations, per person and per tenant.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub per_person: usize,
    pub per_tenant: usize,
}

#[derive(Default)]
struct InUse {
    people: HashMap<(TenantId, ActorId), usize>,
    tenants: HashMap<TenantId, usize>,
}

#[derive(Clone)]
pub struct ConcurrencySlots {
    limits: Limits,
    in_use: Arc<Mutex<InUse>>,
}

/// Permit of one long operation, released on drop.
pub struct Permit {
    in_use: Arc<Mutex<InUse>>,
    holder: (TenantId, ActorId),
}

impl ConcurrencySlots {
    pub fn new(limits: Limits) -> Self {
        ConcurrencySlots { limits, in_use: Arc::default() }
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Acquires a permit for a long operation. `None`: the person or the tenant has reached the
    /// limit.
    pub fn acquire(&self, tenant: TenantId, actor: ActorId) -> Option<Permit> {
        let holder = (tenant, actor);
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let per_person = in_use.people.get(&holder).copied().unwrap_or_default();
        let per_tenant = in_use.tenants.get(&tenant).copied().unwrap_or_default();
        if per_person >= self.limits.per_person || per_tenant >= self.limits.per_tenant {
            return None;
        }
        in_use.people.insert(holder, per_person + 1);
        in_use.tenants.insert(tenant, per_tenant + 1);
        Some(Permit { in_use: self.in_use.clone(), holder })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        decrement(&mut in_use.people, &self.holder);
        decrement(&mut in_use.tenants, &self.holder.0);
    }
}

fn decrement<K: Eq + Hash>(in_use: &mut HashMap<K, usize>, holder: &K) {
    match in_use.get_mut(holder) {
        Some(count) if *count > 1 => *count -= 1,
        _ => {
            in_use.remove(holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn person_and_tenant_are_limited_and_a_dropped_permit_is_free_again() {
        let slots = ConcurrencySlots::new(Limits { per_person: 2, per_tenant: 3 });
        let (acme, globex) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let (anna, ben) = (ActorId(Uuid::from_u128(3)), ActorId(Uuid::from_u128(4)));
        let first = slots.acquire(acme, anna).expect("the first");
        let second = slots.acquire(acme, anna).expect("the second");
        assert!(slots.acquire(acme, anna).is_none(), "a person has two");
        let third = slots.acquire(acme, ben).expect("another person");
        assert!(slots.acquire(acme, ben).is_none(), "a tenant has three");
        assert!(slots.acquire(globex, ben).is_some(), "another tenant has its own");
        drop(first);
        let again = slots.acquire(acme, ben).expect("there is room again");
        drop((second, third, again));
        let in_use = slots.in_use.lock().unwrap();
        assert!(in_use.people.is_empty() && in_use.tenants.is_empty(), "no counter is left");
    }
}

//! How much that takes long one person, and one tenant, has under way: streams, waits for a view, exports.
//!
//! Each holds memory and asks the database again and again. Only the own tenant's share is ever taken.

use eaf_core::id::{ActorId, TenantId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// So many at once.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    pub of_person: usize,
    pub of_tenant: usize,
}

#[derive(Default)]
struct Open {
    people: HashMap<(TenantId, ActorId), usize>,
    tenants: HashMap<TenantId, usize>,
}

#[derive(Clone)]
pub struct Slots {
    most: Most,
    open: Arc<Mutex<Open>>,
}

/// One of them; dropped, it is over.
pub struct Permit {
    open: Arc<Mutex<Open>>,
    whose: (TenantId, ActorId),
}

impl Slots {
    pub fn new(most: Most) -> Self {
        Slots { most, open: Arc::default() }
    }

    pub fn most(&self) -> Most {
        self.most
    }

    /// None: the person or the tenant has as many as they may.
    pub fn enter(&self, tenant: TenantId, actor: ActorId) -> Option<Permit> {
        let whose = (tenant, actor);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_person = open.people.get(&whose).copied().unwrap_or_default();
        let of_tenant = open.tenants.get(&tenant).copied().unwrap_or_default();
        if of_person >= self.most.of_person || of_tenant >= self.most.of_tenant {
            return None;
        }
        open.people.insert(whose, of_person + 1);
        open.tenants.insert(tenant, of_tenant + 1);
        Some(Permit { open: self.open.clone(), whose })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        leave(&mut open.people, &self.whose);
        leave(&mut open.tenants, &self.whose.0);
    }
}

fn leave<K: Eq + Hash>(open: &mut HashMap<K, usize>, whose: &K) {
    match open.get_mut(whose) {
        Some(count) if *count > 1 => *count -= 1,
        _ => {
            open.remove(whose);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_person_and_a_tenant_have_so_many_and_what_is_over_counts_no_more() {
        let slots = Slots::new(Most { of_person: 2, of_tenant: 3 });
        let (acme, globex) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let (anna, ben) = (ActorId(Uuid::from_u128(3)), ActorId(Uuid::from_u128(4)));
        let first = slots.enter(acme, anna).expect("the first");
        let second = slots.enter(acme, anna).expect("the second");
        assert!(slots.enter(acme, anna).is_none(), "a person has two");
        let third = slots.enter(acme, ben).expect("somebody else");
        assert!(slots.enter(acme, ben).is_none(), "a tenant has three");
        assert!(slots.enter(globex, ben).is_some(), "another tenant has its own");
        drop(first);
        let again = slots.enter(acme, ben).expect("there is room again");
        drop((second, third, again));
        let open = slots.open.lock().unwrap();
        assert!(open.people.is_empty() && open.tenants.is_empty(), "what is over is forgotten");
    }
}

//! How many answers that do not end one person has open: each holds memory and asks the database.

use eaf_core::id::{ActorId, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A browser with some tabs open.
pub const MOST: usize = 8;

type Open = Mutex<HashMap<(TenantId, ActorId), usize>>;

#[derive(Default)]
pub struct Streams(Arc<Open>);

/// One open stream; dropped, it is over.
pub struct Permit {
    open: Arc<Open>,
    whose: (TenantId, ActorId),
}

impl Streams {
    /// None: the person has as many as they may.
    pub fn enter(&self, tenant: TenantId, actor: ActorId) -> Option<Permit> {
        let whose = (tenant, actor);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(whose).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Permit { open: self.0.clone(), whose })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.whose) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.whose);
            }
        }
    }
}

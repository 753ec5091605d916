//! Typed ids, from one list, so that a tenant can never be passed where a run is meant.
//!
//! Ids that must be the same on every attempt are derived (UUIDv5) from what they stand for; all others are drawn
//! from the injected [`Entropy`](crate::clock::Entropy).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

typed_ids! {
    /// A customer. Every row, event, grant, key and job belongs to exactly one.
    TenantId,
    /// Who acts: a person or service account of one tenant, or the system.
    ActorId,
    /// The events of one thing. Derived from tenant and stream name.
    StreamId,
    /// One event.
    EventId,
    /// One command; derived from (tenant, actor, Idempotency-Key), so a retry has the same id.
    CommandId,
    /// One execution of a workflow. Derived from tenant, workflow and the event that started it.
    RunId,
    /// A host process, for as long as it lives.
    HostId,
}

/// An id is the same in capitals; anything else is only itself.
pub(crate) fn spellings(key: &str) -> Vec<String> {
    let lower = key.to_ascii_lowercase();
    let is_id = key.len() == 36 && lower != key && Uuid::try_parse(key).is_ok();
    std::iter::once(key.to_owned()).chain(is_id.then_some(lower)).collect()
}

/// The root of all derived ids. Never change it: stored ids depend on it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_6e61_6d65_7370_6163_655f_7631);

fn derive(parts: &[&[u8]]) -> Uuid {
    // Each part behind its length, so that no two lists of parts have the same encoding.
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &bytes)
}

impl ActorId {
    /// The system, acting for itself. The same in every tenant.
    pub const SYSTEM: ActorId = ActorId(Uuid::from_u128(0x6561_665f_7379_7374_656d_0000_0000_0001));
}

impl TenantId {
    /// A tenant's id is derived from its slug, so that set-up can be repeated.
    pub fn derive(slug: &str) -> Self {
        TenantId(derive(&[b"tenant", slug.as_bytes()]))
    }
}

impl StreamId {
    /// `name` is the full stream name with the plugin in front, such as `dcm/request/…`.
    pub fn derive(tenant: TenantId, name: &str) -> Self {
        StreamId(derive(&[b"stream", tenant.0.as_bytes(), name.as_bytes()]))
    }
}

impl CommandId {
    pub fn derive(tenant: TenantId, actor: ActorId, idempotency_key: &str) -> Self {
        CommandId(derive(&[b"command", tenant.0.as_bytes(), actor.0.as_bytes(), idempotency_key.as_bytes()]))
    }
}

impl RunId {
    /// `workflow` with the plugin in front, such as `dcm/provision`.
    pub fn derive(tenant: TenantId, workflow: &str, event: EventId) -> Self {
        RunId(derive(&[b"run", tenant.0.as_bytes(), workflow.as_bytes(), event.0.as_bytes()]))
    }

    /// Of the audit row of a call that was denied to this run.
    pub fn of_denial(self, sequence: i32) -> Uuid {
        derive(&[b"denial", self.0.as_bytes(), &sequence.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_differ_by_tenant_and_by_where_one_part_ends() {
        let (acme, globex) = (TenantId::derive("acme"), TenantId::derive("globex"));
        assert_ne!(StreamId::derive(acme, "dcm/vm/1"), StreamId::derive(globex, "dcm/vm/1"));
        assert_ne!(derive(&[b"ab", b"c"]), derive(&[b"a", b"bc"]));
    }

    #[test]
    fn an_id_in_capitals_is_asked_for_both_ways_and_hex_digits_alone_are_none() {
        let id = "01A21782-0930-7514-8DE5-ABF94E5FA0F0";
        assert_eq!(spellings(id), [id.to_owned(), id.to_ascii_lowercase()]);
        for other in ["01a21782093075148de5abf94e5fa0f0", "01A21782093075148DE5ABF94E5FA0F0", "ORDER-1"] {
            assert_eq!(spellings(other), [other]);
        }
    }

    #[test]
    fn a_derived_id_is_the_same_for_ever() {
        assert_eq!(TenantId::derive("acme"), TenantId::derive("acme"));
    }
}

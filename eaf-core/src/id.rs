//! Typed ids, so that the compiler refuses a tenant's id where a run's id is needed.
//!
//! An id that must be equal on every attempt is derived (UUIDv5) from names and other ids. All
//! other ids are random, from [`Entropy`](crate::clock::Entropy).

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
    /// Id of a tenant, derived from the tenant's slug.
    TenantId,
    /// Id of a person or service account of one tenant, of an operator, or of the system.
    ActorId,
    /// Id of a stream, derived from the tenant and the stream's name.
    StreamId,
    /// Id of an event, random.
    EventId,
    /// Id of a command, derived from tenant, actor and idempotency key, so that a retry has the
    /// same id.
    CommandId,
    /// Id of a run, which is one execution of a workflow. Derived from the tenant, the workflow and
    /// the event that started the run.
    RunId,
    /// Id of an invitation, random.
    InvitationId,
    /// Id of a departure, random.
    DepartureId,
    /// Id of a draft, chosen by the client.
    DraftId,
    /// Id of a host process, chosen at random when the process starts.
    HostId,
}

/// Spellings under which a key may be stored: `key` itself and, if it is a UUID, its lower-case
/// form, because a UUID means the same in upper and lower case.
pub(crate) fn spellings(key: &str) -> Vec<String> {
    let lower = key.to_ascii_lowercase();
    let is_id = key.len() == 36 && lower != key && Uuid::try_parse(key).is_ok();
    std::iter::once(key.to_owned()).chain(is_id.then_some(lower)).collect()
}

/// Maximum length of a [name](is_name), in characters.
const NAME_MAX: usize = 40;

/// Says whether `text` has the form of a name, as a tenant, a connection or a grant has: 1 to 40
/// lower-case letters, digits and hyphens.
pub fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// UUID namespace of all derived ids. Stored ids depend on this value, so it must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_6e61_6d65_7370_6163_655f_7631);

fn derive(parts: &[&[u8]]) -> Uuid {
    // A length before each part, so that two different lists have different encodings.
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &bytes)
}

impl ActorId {
    /// Id of the system, the same in every tenant.
    pub const SYSTEM: ActorId = ActorId(Uuid::from_u128(0x6561_665f_7379_7374_656d_0000_0000_0001));
}

impl TenantId {
    /// Derives the id from the slug, so that a repeated set-up finds the same tenant.
    pub fn derive(slug: &str) -> Self {
        TenantId(derive(&[b"tenant", slug.as_bytes()]))
    }
}

impl StreamId {
    /// Derives the id from the stream's name, which begins with the plugin, such as
    /// `dcm/request/…`.
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
    /// Derives the id of a run. `workflow` begins with the plugin, such as `dcm/provision`; `event`
    /// started the run.
    pub fn derive(tenant: TenantId, workflow: &str, event: EventId) -> Self {
        RunId(derive(&[b"run", tenant.0.as_bytes(), workflow.as_bytes(), event.0.as_bytes()]))
    }

    /// Id of the audit row that records a denied call of this run. A replay derives the same id and
    /// so adds no second row.
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
    fn a_name_has_1_to_40_lower_case_letters_digits_and_hyphens() {
        for name in ["a", "acme-2", "-", &"a".repeat(40)] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "Acme", "a_b", "a b", "a/b", "ä", &"a".repeat(41)] {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn a_uuid_in_capitals_has_two_spellings_and_other_keys_have_one() {
        let id = "01A21782-0930-7514-8DE5-ABF94E5FA0F0";
        assert_eq!(spellings(id), [id.to_owned(), id.to_ascii_lowercase()]);
        for other in ["01a21782093075148de5abf94e5fa0f0", "01A21782093075148DE5ABF94E5FA0F0", "ORDER-1"] {
            assert_eq!(spellings(other), [other]);
        }
    }

    #[test]
    fn a_derived_id_never_changes() {
        assert_eq!(TenantId::derive("acme").to_string(), "eb364a16-23c7-586e-aa65-3409b11b1a1d");
    }
}

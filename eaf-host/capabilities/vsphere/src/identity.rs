//! Identity of a machine. The instance UUID is derived from tenant, plugin and identity, and serves
//! lookups; the marker in the machine's extraConfig contains the same as text, and decides whose
//! machine it is. The name in its folder is the lock that lets only one machine be created.

use eaf_capability::Call;
use uuid::Uuid;

/// Namespace of all derived instance UUIDs. Never change it, since machines in customers' vCenters
/// have UUIDs of this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_7673_7068_6572_655f_7669_6d31);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id that the product chose for the machine.
    pub name: String,
    pub instance_uuid: Uuid,
    pub marker: String,
}

impl Identity {
    pub fn new(call: &Call, identity: &str) -> Self {
        // Ids of tenants and plugins contain no slash, so two machines never have the same marker.
        let marker = format!("{}/{}/{identity}", call.tenant, call.plugin);
        Identity { name: identity.to_owned(), instance_uuid: Uuid::new_v5(&NAMESPACE, marker.as_bytes()), marker }
    }
}

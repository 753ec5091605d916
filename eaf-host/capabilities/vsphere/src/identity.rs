//! Identity of a machine: instance UUID, marker and name.
//!
//! The instance UUID is derived from tenant, plugin and the product's id, and serves lookups. The
//! marker in the machine's extraConfig contains these three as text, and decides whose machine it
//! is. The name is unique in the machine's folder, so vCenter creates only one such machine.

use eaf_capability::Call;
use uuid::Uuid;

/// UUID namespace from which the machines' instance UUIDs are derived. It must never change,
/// because machines in customers' vCenters have UUIDs of this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_7673_7068_6572_655f_7669_6d31);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id that the product chose for the machine, the `identity` of calls.
    pub name: String,
    pub instance_uuid: Uuid,
    pub marker: String,
}

impl Identity {
    pub fn new(call: &Call, identity: &str) -> Self {
        // Tenant and plugin ids contain no slash, so two different machines never have the same
        // marker.
        let marker = format!("{}/{}/{identity}", call.tenant, call.plugin);
        Identity { name: identity.to_owned(), instance_uuid: Uuid::new_v5(&NAMESPACE, marker.as_bytes()), marker }
    }
}

//! How a machine is recognised. Its instance UUID is derived from tenant, plugin and identity, so that it can be looked
//! up; the marker in its extraConfig says the same in words and decides. The name in its folder is the lock that lets
//! only one machine come into being.

use eaf_capability::Call;
use uuid::Uuid;

/// The root of all derived instance UUIDs. Never change it: machines in customers' vCenters carry them.
const NAMESPACE: Uuid = Uuid::from_u128(0x6561_665f_7673_7068_6572_655f_7669_6d31);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The product's own id of the machine.
    pub name: String,
    pub instance_uuid: Uuid,
    pub marker: String,
}

impl Identity {
    pub fn new(call: &Call, identity: &str) -> Self {
        // Ids of tenants and plugins hold no slash, so only one triple has this text.
        let marker = format!("{}/{}/{identity}", call.tenant, call.plugin);
        Identity { name: identity.to_owned(), instance_uuid: Uuid::new_v5(&NAMESPACE, marker.as_bytes()), marker }
    }
}

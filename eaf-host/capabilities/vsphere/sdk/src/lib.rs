//! Virtual machines in the tenant's vCenter. A machine is identified by `identity`, an id of the
//! product, so that every call may be repeated.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
use imports as host;
#[cfg(not(target_family = "wasm"))]
use scripted as host;

use eaf_sdk::Failure;
use eaf_sdk::flow::{Operation, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Present name in vCenter, where people can rename a machine.
    pub name: String,
    /// `connected`, `disconnected`, `inaccessible`, `orphaned`, `invalid` or `template`.
    pub state: String,
    /// `on`, `off`, `suspended` or `unknown`.
    pub power: String,
    /// None, like `memory_mb`, while vCenter cannot read the machine.
    pub cpus: Option<u32>,
    pub memory_mb: Option<u64>,
    /// None until the guest reports a reachable address.
    #[serde(rename = "ip")]
    pub address: Option<String>,
    pub instance_uuid: Option<String>,
    /// Question of vCenter that blocks the machine until it is answered.
    pub question: Option<String>,
}

/// Address of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    #[serde(rename = "ip")]
    pub address: String,
}

/// Proof that a machine is no longer in vCenter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Names of machines with its marker and another instance UUID, which are left in place.
    #[serde(default)]
    pub copies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneSpec {
    /// Inventory path.
    pub template: String,
    pub name: String,
    /// Relative path, as for [`Writer::ensure_folder`].
    pub folder: String,
    pub cpus: u32,
    pub memory_mb: u64,
}

/// Read access.
pub struct Reader(host::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Reader::open(grant).map(Reader)
    }

    /// None if vCenter finds no machine by instance UUID and marker.
    pub fn read_vm(&self, identity: &str) -> Result<Option<Machine>, Failure> {
        self.0.read_vm(identity)?.map(decode).transpose()
    }

    /// Waits for an address; fails with code `no-address` after the time-out.
    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation<Located>, Failure> {
        self.0.await_address(identity, timeout_ms).map(Operation::new)
    }
}

/// Write access.
pub struct Writer(host::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Writer::open(grant).map(Writer)
    }

    /// Creates a missing folder; the path is relative to the connection's folder.
    pub fn ensure_folder(&self, path: &str) -> Result<Value, Failure> {
        decode(self.0.ensure_folder(path)?)
    }

    /// Leaves the machine powered off.
    pub fn clone_vm(&self, identity: &str, spec: &CloneSpec) -> Result<Operation<Value>, Failure> {
        self.0.clone_vm(identity, &encode(spec)).map(Operation::new)
    }

    pub fn reconfigure(&self, identity: &str, cpus: u32, memory_mb: u64) -> Result<Operation<Value>, Failure> {
        self.0.reconfigure(identity, cpus, memory_mb).map(Operation::new)
    }

    pub fn power_on(&self, identity: &str) -> Result<Operation<Value>, Failure> {
        self.0.power_on(identity).map(Operation::new)
    }

    pub fn power_off(&self, identity: &str) -> Result<Operation<Value>, Failure> {
        self.0.power_off(identity).map(Operation::new)
    }

    /// Completes only when a search proved that the machine is gone.
    pub fn destroy(&self, identity: &str) -> Result<Operation<Removed>, Failure> {
        self.0.destroy(identity).map(Operation::new)
    }

    /// Deletes the managed resource of a machine that vCenter lost otherwise, after a person
    /// confirmed it; fails with code `vm-there` if vCenter has the machine.
    pub fn forget(&self, identity: &str) -> Result<Removed, Failure> {
        decode(self.0.forget(identity)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::path::Path;

    /// Reads a document as `T` and compares what `T` writes with the document, which the provider
    /// is tested with, too.
    fn assert_round_trip<T: Serialize + DeserializeOwned>(name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents").join(name).with_extension("json");
        let text = std::fs::read_to_string(path).expect("the document is there");
        let document: Value = serde_json::from_str(&text).expect("the document is JSON");
        let typed: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(typed).expect("it serialises"), document, "{name}");
    }

    #[test]
    fn the_client_reads_and_writes_the_documents_of_the_capability_unchanged() {
        assert_round_trip::<Located>("address");
        assert_round_trip::<CloneSpec>("clone-spec");
        assert_round_trip::<Machine>("machine");
        assert_round_trip::<Removed>("removed");
    }
}

//! Client of `eaf:vsphere`: virtual machines in the tenant's vCenter. A call names a machine by
//! `identity`, an id that the product chooses, so that every call may be repeated.

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
    /// Connection state: `connected`, `disconnected`, `inaccessible`, `orphaned`, `invalid` or
    /// `template`.
    pub state: String,
    /// Power state: `on`, `off`, `suspended` or `unknown`.
    pub power: String,
    /// Number of virtual CPUs; none, as `memory_mb`, while vCenter cannot read the machine.
    pub cpus: Option<u32>,
    pub memory_mb: Option<u64>,
    /// IP address; none until the guest reports a reachable address.
    #[serde(rename = "ip")]
    pub address: Option<String>,
    pub instance_uuid: Option<String>,
    /// Question of vCenter that blocks the machine until a person answers it; none: no question.
    pub question: Option<String>,
}

/// Reachable IP address of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    #[serde(rename = "ip")]
    pub address: String,
}

/// Proof that a machine is no longer in vCenter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Names of machines that have the marker of the removed machine and another instance UUID.
    /// They are not removed.
    #[serde(default)]
    pub copies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneSpec {
    /// Inventory path of the template.
    pub template: String,
    pub name: String,
    /// Folder of the machine, as a path relative to the connection's folder.
    pub folder: String,
    pub cpus: u32,
    pub memory_mb: u64,
}

/// Client of the functions that read machines.
pub struct Reader(host::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Reader::open(grant).map(Reader)
    }

    /// Reads a machine; none if vCenter finds no machine with the instance UUID and the marker of
    /// `identity`.
    pub fn read_vm(&self, identity: &str) -> Result<Option<Machine>, Failure> {
        self.0.read_vm(identity)?.map(decode).transpose()
    }

    /// Waits until the machine has a reachable address; fails with the code `no-address` after
    /// `timeout_ms`.
    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation<Located>, Failure> {
        self.0.await_address(identity, timeout_ms).map(Operation::new)
    }
}

/// Client of the functions that change machines.
pub struct Writer(host::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Writer::open(grant).map(Writer)
    }

    /// Creates the folder `path` if it is missing; the path is relative to the connection's folder.
    pub fn ensure_folder(&self, path: &str) -> Result<Value, Failure> {
        decode(self.0.ensure_folder(path)?)
    }

    /// Clones a machine from a template. The new machine is powered off.
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

    /// Removes a machine with its disks. The operation completes only when a search proved that
    /// vCenter no longer has the machine.
    pub fn destroy(&self, identity: &str) -> Result<Operation<Removed>, Failure> {
        self.0.destroy(identity).map(Operation::new)
    }

    /// Deletes the managed resource of a machine that was removed from vCenter in another way,
    /// after a person confirmed its loss. Fails with the code `vm-there` if vCenter has the
    /// machine.
    pub fn forget(&self, identity: &str) -> Result<Removed, Failure> {
        decode(self.0.forget(identity)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::path::Path;

    /// Asserts that `T` reads a JSON document of the capability and writes the same document. The
    /// tests of the provider read these documents too.
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

//! Client of `eaf:vsphere`: workflows create and change virtual machines in the tenant's vCenter. A
//! call names a machine by `identity`, an id that the product chooses, so that repeating a call has
//! no second effect.

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
    /// Name that the machine has in vCenter now. People can rename a machine there.
    pub name: String,
    /// Connection state of the machine in vCenter: `connected`, `disconnected`, `inaccessible`,
    /// `orphaned`, `invalid` or `template`.
    pub state: String,
    /// Power state of the machine: `on`, `off`, `suspended` or `unknown`.
    pub power: String,
    /// Number of virtual CPUs. It is `None`, as is `memory_mb`, while vCenter cannot read the
    /// machine's configuration.
    pub cpus: Option<u32>,
    pub memory_mb: Option<u64>,
    /// IP address of the machine; `None` until the guest operating system reports a reachable
    /// address.
    pub ip: Option<String>,
    pub instance_uuid: Option<String>,
    /// Question that vCenter asks about the machine, and that blocks the machine until a person
    /// answers it in vCenter; `None` if there is no question.
    pub question: Option<String>,
}

/// Answer of `await_address`: the machine's reachable IP address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    pub ip: String,
}

/// Answer of `destroy` and `forget`: the machine is no longer in vCenter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Names of other machines in vCenter that carry the removed machine's marker but another
    /// instance UUID, such as backups that people cloned. These copies are not removed.
    #[serde(default)]
    pub copies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneSpec {
    /// Inventory path of the template that is cloned.
    pub template: String,
    pub name: String,
    /// Path of the folder for the new machine, relative to the folder in the connection's settings.
    pub folder: String,
    pub cpus: u32,
    pub memory_mb: u64,
}

/// Client of the `eaf:vsphere` functions that only read machines.
pub struct Reader(host::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Reader::open(grant).map(Reader)
    }

    /// Reads the state of a machine. Returns `None` if vCenter finds no machine with the instance
    /// UUID and the marker of `identity`.
    pub fn read_vm(&self, identity: &str) -> Result<Option<Machine>, Failure> {
        self.0.read_vm(identity)?.map(decode).transpose()
    }

    /// Waits until the machine has a reachable IP address. Fails with the code `no-address` after
    /// `timeout_ms` milliseconds.
    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation<Located>, Failure> {
        self.0.await_address(identity, timeout_ms).map(Operation::new)
    }
}

/// Client of the `eaf:vsphere` functions that create, change and remove machines.
pub struct Writer(host::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Writer::open(grant).map(Writer)
    }

    /// Creates the folder `path` unless it exists. The path is relative to the folder in the
    /// connection's settings.
    pub fn ensure_folder(&self, path: &str) -> Result<Value, Failure> {
        decode(self.0.ensure_folder(path)?)
    }

    /// Clones a virtual machine from a template. The new machine is powered off.
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

    /// Removes a machine with its disks. The operation completes only after a search has proved
    /// that the machine is no longer in vCenter.
    pub fn destroy(&self, identity: &str) -> Result<Operation<Removed>, Failure> {
        self.0.destroy(identity).map(Operation::new)
    }

    /// Records that a machine is removed, after a person confirmed that it is gone although this
    /// host did not remove it. Fails with the code `vm-there` if vCenter still has the machine.
    pub fn forget(&self, identity: &str) -> Result<Removed, Failure> {
        decode(self.0.forget(identity)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::path::Path;

    /// Asserts that Rust type `T` deserialises the example JSON document `name` of the vSphere
    /// capability and serialises to the same document. The tests of the vSphere provider read the
    /// same examples.
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

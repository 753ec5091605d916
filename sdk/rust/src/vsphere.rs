//! Virtual machines in the tenant's vCenter. A machine is named by its `identity`, an id of the product's own; every call
//! may be repeated.

use crate::flow::{Operation, decode, encode};
use crate::host;
use crate::workflow::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// As vCenter has it now; a machine can be renamed there.
    pub name: String,
    /// `connected`, `disconnected`, `inaccessible`, `orphaned`, `invalid` or `template`.
    pub state: String,
    /// `on`, `off`, `suspended` or `unknown`.
    pub power: String,
    /// None while vCenter cannot read the machine, as is memory.
    pub cpus: Option<u32>,
    pub memory_mb: Option<u64>,
    /// None until the guest reports one that others can reach.
    #[serde(rename = "ip")]
    pub address: Option<String>,
    pub instance_uuid: Option<String>,
    /// What vCenter asks about the machine and waits for.
    pub question: Option<String>,
}

/// Where a machine can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    #[serde(rename = "ip")]
    pub address: String,
}

/// A machine that is proved not to be there any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The names of machines that carry its marker with another instance UUID; they were left
    /// alone.
    #[serde(default)]
    pub copies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneSpec {
    /// Inventory path.
    pub template: String,
    pub name: String,
    /// As for [`Writer::ensure_folder`].
    pub folder: String,
    pub cpus: u32,
    pub memory_mb: u64,
}

/// Reading only.
pub struct Reader(host::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Reader::open(grant).map(Reader)
    }

    /// None when vCenter was asked for the machine's instance UUID and marker and has no such
    /// machine.
    pub fn read_vm(&self, identity: &str) -> Result<Option<Machine>, Failure> {
        self.0.read_vm(identity)?.map(decode).transpose()
    }

    /// The machine with its address, or code `no-address` after the time-out.
    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation<Located>, Failure> {
        self.0.await_address(identity, timeout_ms).map(Operation::new)
    }
}

/// Changing.
pub struct Writer(host::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Writer::open(grant).map(Writer)
    }

    /// The path is relative to the connection's folder.
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

    /// Ends only when the machine was looked for and not found.
    pub fn destroy(&self, identity: &str) -> Result<Operation<Removed>, Failure> {
        self.0.destroy(identity).map(Operation::new)
    }

    /// Drops what the host remembers of a machine that vCenter lost in another way, after a person
    /// confirmed that; code `vm-there` when vCenter has the machine.
    pub fn forget(&self, identity: &str) -> Result<Removed, Failure> {
        decode(self.0.forget(identity)?)
    }
}

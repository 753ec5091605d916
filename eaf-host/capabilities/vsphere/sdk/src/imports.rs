//! Functions that a workflow component imports from `eaf:vsphere`: one Rust function per imported
//! function, so that the component imports only the functions that its workflows call.

use eaf_sdk::Failure;
use eaf_sdk::bindings::workflow::eaf::vsphere::{inventory, lifecycle};
use eaf_sdk::host::Operation;

type Bytes = Vec<u8>;

pub struct Reader(inventory::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Reader(inventory::open(grant)?))
    }

    pub fn read_vm(&self, identity: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.read_vm(identity)?)
    }

    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.await_address(identity, timeout_ms)?))
    }
}

pub struct Writer(lifecycle::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Writer(lifecycle::open(grant)?))
    }

    pub fn ensure_folder(&self, path: &str) -> Result<Bytes, Failure> {
        Ok(self.0.ensure_folder(path)?)
    }

    pub fn clone_vm(&self, identity: &str, spec: &[u8]) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.clone(identity, spec)?))
    }

    pub fn reconfigure(&self, identity: &str, cpus: u32, memory_mb: u64) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.reconfigure(identity, cpus, memory_mb)?))
    }

    pub fn power_on(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.power_on(identity)?))
    }

    pub fn power_off(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.power_off(identity)?))
    }

    pub fn destroy(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation::started(self.0.destroy(identity)?))
    }

    pub fn forget(&self, identity: &str) -> Result<Bytes, Failure> {
        Ok(self.0.forget(identity)?)
    }
}

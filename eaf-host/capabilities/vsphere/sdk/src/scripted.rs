//! Replacements of the imported functions of `eaf:vsphere` in native tests of workflows. The test's
//! script gives the answer to each call.

use eaf_sdk::Failure;
use eaf_sdk::host::{Operation, bytes, some_bytes, value};
use eaf_sdk::testing::script::{ask, ask_or};
use serde_json::{Value, json};

type Bytes = Vec<u8>;

pub struct Reader(String);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("vsphere.open-inventory", json!({ "grant": grant })).map(|_| Reader(grant.into()))
    }

    pub fn read_vm(&self, identity: &str) -> Result<Option<Bytes>, Failure> {
        ask("vsphere.read-vm", json!({ "grant": self.0, "identity": identity })).map(|v| some_bytes(&v))
    }

    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation, Failure> {
        let args = json!({ "grant": self.0, "identity": identity, "timeout_ms": timeout_ms });
        Ok(Operation::started(ask("vsphere.await-address", args)))
    }
}

pub struct Writer(String);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("vsphere.open-lifecycle", json!({ "grant": grant })).map(|_| Writer(grant.into()))
    }

    pub fn ensure_folder(&self, path: &str) -> Result<Bytes, Failure> {
        ask("vsphere.ensure-folder", json!({ "grant": self.0, "path": path })).map(|v| bytes(&v))
    }

    pub fn clone_vm(&self, identity: &str, spec: &[u8]) -> Result<Operation, Failure> {
        self.begin("vsphere.clone", json!({ "grant": self.0, "identity": identity, "spec": value(spec) }))
    }

    pub fn reconfigure(&self, identity: &str, cpus: u32, memory_mb: u64) -> Result<Operation, Failure> {
        let args = json!({ "grant": self.0, "identity": identity, "cpus": cpus, "memory_mb": memory_mb });
        self.begin("vsphere.reconfigure", args)
    }

    pub fn power_on(&self, identity: &str) -> Result<Operation, Failure> {
        self.begin("vsphere.power-on", json!({ "grant": self.0, "identity": identity }))
    }

    pub fn power_off(&self, identity: &str) -> Result<Operation, Failure> {
        self.begin("vsphere.power-off", json!({ "grant": self.0, "identity": identity }))
    }

    pub fn destroy(&self, identity: &str) -> Result<Operation, Failure> {
        let args = json!({ "grant": self.0, "identity": identity });
        Ok(Operation::started(ask_or("vsphere.destroy", args, no_copies())))
    }

    pub fn forget(&self, identity: &str) -> Result<Bytes, Failure> {
        let args = json!({ "grant": self.0, "identity": identity });
        ask_or("vsphere.forget", args, no_copies()).map(|answer| bytes(&answer))
    }

    fn begin(&self, function: &str, args: Value) -> Result<Operation, Failure> {
        Ok(Operation::started(ask(function, args)))
    }
}

/// Answer to a removal (no copies were found) for test scripts that define no answer.
fn no_copies() -> Value {
    json!({ "copies": [] })
}

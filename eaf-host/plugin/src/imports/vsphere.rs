//! `eaf:vsphere`: reading and changing virtual machines.

use super::bindings::eaf::vsphere::{inventory, lifecycle};
use super::bindings::eaf::workflow::flow::Failure;
use super::{Guest, Operation, Reader, Writer, bytes, document};
use serde_json::{Value, json};
use wasmtime::component::Resource;

type Begun = wasmtime::Result<Result<Resource<Operation>, Failure>>;

impl inventory::Host for Guest {
    async fn open(&mut self, grant: String) -> wasmtime::Result<Result<Resource<Reader>, Failure>> {
        Guest::open(self, "vsphere", "inventory", grant).await
    }
}

impl inventory::HostReader for Guest {
    async fn read_vm(
        &mut self,
        this: Resource<Reader>,
        identity: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        let answer = self.call(&this, "read-vm", json!({"identity": identity})).await?;
        Ok(answer.map(|value| (value != Value::Null).then(|| bytes(&value))))
    }

    async fn await_address(&mut self, this: Resource<Reader>, identity: String, timeout_ms: u64) -> Begun {
        self.begin(&this, "await-address", json!({"identity": identity, "timeout_ms": timeout_ms})).await
    }

    async fn drop(&mut self, _this: Resource<Reader>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl lifecycle::Host for Guest {
    async fn open(&mut self, grant: String) -> wasmtime::Result<Result<Resource<Writer>, Failure>> {
        Guest::open(self, "vsphere", "lifecycle", grant).await
    }
}

impl lifecycle::HostWriter for Guest {
    async fn ensure_folder(
        &mut self,
        this: Resource<Writer>,
        path: String,
    ) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let answer = self.call(&this, "ensure-folder", json!({"path": path})).await?;
        Ok(answer.map(|value| bytes(&value)))
    }

    async fn clone(&mut self, this: Resource<Writer>, identity: String, spec: Vec<u8>) -> Begun {
        let spec = document(&spec, "the machine's spec")?;
        self.begin(&this, "clone", json!({"identity": identity, "spec": spec})).await
    }

    async fn reconfigure(&mut self, this: Resource<Writer>, identity: String, cpus: u32, memory_mb: u64) -> Begun {
        let args = json!({"identity": identity, "cpus": cpus, "memory_mb": memory_mb});
        self.begin(&this, "reconfigure", args).await
    }

    async fn power_on(&mut self, this: Resource<Writer>, identity: String) -> Begun {
        self.begin(&this, "power-on", json!({"identity": identity})).await
    }

    async fn power_off(&mut self, this: Resource<Writer>, identity: String) -> Begun {
        self.begin(&this, "power-off", json!({"identity": identity})).await
    }

    async fn destroy(&mut self, this: Resource<Writer>, identity: String) -> Begun {
        self.begin(&this, "destroy", json!({"identity": identity})).await
    }

    async fn forget(&mut self, this: Resource<Writer>, identity: String) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let answer = self.call(&this, "forget", json!({"identity": identity})).await?;
        Ok(answer.map(|value| bytes(&value)))
    }

    async fn drop(&mut self, _this: Resource<Writer>) -> wasmtime::Result<()> {
        Ok(())
    }
}

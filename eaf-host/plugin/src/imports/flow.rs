//! Interface `eaf:workflow/flow` of workflow components: time, commands and waiting. All its calls
//! are journaled.

use super::bindings::eaf::workflow::flow::{Failure, Host, HostOperation};
use super::{Guest, Operation, bytes, document, guest_failure, operation, sequence};
use serde_json::{Value, json};
use wasmtime::component::Resource;

impl HostOperation for Guest {
    async fn progress_reaches(
        &mut self,
        this: Resource<Operation>,
        percent: u32,
    ) -> wasmtime::Result<Resource<Operation>> {
        let started = self.enter()?.progress_reaches(sequence(&this), percent).await?;
        Ok(operation(started))
    }

    async fn result(&mut self, this: Resource<Operation>) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let outcome = self.enter()?.outcome(sequence(&this))?;
        Ok(outcome.map(|value| bytes(&value)).map_err(guest_failure))
    }

    async fn drop(&mut self, _this: Resource<Operation>) -> wasmtime::Result<()> {
        // The resource is only the number of an operation in the journal, so dropping it releases
        // nothing.
        Ok(())
    }
}

impl Host for Guest {
    async fn await_any(&mut self, operations: Vec<Resource<Operation>>) -> wasmtime::Result<u32> {
        let operations: Vec<i32> = operations.iter().map(sequence).collect();
        Ok(self.enter()?.await_any(operations).await?)
    }

    async fn sleep(&mut self, ms: u64) -> wasmtime::Result<Resource<Operation>> {
        Ok(operation(self.enter()?.sleep(ms).await?))
    }

    async fn submit(&mut self, command: String, body: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let body = document(&body, "a command's body")?;
        let execution = self.enter()?;
        let sequence = execution.effect("flow", "submit", None, json!({"command": command, "body": body})).await?;
        Ok(execution.outcome(sequence)?.map(|value| bytes(&value)).map_err(guest_failure))
    }

    async fn read(&mut self, view: String, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        let execution = self.enter()?;
        let sequence = execution.effect("flow", "read", None, json!({"view": view, "key": key})).await?;
        let row = execution.outcome(sequence)?.map_err(guest_failure);
        Ok(row.map(|value| (value != Value::Null).then(|| bytes(&value))))
    }

    async fn settings(&mut self) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let execution = self.enter()?;
        let sequence = execution.effect("flow", "settings", None, json!({})).await?;
        Ok(execution.outcome(sequence)?.map(|value| bytes(&value)).map_err(guest_failure))
    }

    async fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.enter()?.now().await?)
    }

    async fn log(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        Ok(self.enter()?.log(level, message).await?)
    }
}

//! Imports of the workflow component, each as one function, so that a component imports only the
//! host functions that its workflows call.

use crate::bindings::workflow::eaf::workflow::flow;
use crate::workflow::Failure;

type Bytes = Vec<u8>;

pub struct Operation(flow::Operation);

impl Operation {
    /// Wraps an operation of the host that a capability started.
    pub fn started(operation: flow::Operation) -> Self {
        Operation(operation)
    }

    pub fn result(&self) -> Result<Bytes, Failure> {
        Ok(self.0.result()?)
    }

    pub fn progress_reaches(&self, percent: u32) -> Operation {
        Operation(self.0.progress_reaches(percent))
    }
}

pub fn await_any(operations: &[&Operation]) -> u32 {
    let raw: Vec<_> = operations.iter().map(|o| &o.0).collect();
    flow::await_any(&raw)
}

pub fn sleep(millis: u64) -> Operation {
    Operation(flow::sleep(millis))
}

pub fn submit(command: &str, body: &[u8]) -> Result<Bytes, Failure> {
    Ok(flow::submit(command, body)?)
}

pub fn read(view: &str, key: &str) -> Result<Option<Bytes>, Failure> {
    Ok(flow::read(view, key)?)
}

pub fn settings() -> Result<Bytes, Failure> {
    Ok(flow::settings()?)
}

pub fn now() -> u64 {
    flow::now()
}

pub fn log(level: &str, message: &str) {
    flow::log(level, message);
}

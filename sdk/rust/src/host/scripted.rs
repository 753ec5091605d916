//! Host functions in native tests, answered by the test's [`Script`](crate::testing::Script).

use crate::testing::script::{ask, ask_or};
use crate::workflow::Failure;
use serde_json::{Value, json};

type Bytes = Vec<u8>;

/// Operation in a scripted run. The outcome is known from the start, because the script gives it.
pub struct Operation {
    outcome: Result<Value, Failure>,
}

impl Operation {
    /// Creates an operation that a capability started, with the outcome that the script gives.
    pub fn started(outcome: Result<Value, Failure>) -> Self {
        Operation { outcome }
    }

    pub fn result(&self) -> Result<Bytes, Failure> {
        self.outcome.clone().map(|v| bytes(&v))
    }

    pub fn progress_reaches(&self, percent: u32) -> Operation {
        let reached = if self.outcome.is_ok() { percent } else { 0 };
        Operation { outcome: Ok(json!(reached)) }
    }
}

pub fn await_any(operations: &[&Operation]) -> u32 {
    assert!(!operations.is_empty(), "nothing to wait for");
    0
}

pub fn sleep(millis: u64) -> Operation {
    Operation { outcome: ask("flow.sleep", json!({ "ms": millis })) }
}

pub fn submit(command: &str, body: &[u8]) -> Result<Bytes, Failure> {
    ask("flow.submit", json!({ "command": command, "body": value(body) })).map(|v| bytes(&v))
}

pub fn read(view: &str, key: &str) -> Result<Option<Bytes>, Failure> {
    ask("flow.read", json!({ "view": view, "key": key })).map(|v| some_bytes(&v))
}

pub fn settings() -> Result<Bytes, Failure> {
    ask_or("flow.settings", json!({}), json!({})).map(|settings| bytes(&settings))
}

pub fn now() -> u64 {
    ask("flow.now", json!({})).ok().and_then(|v| v.as_u64()).unwrap_or(0)
}

pub fn log(level: &str, message: &str) {
    // A log line cannot fail.
    let _ = ask("flow.log", json!({ "level": level, "message": message }));
}

/// Decodes the JSON arguments of a host call into a value for the script.
pub fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("the guest sends JSON")
}

pub fn bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).expect("values are plain data")
}

pub fn some_bytes(value: &Value) -> Option<Bytes> {
    (!value.is_null()).then(|| bytes(value))
}

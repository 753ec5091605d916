//! Host calls of durable functions: commands, views, timers and waiting.

use crate::settings::{self, Settings};
use crate::workflow::Failure;
use crate::{Command, View, host};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// A long call, a timer or a wait, whose answer is a `T`. The operation exists in the host and
/// survives restarts.
pub struct Operation<T> {
    raw: host::Operation,
    answer: PhantomData<T>,
}

impl<T: DeserializeOwned> Operation<T> {
    /// Waits until the operation ends, and returns its answer.
    pub fn result(&self) -> Result<T, Failure> {
        decode(self.raw.result()?)
    }

    /// Starts an operation that watches this one. The new operation completes when this operation's
    /// progress reaches `percent`, or when this operation ends. The answer is the percentage that
    /// was reached.
    pub fn progress_reaches(&self, percent: u32) -> Operation<u32> {
        Operation::new(self.raw.progress_reaches(percent))
    }

    /// Creates an operation whose answer is read as a `T`, for the client of a capability.
    #[doc(hidden)]
    pub fn new(raw: host::Operation) -> Self {
        Operation { raw, answer: PhantomData }
    }
}

/// Operations of any result type, for [`await_any`].
pub trait Awaitable {
    #[doc(hidden)]
    fn raw(&self) -> &host::Operation;
}

impl<T> Awaitable for Operation<T> {
    fn raw(&self) -> &host::Operation {
        &self.raw
    }
}

/// Waits for the first of several operations, and returns the index of that operation.
pub fn await_any(operations: &[&dyn Awaitable]) -> usize {
    let raw: Vec<_> = operations.iter().map(|o| o.raw()).collect();
    host::await_any(&raw) as usize
}

/// Gives a command to this plugin's own domain, as the system, exactly once. A rejection becomes a
/// failure of class `rejected` with the rejection's code.
pub fn submit<C: Command>(body: &impl Serialize) -> Result<Value, Failure> {
    decode(host::submit(C::NAME, &encode(body))?)
}

/// Reads the settings of this plugin that hold at this call. A setting that no admin has set has
/// its default.
pub fn settings<S: Settings>() -> Result<S, Failure> {
    Ok(settings::read(&decode(host::settings()?)?))
}

/// Reads one row of one of this plugin's views; `None` if no row has the key.
pub fn read<V: View>(key: &str) -> Result<Option<V::Row>, Failure> {
    host::read(V::NAME, key)?.map(decode).transpose()
}

/// Starts a timer of this duration, in milliseconds.
pub fn sleep(millis: u64) -> Operation<Value> {
    Operation::new(host::sleep(millis))
}

/// Time of this call as the journal records it, in milliseconds since 1970. A replay gets the same
/// time.
pub fn now() -> u64 {
    host::now()
}

/// Writes to the trace; `level` is debug, info, warn or error. Personal data does not belong here.
pub fn log(level: &str, message: &str) {
    host::log(level, message);
}

/// Encodes the arguments of a call as a JSON document.
#[doc(hidden)]
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("arguments are plain data")
}

/// Decodes the JSON document that answers a call.
#[doc(hidden)]
pub fn decode<T: DeserializeOwned>(bytes: Vec<u8>) -> Result<T, Failure> {
    let malformed = |_| Failure::permanent("malformed-answer", "the host's answer is not the agreed document");
    serde_json::from_slice(&bytes).map_err(malformed)
}

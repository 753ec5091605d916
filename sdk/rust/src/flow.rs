//! Durable execution: commands, views, timers and waiting.

use crate::workflow::Failure;
use crate::{Command, View, host};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// Something that takes time. It lives in the host and survives restarts.
pub struct Operation<T> {
    raw: host::Operation,
    answer: PhantomData<T>,
}

impl<T: DeserializeOwned> Operation<T> {
    /// Wait for the end.
    pub fn result(&self) -> Result<T, Failure> {
        decode(self.raw.result()?)
    }

    /// Ends when this one is at least so far, in percent, or has ended; answers the percentage.
    pub fn progress_reaches(&self, percent: u32) -> Operation<u32> {
        Operation::new(self.raw.progress_reaches(percent))
    }

    pub(crate) fn new(raw: host::Operation) -> Self {
        Operation { raw, answer: PhantomData }
    }
}

/// Anything that [`await_any`] can wait for, whatever its answer.
pub trait Awaitable {
    #[doc(hidden)]
    fn raw(&self) -> &host::Operation;
}

impl<T> Awaitable for Operation<T> {
    fn raw(&self) -> &host::Operation {
        &self.raw
    }
}

/// Wait until one of the operations has ended; its index. The only way to wait for several.
pub fn await_any(operations: &[&dyn Awaitable]) -> usize {
    let raw: Vec<_> = operations.iter().map(|o| o.raw()).collect();
    host::await_any(&raw) as usize
}

/// Give a command to this plugin's own domain, as the system. Exactly once. A "no" is a failure of class `rejected` whose
/// code is the rejection's.
pub fn submit<C: Command>(body: &impl Serialize) -> Result<Value, Failure> {
    decode(host::submit(C::NAME, &encode(body))?)
}

/// One row of one of this plugin's views.
pub fn read<V: View>(key: &str) -> Result<Option<V::Row>, Failure> {
    host::read(V::NAME, key)?.map(decode).transpose()
}

/// A timer.
pub fn sleep(millis: u64) -> Operation<Value> {
    Operation::new(host::sleep(millis))
}

/// Milliseconds since 1970, from the journal.
pub fn now() -> u64 {
    host::now()
}

/// To the trace; `level` is one of debug, info, warn, error. Never personal data.
pub fn log(level: &str, message: &str) {
    host::log(level, message);
}

pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("arguments are plain data")
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: Vec<u8>) -> Result<T, Failure> {
    let malformed = |_| Failure::permanent("malformed-answer", "the host's answer is not the agreed document");
    serde_json::from_slice(&bytes).map_err(malformed)
}

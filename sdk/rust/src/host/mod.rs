//! Host functions that workflows call. In a component they are imports; in a native test, the
//! test's script answers them.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
pub use imports::{Operation, await_any, log, now, read, settings, sleep, submit};
#[cfg(not(target_family = "wasm"))]
pub use scripted::{Operation, await_any, bytes, log, now, read, settings, sleep, some_bytes, submit, value};

//! Host functions that workflows call. In a component they are imports; in a native test, the
//! test's script answers them.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
pub use imports::*;
#[cfg(not(target_family = "wasm"))]
pub use scripted::*;

//! Host functions that workflows call: imports of the component, or, natively, the script of a
//! test.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
pub use imports::*;
#[cfg(not(target_family = "wasm"))]
pub use scripted::*;

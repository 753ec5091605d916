//! The host's functions: imports of the component, or, natively, a script that a test provides.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
pub use imports::*;
#[cfg(not(target_family = "wasm"))]
pub use scripted::*;

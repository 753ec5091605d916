//! Bindings that are generated from the WIT files, with one module per component; and the slot in
//! which a panic leaves its text for the host.
#![allow(unsafe_code, reason = "generated code at the component boundary is unsafe by nature")]
#![allow(clippy::all, reason = "generated code")]

pub mod describe;
pub mod domain;
pub mod panic_slot;
pub mod workflow;

//! The generated bindings, one module per component, and the slot for a panic's text.
#![allow(unsafe_code, reason = "generated code at the component boundary is unsafe by nature")]
#![allow(clippy::all, reason = "generated code")]

pub mod describe;
pub mod domain;
pub mod panic_slot;
pub mod workflow;

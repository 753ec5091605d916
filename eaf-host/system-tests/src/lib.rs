//! What the system tests and the benchmark of the host stand on. The binary that they run is the one that is shipped.
#![cfg(feature = "testing")]

pub mod binary;
pub mod browser;
pub mod canary;
pub mod host;
pub mod person;
pub mod server;
pub mod system;

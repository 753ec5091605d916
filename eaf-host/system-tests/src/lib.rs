//! Test environment of the system tests and the host's benchmark. They run the binary that is
//! shipped.
#![cfg(feature = "testing")]

pub mod binary;
pub mod browser;
pub mod canary;
pub mod host;
pub mod person;
pub mod server;
pub mod system;

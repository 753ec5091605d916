//! Library of the `eaf` binary: configuration, command line, telemetry and composition. `main.rs`
//! only starts [`cli::run`].

mod capabilities;
pub mod cli;
pub mod compose;
pub mod config;
pub mod doctor;
pub mod shutdown;
pub mod telemetry;

//! The host put together: configuration, command line, telemetry. `main.rs` only starts [`cli::run`].

mod capabilities;
pub mod cli;
pub mod compose;
pub mod config;
pub mod shutdown;
pub mod telemetry;

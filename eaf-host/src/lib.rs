//! The EAF host: HTTP, plugin runtime, capabilities, command line. `main.rs` only starts [`cli::run`].

pub mod capabilities;
pub mod cli;
pub mod compose;
pub mod config;
pub mod dev;
pub mod egress;
pub mod http;
pub mod identity;
pub mod plugin;
pub mod shutdown;
pub mod telemetry;
pub mod text;

//! The `eaf-dev` binary, which `eaf dev` runs.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Memory allocator of the process, the same as in production, because the demo's host runs in this
/// process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().expect("no other provider is installed before main");
    eaf_dev::cli::run().await
}

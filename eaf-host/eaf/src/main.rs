//! The `eaf` binary.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Memory allocator of the process. With the C library's allocator, allocation took a quarter of
/// the time that a list of rows needs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().expect("no other provider is installed before main");
    eaf::cli::run().await
}

//! The `eaf` binary.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Memory allocator of the process. The C library's allocator took a quarter of the time of a list
/// of rows.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().expect("no other provider is installed before main");
    eaf::cli::run().await
}

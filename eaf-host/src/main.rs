//! The `eaf` binary.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().expect("no other provider is installed before main");
    eaf_host::cli::run().await
}

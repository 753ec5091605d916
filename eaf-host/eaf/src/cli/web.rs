//! `eaf web`: serves the web application alone, for deployments with a container of its own for it.

use super::{Outcome, say};
use crate::shutdown;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub struct Args {
    /// Directory of the built web application.
    #[arg(long, value_name = "DIR", default_value = "/web")]
    dir: PathBuf,
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// People reach it by http, without TLS: no Strict-Transport-Security is sent.
    #[arg(long)]
    plain_http: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} has no index.html: it is not a built web application")]
    NoApplication(PathBuf),
    #[error("{address} cannot be listened on")]
    Listen {
        address: SocketAddr,
        #[source]
        cause: std::io::Error,
    },
}

pub async fn run(args: Args) -> Outcome {
    let Args { dir, listen, plain_http } = args;
    if !dir.join("index.html").is_file() {
        return Err(Box::new(Error::NoApplication(dir)));
    }
    let listener = TcpListener::bind(listen).await.map_err(|cause| Error::Listen { address: listen, cause })?;
    say(&format!("serving {} at {listen}\n", dir.display()))?;
    let stop = async {
        let _signal = shutdown::signal_received().await;
    };
    eaf_http::serve_web(listener, eaf_http::Web { root: dir, https: !plain_http }, stop).await;
    Ok(ExitCode::SUCCESS)
}

//! `eaf person erase`: erases a person's data.

use super::by::Administration;
use super::outage::wait_if_transient;
use super::{NoTenant, Outcome, Unconfirmed, say};
use clap::Subcommand;
use eaf_core::crypto;
use eaf_core::directory;
use eaf_core::erasure::Certificate;
use eaf_core::id::ActorId;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum wait for the rebuild of the tenant's views, counted from the end of the key cache grace.
/// A slower rebuild needs an operator's attention.
const REBUILD_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Subcommand)]
pub enum Command {
    /// Destroy a person's key for ever, and issue a certificate. The command takes a minute and
    /// needs a running host.
    Erase {
        #[arg(long, value_name = "SLUG")]
        tenant: String,
        /// Id of the person, which `eaf member add` prints and the audit shows.
        #[arg(long, value_name = "ACTOR")]
        person: ActorId,
        /// File for the certificate. Absent: standard output.
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// Confirm the erasure, which cannot be undone.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        administration: Administration,
    },
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(
        "the key is destroyed, but a view of the tenant is not rebuilt yet: is a host running? `eaf projection status` shows what is parked. Then repeat the command"
    )]
    NotFinished,
    #[error("the certificate cannot be written to {path}")]
    Write {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

pub async fn run(command: Command) -> Outcome {
    let Command::Erase { tenant, person, certificate, yes, administration } = command;
    if !yes {
        return Err(Box::new(Unconfirmed("erased data can never be read again")));
    }
    let (_, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?.id;
    let key_cache_grace = crypto::key_cache_grace();
    let views = core.erasure.erase(&core.by, tenant, person, key_cache_grace).await?;
    eprintln!(
        "the key is destroyed; other hosts drop it within {} s, then views are rebuilt",
        key_cache_grace.as_secs()
    );
    // Before the grace is over, a host may still write decrypted values into a table that is not
    // rebuilt.
    tokio::time::sleep(key_cache_grace).await;
    let deadline = Instant::now() + REBUILD_TIMEOUT;
    let issued = loop {
        match core.erasure.finish(tenant, person, views).await {
            Ok(Some(issued)) => break issued,
            Ok(None) => {}
            Err(error) => wait_if_transient(error).await?,
        }
        if Instant::now() > deadline {
            return Err(Box::new(Error::NotFinished));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    write(&issued, certificate)
}

fn write(certificate: &Certificate, to: Option<PathBuf>) -> Outcome {
    let text = serde_json::to_string_pretty(certificate)? + "\n";
    match to {
        Some(path) => {
            std::fs::write(&path, text).map_err(|cause| Error::Write { path, cause })?;
            Ok(ExitCode::SUCCESS)
        }
        None => say(&text),
    }
}

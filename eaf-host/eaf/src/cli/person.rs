//! `eaf person erase`: what a person has a right to.

use super::by::Administration;
use super::outage::wait_out;
use super::{NoTenant, Outcome, Unsure, say};
use clap::Subcommand;
use eaf_core::crypto;
use eaf_core::directory;
use eaf_core::erasure::Certificate;
use eaf_core::id::ActorId;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_secs(1);
/// After the moment from which views are folded anew. Longer than any view should take, and somebody should look then.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Subcommand)]
pub enum Command {
    /// Destroy a person's key for ever, and write down what was erased. Takes a minute, and a host has to run.
    Erase {
        #[arg(long, value_name = "SLUG")]
        tenant: String,
        /// The id that `eaf member add` printed, and that the audit trail shows.
        #[arg(long, value_name = "ACTOR")]
        person: ActorId,
        /// Where the certificate goes; absent: to standard output.
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// It cannot be undone.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        administration: Administration,
    },
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(
        "the key is destroyed, and a view of the tenant still waits to be folded anew: is a host running? `eaf projection status` says what is parked. Then repeat the command"
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
        return Err(Box::new(Unsure("what is erased can never be read again")));
    }
    let (_, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?.id;
    let key_cache_grace = crypto::key_cache_grace();
    let views = core.erasure.erase(&core.by, tenant, person, key_cache_grace).await?;
    eprintln!(
        "the key is destroyed; other hosts forget it within {} s, then views are folded anew",
        key_cache_grace.as_secs()
    );
    // Before, some host might still write what it can read, into a table that nobody folds anew.
    tokio::time::sleep(key_cache_grace).await;
    let deadline = Instant::now() + PATIENCE;
    let done = loop {
        match core.erasure.finish(tenant, person, views).await {
            Ok(Some(done)) => break done,
            Ok(None) => {}
            Err(error) => wait_out(error).await?,
        }
        if Instant::now() > deadline {
            return Err(Box::new(Error::NotFinished));
        }
        tokio::time::sleep(LOOK).await;
    };
    deliver(&done, certificate)
}

fn deliver(done: &Certificate, to: Option<PathBuf>) -> Outcome {
    let text = serde_json::to_string_pretty(done)? + "\n";
    match to {
        Some(path) => {
            std::fs::write(&path, text).map_err(|cause| Error::Write { path, cause })?;
            Ok(ExitCode::SUCCESS)
        }
        None => say(&text),
    }
}

//! `eaf log …`: the epoch of the database.

use super::by::Administration;
use super::serve::Configuration;
use super::{Outcome, Unconfirmed, say};
use crate::compose;
use clap::Subcommand;
use eaf_core::event_store;

#[derive(Subcommand)]
pub enum Command {
    /// Print the current epoch, to which positions belong.
    Epoch {
        #[command(flatten)]
        configuration: Configuration,
    },
    /// Begin a new epoch: once, after the database was restored to an earlier point and before
    /// hosts are started.
    NewEpoch {
        /// Confirm that all clients and consumers of the log start again.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        administration: Administration,
    },
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Epoch { configuration } => {
            let core = compose::core(&configuration.load()?).await?;
            say(&format!("{}\n", event_store::epoch(&core.db).await?))
        }
        Command::NewEpoch { yes: false, .. } => {
            Err(Box::new(Unconfirmed("all clients and consumers of the log start again")))
        }
        Command::NewEpoch { administration, .. } => {
            let (_, core) = administration.core().await?;
            say(&format!("{}\n", event_store::new_epoch(&core.db, &core.by).await?))
        }
    }
}

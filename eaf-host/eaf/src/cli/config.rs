//! `eaf config …`: documentation of the settings.

use super::{Outcome, say};
use crate::config::reference;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Print the reference of all settings (deploy/configuration.md).
    Reference,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Reference => say(&reference::markdown()),
    }
}

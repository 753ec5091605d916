//! `eaf config …`: documentation of the settings.

use super::serve::Configuration;
use super::{Outcome, say};
use crate::config::reference;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Print the reference of all settings (deploy/configuration.md).
    Reference,
    /// Check settings without any connection: names, values, files.
    Check(Configuration),
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Reference => say(&reference::markdown()),
        Command::Check(configuration) => {
            configuration.load()?;
            say("the configuration is valid\n")
        }
    }
}

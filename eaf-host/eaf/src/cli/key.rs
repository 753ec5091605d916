//! `eaf key …`: the master key, which wraps all other keys.

use super::by::Administration;
use super::{Outcome, Unconfirmed, say};
use clap::Subcommand;
use eaf_core::master_key::{Progress, Status};
use std::io::{IsTerminal, Write};

#[derive(Subcommand)]
pub enum Command {
    /// Print the ids of the active master key and of this host's master key, and the number of data
    /// keys that another master key than this host's wraps.
    Status {
        #[command(flatten)]
        administration: Administration,
    },
    /// Wrap all data keys with EAF_MASTER_KEY, including those that EAF_MASTER_KEY_PREVIOUS wraps
    /// now. The rotation can be interrupted and repeated while hosts run.
    Rotate {
        /// Confirm that every host was started with both keys.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        administration: Administration,
    },
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Status { administration } => {
            let (_, core) = administration.core().await?;
            say(&render_status(&core.master_keys.status().await?))
        }
        Command::Rotate { yes: false, .. } => {
            Err(Box::new(Unconfirmed("a host without both keys can decrypt nothing afterwards")))
        }
        Command::Rotate { administration, .. } => {
            let (_, core) = administration.core().await?;
            let on_terminal = std::io::stderr().is_terminal();
            let rotated = core.master_keys.rotate(&core.by, |progress| show(progress, on_terminal)).await?;
            if on_terminal {
                eprintln!();
            }
            say(&format!(
                "{} keys and {} operators are wrapped with {}; the previous master key is needed for backups only\n",
                rotated.keys, rotated.operators, rotated.active
            ))
        }
    }
}

fn show(progress: Progress, on_terminal: bool) {
    if on_terminal {
        let share = (progress.done * 100).checked_div(progress.total).unwrap_or(100);
        eprint!("\r{share:>3} %  {} of {} keys ", progress.done, progress.total);
        let _ = std::io::stderr().flush();
    }
}

fn render_status(status: &Status) -> String {
    let Status { active, current, remaining, total, operators, is_rotating } = status;
    let done = *remaining == 0 && *operators == 0 && !is_rotating;
    let next = match (active == current, done) {
        (true, true) => "nothing to do",
        (true, false) => "a rotation was interrupted: keep EAF_MASTER_KEY_PREVIOUS and repeat `eaf key rotate`",
        (false, _) => "this host has another one: `eaf key rotate` makes it the active one",
    };
    format!(
        "active {active}\nhere   {current}\n{remaining} of {total} keys and {operators} operators are wrapped with another key than \
         here: {next}\n"
    )
}

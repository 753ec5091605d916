//! `eaf key …`: the master key, with which all other keys are wrapped.

use super::by::Administration;
use super::{Outcome, Unsure, say};
use clap::Subcommand;
use eaf_core::master_key::{Progress, Status};
use std::io::{IsTerminal, Write};

#[derive(Subcommand)]
pub enum Command {
    /// Which master key is in use, and how many keys are wrapped with another.
    Status {
        #[command(flatten)]
        administration: Administration,
    },
    /// Wrap all keys with EAF_MASTER_KEY, of those wrapped with EAF_MASTER_KEY_PREVIOUS too. May be interrupted and
    /// repeated while hosts run.
    Rotate {
        /// Every host was started with both keys.
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
            say(&told(&core.master_keys.status().await?))
        }
        Command::Rotate { yes: false, .. } => {
            Err(Box::new(Unsure("a host that was not started with both keys reads nothing any more")))
        }
        Command::Rotate { administration, .. } => {
            let (_, core) = administration.core().await?;
            let shown = std::io::stderr().is_terminal();
            let rotated = core.master_keys.rotate(&core.by, |progress| show(progress, shown)).await?;
            if shown {
                eprintln!();
            }
            say(&format!(
                "{} keys and {} operators are wrapped with {}; the former master key opens backups only\n",
                rotated.keys, rotated.operators, rotated.active
            ))
        }
    }
}

fn show(progress: Progress, shown: bool) {
    if shown {
        let share = (progress.done * 100).checked_div(progress.total).unwrap_or(100);
        eprint!("\r{share:>3} %  {} of {} keys ", progress.done, progress.total);
        let _ = std::io::stderr().flush();
    }
}

fn told(status: &Status) -> String {
    let Status { active, current, remaining, total, operators, is_rotating } = status;
    let done = *remaining == 0 && *operators == 0 && !is_rotating;
    let next = match (active == current, done) {
        (true, true) => "nothing to do",
        (true, false) => "an exchange was interrupted: keep EAF_MASTER_KEY_PREVIOUS and repeat `eaf key rotate`",
        (false, _) => "this host holds another one: `eaf key rotate` makes it the active one",
    };
    format!(
        "active {active}\nhere   {current}\n{remaining} of {total} keys and {operators} operators are wrapped with another than \
         here: {next}\n"
    )
}

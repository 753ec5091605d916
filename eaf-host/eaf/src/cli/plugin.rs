//! `eaf plugin …`

use super::by::Administration;
use super::{Outcome, say};
use crate::compose;
use clap::Subcommand;
use eaf_plugin::{build, inspect};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Command {
    /// Compile a plugin crate into a package.
    Build {
        /// The crate's directory.
        path: PathBuf,
        /// The package to write; by default in the crate's target directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print what a package can reach, read from its components.
    Inspect {
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a package the active one of its product, for all hosts.
    Activate {
        file: PathBuf,
        #[command(flatten)]
        administration: Administration,
    },
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Build { path, out } => {
            let built = build::build(&path, out.as_deref()).await?;
            if !built.warnings.is_empty() {
                eprintln!("warning: this may be a fault, or only look like one:\n{}", built.warnings.join("\n"));
            }
            println!("{} ({} kB, {})", built.file.display(), built.bytes / 1000, built.digest);
        }
        Command::Inspect { file, json: true } => {
            return say(&serde_json::to_string_pretty(&inspect::inspect(&file)?)?);
        }

        Command::Inspect { file, json: false } => return say(&inspect::inspect(&file)?.to_string()),
        Command::Activate { file, administration } => {
            let (_, core) = administration.core().await?;
            let plugin = compose::activate(&core, &file).await?;
            println!("{} is active as generation {}", plugin.id(), plugin.generation);
        }
    }
    Ok(ExitCode::SUCCESS)
}

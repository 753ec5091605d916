//! `eaf plugin …`: builds, inspects, activates, stops and resumes packages.

use super::by::Administration;
use super::{Outcome, say};
use crate::compose;
use clap::Subcommand;
use eaf_plugin::{build, granting, inspect};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Command {
    /// Compile a plugin crate into a package.
    Build {
        /// Directory of the plugin's crate.
        path: PathBuf,
        /// Package file to write. Absent: a file in the crate's target directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print a package's identity, the imports of its components, and its requests.
    Inspect {
        file: PathBuf,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Make a package the active one of its product, for all hosts.
    Activate {
        file: PathBuf,
        #[command(flatten)]
        administration: Administration,
    },
    /// Stop a plugin for all tenants. Its runs are suspended and lose nothing.
    Stop {
        #[command(flatten)]
        of: Stopped,
    },
    /// Resume a stopped plugin.
    Resume {
        #[command(flatten)]
        of: Stopped,
    },
}

#[derive(clap::Args)]
pub struct Stopped {
    /// Id of the product.
    plugin: String,
    /// Reason of the change, for the audit.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    administration: Administration,
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Build { path, out } => {
            let built = build::build(&path, out.as_deref()).await?;
            if !built.warnings.is_empty() {
                eprintln!("warning:\n{}", built.warnings.join("\n"));
            }
            println!("{} ({} kB, {})", built.file.display(), built.bytes / 1000, built.digest);
        }
        Command::Inspect { file, json: true } => {
            return say(&serde_json::to_string_pretty(&inspect::inspect(&file)?)?);
        }

        Command::Inspect { file, json: false } => return say(&inspect::inspect(&file)?.to_string()),
        Command::Activate { file, administration } => {
            let (config, core) = administration.core().await?;
            let plugin = compose::activate(&core, &config.plugins.ceiling, &file).await?;
            println!("{} is active as generation {}", plugin.id(), plugin.generation);
        }
        Command::Stop { of: Stopped { plugin, reason, administration } } => {
            let (_, core) = administration.core().await?;
            granting::stop(&core, &plugin, &reason, &core.by).await?;
            println!("{plugin} is stopped for all tenants; its runs are suspended");
        }
        Command::Resume { of: Stopped { plugin, reason, administration } } => {
            let (_, core) = administration.core().await?;
            granting::resume(&core, &plugin, &reason, &core.by).await?;
            println!("{plugin} is resumed");
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `eaf serve`: serves until a signal stops the process.

use super::Outcome;
use crate::config::Config;
use crate::{compose, shutdown, telemetry};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    configuration: Configuration,
}

/// Argument that names the source of the settings, for every command that needs settings.
#[derive(clap::Args)]
pub struct Configuration {
    /// TOML file with settings. Environment variables have priority over it.
    #[arg(long, env = "EAF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Configuration {
    pub fn load(&self) -> Result<Config, crate::config::Error> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            // Settings are UTF-8: ignore other variables.
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Config::load(self.config.as_deref(), variables)
    }
}

pub async fn run(args: Args) -> Outcome {
    let config = args.configuration.load()?;
    let metrics = telemetry::start(&config.telemetry.filter, config.telemetry.format)?;
    let stop = async {
        let _signal = shutdown::signal_received().await;
    };
    compose::serve(config, compose::system_clock::system(), metrics, stop).await?;
    Ok(ExitCode::SUCCESS)
}

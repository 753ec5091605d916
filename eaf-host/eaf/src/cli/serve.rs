//! `eaf serve`: serves until a signal stops the process.

use super::Outcome;
use crate::config::Config;
use crate::config::deployment::{self, Administrator};
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
        Config::load(self.config.as_deref(), variables())
    }

    /// Reads the access of the database's administrator alone, so that the bootstrap needs no other
    /// secret.
    pub fn load_administrator(&self) -> Result<Option<Administrator>, crate::config::Error> {
        let deployment = deployment::read(&variables().collect());
        if deployment.problems.is_empty() {
            return Ok(deployment.administrator);
        }
        Err(crate::config::Error::Unusable(deployment.problems))
    }
}

fn variables() -> impl Iterator<Item = (String, String)> {
    // Settings are UTF-8: ignore other variables.
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

pub async fn run(args: Args) -> Outcome {
    let config = args.configuration.load()?;
    let settings = &config.telemetry;
    let telemetry = telemetry::start(&settings.filter, settings.format, settings.collector.as_ref())?;
    let stop = async {
        let _signal = shutdown::signal_received().await;
    };
    let ended = compose::serve(config, compose::system_clock::system(), telemetry.metrics, stop).await;
    if let Some(traces) = telemetry.traces {
        traces.stop().await;
    }
    ended?;
    Ok(ExitCode::SUCCESS)
}

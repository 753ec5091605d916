//! `eaf doctor`: diagnoses an installation.

use super::serve::Configuration;
use super::{Outcome, say};
use crate::doctor::{self, Check, State};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    configuration: Configuration,
}

/// Runs all checks. The exit code is 1 if one failed; warnings do not count.
pub async fn run(args: Args) -> Outcome {
    // The installation may be repeated: an error means that the process has a TLS provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let checks = match args.configuration.load() {
        Ok(config) => doctor::run(&config).await,
        Err(problem) => doctor::unusable(&problem),
    };
    let text = if args.json { serde_json::to_string_pretty(&checks)? + "\n" } else { lines(&checks) };
    say(&text)?;
    let has_failed = checks.iter().any(|check| check.state == State::Failed);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn lines(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Warning => "WARNING",
            State::Failed => "FAILED",
        };
        text += &format!("{state:<8} {}: {}\n", check.name, check.finding);
        if let Some(remedy) = &check.remedy {
            text += &format!("         what to do: {remedy}\n");
        }
    }
    text
}

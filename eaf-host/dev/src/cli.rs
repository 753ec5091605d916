//! Command line of `eaf dev`.

use crate::checkout::Checkout;
use crate::exec::{self, With};
use crate::ports::Ports;
use crate::postgres::Durability;
use crate::state::State;
use crate::{clock, env, reset, seed, supervise, token, vcenter};
use clap::{Parser, Subcommand};
use eaf::cli::{self, Outcome, say};
use eaf::telemetry::{self, Format};
use std::ffi::OsString;
use std::process::ExitCode;

/// Run everything on this machine: database, simulators, mail, identity provider and host. Without
/// a command, run the demo.
#[derive(Parser)]
#[command(name = "eaf dev", bin_name = "eaf dev", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Start without the 12 months of requests of the tenant nordwind.
    #[arg(long)]
    without_history: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print addresses and connection strings of the demo as shell variables.
    Env,
    /// Print a bearer token of one of the demo's accounts.
    Token {
        /// Account in the form NAME@TENANT, such as requester@acme.
        account: String,
    },
    /// Run a command with services that are started for this command alone and end with it.
    Exec {
        /// Services to start, separated by commas.
        #[arg(long, value_enum, value_delimiter = ',', default_value = "postgres")]
        with: Vec<With>,
        /// Keep PostgreSQL crash-safe, for tests that crash the server.
        #[arg(long)]
        durable: bool,
        #[arg(required = true, trailing_var_arg = true)]
        command: Vec<OsString>,
    },
    /// Create missing offerings and machines of the running demo, after an interruption.
    Seed,
    /// Change the behaviour of a simulated vCenter. Without a behaviour: list the active
    /// behaviours, and how many calls each has affected.
    Vcenter {
        /// Tenant of the vCenter. Absent: acme if a behaviour is given, otherwise all tenants.
        tenant: Option<vcenter::Tenant>,
        #[command(subcommand)]
        behaviour: Option<vcenter::Behaviour>,
    },
    /// Move the clock of the running demo forward, to see a deadline pass. Without a step: show it.
    /// Sessions stay on the system's clock.
    Clock {
        /// Step: + with a number and s, m, h or d, such as +3d.
        step: Option<clock::Step>,
    },
    /// Delete all state of the demo.
    Reset,
}

/// Runs the command that the process's arguments name.
pub async fn run() -> ExitCode {
    cli::end(execute(Cli::parse()).await)
}

async fn execute(cli: Cli) -> Outcome {
    let checkout = Checkout::find()?;
    match cli.command {
        None => {
            let ports = Ports::from_environment(|name| std::env::var(name).ok())?;
            let filter = std::env::var("EAF_LOG").unwrap_or_else(|_| "info,sqlx=warn".into());
            let metrics = telemetry::start(&filter, Format::Readable, None)?.metrics;
            supervise::run(&checkout, ports, !cli.without_history, metrics).await?;
        }
        Some(Command::Env) => return say(&env::lines(&State::existing(checkout.state_dir())?)?),
        Some(Command::Token { account }) => {
            let ports = State::existing(checkout.state_dir())?.ports()?;
            return say(&format!("{}\n", token::fetch(ports.idp, &account).await?));
        }
        Some(Command::Exec { with, durable, command }) => {
            let durability = if durable { Durability::Full } else { Durability::None };
            return Ok(exec::run(&checkout, &with, durability, &command).await?.into());
        }
        Some(Command::Seed) => {
            let state = State::existing(checkout.state_dir())?;
            let ports = state.ports()?;
            seed::connections(&state, &ports).await?;
            seed::run(&state, &ports).await?;
        }
        Some(Command::Vcenter { tenant, behaviour }) => {
            let ports = State::existing(checkout.state_dir())?.ports()?;
            let control = vcenter::Control::on(ports.vcenter_control);
            return say(&control.run(tenant, behaviour).await?);
        }
        Some(Command::Clock { step }) => return say(&clock::run(&checkout, step).await?),
        Some(Command::Reset) => reset::run(checkout.state_dir()).await?,
    }
    Ok(ExitCode::SUCCESS)
}

//! The command line. Each command is one call into the room that does the work.
//!
//! To add a command: 1. a file here with its arguments and `run`; 2. a variant and an arm in this file.

mod by;
mod config;
mod dev;
mod directory;
mod epoch;
mod grant;
mod key;
mod log;
mod migrate;
mod openapi;
mod outage;
mod person;
mod plugin;
mod product;
mod projection;
mod serve;
mod verify;

use clap::{Parser, Subcommand};
use eaf_capability::text::plain;
use std::error::Error;
use std::process::ExitCode;

/// Deeper than the lines of an error and its causes.
const INDENT: &str = "    ";

/// What a command may end with: printed with its causes, it is the end of the road for an error.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "eaf", version, about = "One host for many products", propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve API, products and workflows.
    Serve(serve::Args),
    /// Bring the database's schema to this program's version.
    Migrate(migrate::Args),
    /// From a checkout: everything on this machine, or services for tests.
    Dev(dev::Args),
    /// Build, inspect and activate packages.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Customers.
    #[command(subcommand)]
    Tenant(directory::TenantCommand),
    /// People of a customer.
    #[command(subcommand)]
    Member(directory::MemberCommand),
    /// People who run the platform.
    #[command(subcommand)]
    Operator(directory::OperatorCommand),
    /// What a product of a customer may use in other systems.
    #[command(subcommand)]
    Grant(grant::Command),
    /// Which products a customer has.
    #[command(subcommand)]
    Product(product::Command),
    /// What one thing has been through.
    #[command(subcommand)]
    Stream(log::StreamCommand),
    /// What is recorded.
    #[command(subcommand)]
    Events(log::EventsCommand),
    /// What a person has a right to.
    #[command(subcommand)]
    Person(person::Command),
    /// The log as a whole.
    #[command(subcommand)]
    Log(epoch::Command),
    /// How far views have come; build one anew.
    #[command(subcommand)]
    Projection(projection::Command),
    /// The master key, with which all other keys are wrapped.
    #[command(subcommand)]
    Key(key::Command),
    /// Prove that the log is what was written: walk the hash chains.
    Verify(verify::Args),
    /// Print the OpenAPI document of a host that serves these packages.
    Openapi(openapi::Args),
    /// About the configuration of `eaf serve`.
    #[command(subcommand)]
    Config(config::Command),
}

#[derive(Debug, thiserror::Error)]
#[error("there is no tenant {0}; `eaf tenant add` makes one")]
struct NoTenant(String);

#[derive(Debug, thiserror::Error)]
#[error("{0}; say --yes if that is meant")]
struct Unsure(&'static str);

/// Writes to standard output; a reader that has gone (`| head`) is an error like any other and no panic. What would move the
/// cursor is escaped; whoever puts a text of others on a line sees to it with [`plain::line`].
pub fn say(text: &str) -> Outcome {
    use std::io::Write;
    std::io::stdout().write_all(plain::lines(text).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Runs what the arguments say.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Dev(args) => dev::run(args),
        Command::Plugin(command) => plugin::run(command).await,
        Command::Tenant(command) => directory::tenant(command).await,
        Command::Member(command) => directory::member(command).await,
        Command::Operator(command) => directory::operator(command).await,
        Command::Grant(command) => grant::run(command).await,
        Command::Product(command) => product::run(command).await,
        Command::Stream(command) => log::stream(command).await,
        Command::Events(command) => log::events(command).await,
        Command::Person(command) => person::run(command).await,
        Command::Log(command) => epoch::run(command).await,
        Command::Projection(command) => projection::run(command).await,
        Command::Key(command) => key::run(command).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Openapi(args) => openapi::run(args).await,
        Command::Config(command) => config::run(command),
    };
    end(outcome)
}

/// What the process ends with; an error is printed with its causes.
pub fn end(outcome: Outcome) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprint!("{}", told(&*error));
        ExitCode::FAILURE
    })
}

/// The error and its causes. Some of them quote packages and other systems, whose lines must not look like ours.
fn told(error: &dyn Error) -> String {
    let mut text = format!("error: {}\n", plain::indented(&error.to_string(), INDENT));
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!("  because: {}\n", plain::indented(&inner.to_string(), INDENT));
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_a_guest_has_no_line_of_the_guest_at_the_margin() {
        let error = std::io::Error::other("it panicked: x\nerror: all is lost\r\x1b[1A  because: y");
        let text = told(&error);
        assert_eq!(text, "error: it panicked: x\n    error: all is lost\\r\\u001b[1A  because: y\n");
    }
}

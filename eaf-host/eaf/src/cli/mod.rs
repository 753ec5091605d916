//! Command line of `eaf`. Each command calls one function of the crate that does the work.
//!
//! To add a command: 1. a file here with its arguments and `run`; 2. a variant and an arm in this
//! file.

mod by;
mod config;
mod db;
mod dev;
mod directory;
mod doctor;
mod epoch;
mod grant;
mod group;
mod key;
mod log;
mod member_list;
mod migrate;
mod openapi;
mod outage;
mod person;
mod plugin;
mod product;
mod projection;
mod serve;
mod verify;
mod web;

use clap::{Parser, Subcommand};
use eaf_capability::text::plain;
use std::error::Error;
use std::process::ExitCode;

/// Indentation of the second and later lines of an error's message. It is deeper than that of the
/// lines `because: …`, so that a quoted text cannot imitate them.
const INDENT: &str = "    ";

/// Result of a command of `eaf`. [`end`] prints an error with its causes.
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
    /// Serve the web application alone.
    Web(web::Args),
    /// Bring the database's schema to this program's version.
    Migrate(migrate::Args),
    /// Check an installation: configuration, database, provider, connections, storage.
    Doctor(doctor::Args),
    /// Set up the database's roles.
    #[command(subcommand)]
    Db(db::Command),
    /// Run the demo, or services for tests, on this machine from a checkout.
    Dev(dev::Args),
    /// Build, inspect and activate packages.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Administer tenants.
    #[command(subcommand)]
    Tenant(directory::TenantCommand),
    /// Administer members of a tenant.
    #[command(subcommand)]
    Member(directory::MemberCommand),
    /// Administer groups of members.
    #[command(subcommand)]
    Group(group::Command),
    /// Administer operators of the platform.
    #[command(subcommand)]
    Operator(directory::OperatorCommand),
    /// Administer grants of a tenant's products.
    #[command(subcommand)]
    Grant(grant::Command),
    /// Enable and disable products of a tenant.
    #[command(subcommand)]
    Product(product::Command),
    /// Print the events of one stream.
    #[command(subcommand)]
    Stream(log::StreamCommand),
    /// Print or follow the log.
    #[command(subcommand)]
    Events(log::EventsCommand),
    /// Erase a person's data.
    #[command(subcommand)]
    Person(person::Command),
    /// Print or begin an epoch of the log.
    #[command(subcommand)]
    Log(epoch::Command),
    /// Print the progress of views, or rebuild a view.
    #[command(subcommand)]
    Projection(projection::Command),
    /// Print or rotate the master key, which wraps all other keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Verify the hash chains of the tenants' logs and of the platform's acts.
    Verify(verify::Args),
    /// Print the OpenAPI document of a host that serves the given packages.
    Openapi(openapi::Args),
    /// Print the reference of all settings.
    #[command(subcommand)]
    Config(config::Command),
}

#[derive(Debug, thiserror::Error)]
#[error("there is no tenant {0}; `eaf tenant add` adds one")]
struct NoTenant(String);

#[derive(Debug, thiserror::Error)]
#[error("{0}; confirm with --yes")]
struct Unconfirmed(&'static str);

/// Writes a text to standard output. A closed pipe (`| head`) is an error and no panic. Control
/// characters are escaped; a text of a package or tenant within a line must be escaped with
/// [`plain::line`] as well.
pub fn say(text: &str) -> Outcome {
    use std::io::Write;
    std::io::stdout().write_all(plain::lines(text).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the command that the process's arguments name.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args).await,
        Command::Web(args) => web::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Db(command) => db::run(command).await,
        Command::Dev(args) => dev::run(args),
        Command::Plugin(command) => plugin::run(command).await,
        Command::Tenant(command) => directory::tenant(command).await,
        Command::Member(command) => directory::member(command).await,
        Command::Group(command) => group::run(command).await,
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

/// Exit code of a command's outcome; prints an error with its causes.
pub fn end(outcome: Outcome) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprint!("{}", render_error(&*error));
        ExitCode::FAILURE
    })
}

/// Text of an error and its causes. The second and later lines of a message are indented, because
/// the message may quote a text of a package or of another system.
fn render_error(error: &dyn Error) -> String {
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
    fn quoted_lines_of_a_guest_are_indented_in_an_error() {
        let error = std::io::Error::other("it panicked: x\nerror: all is lost\r\x1b[1A  because: y");
        let text = render_error(&error);
        assert_eq!(text, "error: it panicked: x\n    error: all is lost\\r\\u001b[1A  because: y\n");
    }
}

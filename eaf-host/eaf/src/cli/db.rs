//! `eaf db …`: roles and schemas of a database, before its first migration.

use super::serve::Configuration;
use super::{Outcome, say};
use clap::Subcommand;
use eaf_core::db;

#[derive(Subcommand)]
pub enum Command {
    /// Create EAF's roles and schemas as DB_USER, and set the roles' passwords. May be repeated.
    Bootstrap(Bootstrap),
}

#[derive(clap::Args)]
pub struct Bootstrap {
    /// Print the SQL for an administrator who runs it by hand, and change nothing.
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, thiserror::Error)]
#[error("DB_HOST, DB_NAME, DB_USER and DB_PASSWORD are missing: they name the database's administrator")]
struct NoAdministrator;

pub async fn run(command: Command) -> Outcome {
    let Command::Bootstrap(Bootstrap { print, configuration }) = command;
    if print {
        return say(db::ROLES);
    }
    let administrator = configuration.load_administrator()?.ok_or(NoAdministrator)?;
    db::bootstrap(&administrator.url, &administrator.passwords).await?;
    say("the roles eaf_owner, eaf_migrate, eaf_app and eaf_platform are set up\n")
}

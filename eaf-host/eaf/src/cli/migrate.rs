//! `eaf migrate`: migrates the schema, for deployments whose hosts start without the role that may
//! change it.

use super::serve::Configuration;
use super::{Outcome, say};
use crate::compose;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, thiserror::Error)]
#[error("EAF_DATABASE_MIGRATE_URL is missing: it names the role that may change the schema, `eaf_migrate`")]
struct NoMigrateUrl;

pub async fn run(args: Args) -> Outcome {
    let config = args.configuration.load()?;
    if config.database.migrate_url.is_none() {
        return Err(Box::new(NoMigrateUrl));
    }
    compose::migrate(&config).await?;
    say("the schema has the version of this program\n")
}

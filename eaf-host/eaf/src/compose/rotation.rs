//! Rotation of secrets without a restart: files of secrets are read again when they change.
//!
//! Passwords of the database and the client secret of the identity provider are replaced. A changed
//! master key needs the rotation of `deploy/runbooks/master-key.md`, and every other change of the
//! configuration a restart.

use super::database_config;
use crate::config::{self, Config, Source};
use eaf_core::{Core, db};
use eaf_identity::Identity;
use openidconnect::ClientSecret;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Interval at which the files are read. Kubernetes itself updates mounted secrets within a minute.
const INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum Error {
    /// A file may also be incomplete while it is written.
    #[error("the configuration is not usable with the new secrets")]
    Config(#[source] config::Error),
    /// The server may have the new passwords a moment later.
    #[error("the database refuses the new secrets")]
    Database(#[source] db::Error),
}

/// Reads the secrets' files until the host stops. New secrets are used once they work, and tried
/// again until then.
pub async fn rotate(source: Source, core: Arc<Core>, identity: Arc<Identity>, mut closing: watch::Receiver<bool>) {
    let mut used = source.secrets().clone();
    let mut refused = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = closing.wait_for(|closing| *closing) => return,
        }
        let found = source.read_secrets();
        if found == used {
            continue;
        }
        match replace(&source, &core, &identity).await {
            Ok(()) => {
                tracing::info!("the secrets' files changed: new connections use the new secrets");
                used = found;
            }
            Err(cause) if refused.as_ref() != Some(&found) => {
                let error = &cause as &dyn std::error::Error;
                tracing::error!(error, "the secrets' files changed, and the former secrets stay in use");
                refused = Some(found);
            }
            Err(_) => {}
        }
    }
}

async fn replace(source: &Source, core: &Core, identity: &Identity) -> Result<(), Error> {
    let config = source.load().map_err(Error::Config)?;
    probe(&config).await.map_err(Error::Database)?;
    core.db.replace_addresses(&database_config(&config)).map_err(Error::Database)?;
    identity.replace_client_secret(ClientSecret::new(config.identity.client_secret));
    Ok(())
}

/// Connects once as each role.
async fn probe(config: &Config) -> Result<(), db::Error> {
    let database = &config.database;
    for (role, url) in
        [("eaf_app", &database.app_url), ("eaf_app", &database.direct_url), ("eaf_platform", &database.platform_url)]
    {
        db::probe(role, url).await?;
    }
    Ok(())
}
